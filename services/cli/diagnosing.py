"""What of whole stores is not done: first syncs not begun or ended, scans that stopped. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from services.cli.barred import barred
from services.cli.findings import Finding, note, ours
from services.shared.contract.topics import ObjectType
from services.shared.ledger.measures import Scan
from services.shared.ledger.troubles import Trouble

_INTERVALS, _GRACE_SECONDS = 3, 60.0
_START = "Start it: make run, or shopsync all (or the reconciler, where processes run apart)."
_GOES_ON = "It goes on by itself."
_AFTERWARDS = "A reconciler that runs goes on by itself once what stands in the way is gone."


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What log and ledger know of the stores we work for.

    ``stores`` are those of the ledger that are switched on, and of the settings; ``unconfirmed``
    those of them whose first sync nobody agreed to; ``begun`` those of which a scan ever began;
    ``scanning`` those that a reconciler is at now; ``troubles`` what its last rounds met.
    """

    stores: Sequence[str]
    unconfirmed: frozenset[str] = field(default_factory=frozenset)
    begun: frozenset[str] = field(default_factory=frozenset)
    scanning: frozenset[str] = field(default_factory=frozenset)
    scans: Sequence[Scan] = ()
    troubles: Sequence[Trouble] = ()
    scan_every_seconds: float

    @property
    def patience_seconds(self) -> float:
        """How long a store may go without a complete scan before a person should look."""
        return self.scan_every_seconds * _INTERVALS + _GRACE_SECONDS


def diagnosed(known: Known) -> list[Finding]:
    """What there is to say of each store, in order of their names."""
    return [finding for shop in sorted(known.stores) for finding in _of_store(known, shop)]


def _of_store(known: Known, shop: str) -> Iterator[Finding]:
    if shop in known.unconfirmed - known.begun:
        yield ours(
            shop,
            "its first sync awaits consent, and nothing of it was written to HubSpot",
            "Start with make run, or shopsync all: it says what it would do, and asks.",
        )
        return
    scans = {each.kind: each for each in known.scans if each.shop == shop}
    met = [each for each in known.troubles if each.shop == shop]
    yield from barred(met, known.patience_seconds)
    is_scanned = shop in known.scanning
    say, to_do = (note, _GOES_ON) if is_scanned else (ours, f"No reconciler is at it. {_START}")
    for kind in ObjectType:
        if kind not in scans:
            yield say(f"{shop} {kind}", "first sync not complete", _AFTERWARDS if met else to_do)
    if scans and not is_scanned:
        oldest = min(scans.values(), key=lambda each: each.started_at)
        yield from _stale(known, oldest, is_explained=bool(met))


def _stale(known: Known, oldest: Scan, *, is_explained: bool) -> Iterator[Finding]:
    """A store that no scan was completed of for longer than some scans take together."""
    if oldest.age_seconds <= known.patience_seconds:
        return
    said = f"no complete scan of {oldest.kind} since {oldest.started_at:%Y-%m-%d %H:%M} UTC"
    if is_explained:
        yield ours(oldest.shop, said, _AFTERWARDS)
    else:
        to_do = f"{_START} If it runs, its log and shopsync check say what stands in the way."
        yield ours(oldest.shop, f"{said}: is a reconciler running?", to_do)
