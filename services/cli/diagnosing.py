"""What of whole stores is not done: first syncs not begun or ended, scans that stopped. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from services.cli.findings import Finding, note, ours
from services.shared.contract.topics import ObjectType
from services.shared.ledger.measures import Scan

_INTERVALS, _GRACE_SECONDS = 3, 60.0
_START = "Start it: make run, or shopsync all (or the reconciler, where processes run apart)."
_GOES_ON = "It goes on by itself."


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What log and ledger know of the stores we work for.

    ``stores`` are those of the ledger that are switched on, and of the settings; ``unconfirmed``
    those of them whose first sync nobody agreed to; ``begun`` those of which a scan ever began;
    ``scanning`` those that a reconciler is at now.
    """

    stores: Sequence[str]
    unconfirmed: frozenset[str] = field(default_factory=frozenset)
    begun: frozenset[str] = field(default_factory=frozenset)
    scanning: frozenset[str] = field(default_factory=frozenset)
    scans: Sequence[Scan] = ()
    scan_every_seconds: float


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
    is_scanned = shop in known.scanning
    say, to_do = (note, _GOES_ON) if is_scanned else (ours, f"No reconciler is at it. {_START}")
    for kind in ObjectType:
        if kind not in scans:
            yield say(f"{shop} {kind}", "first sync not complete", to_do)
    if scans and not is_scanned:
        yield from _stale(known, shop, min(scans.values(), key=lambda each: each.started_at))


def _stale(known: Known, shop: str, oldest: Scan) -> Iterator[Finding]:
    """A store that no scan was completed of for longer than some scans take together."""
    if oldest.age_seconds > known.scan_every_seconds * _INTERVALS + _GRACE_SECONDS:
        at = f"{oldest.started_at:%Y-%m-%d %H:%M} UTC"
        yield ours(
            shop,
            f"no complete scan of {oldest.kind} since {at}: is a reconciler running?",
            f"{_START} If it runs, its log and shopsync check say what stands in the way.",
        )
