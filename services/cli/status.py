"""``shopsync status``: how the sync stands, by store and kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.cli.answering import AsJson, Exit, finished, give, say, show
from services.cli.looking import ledger_at, places
from services.shared.ledger import reporting
from services.shared.ledger.causes import Cause, open_causes
from services.shared.ledger.reporting import Backlog, Count
from services.shared.ledger.sources import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """How everything stands at one moment."""

    counts: Sequence[Count]
    causes: Sequence[Cause]
    backlog: Backlog

    @property
    def has_problems(self) -> bool:
        """Whether something needs a person: failing records, or a cause many wait for."""
        return bool(self.causes) or any(each.status is Status.FAILING for each in self.counts)


def status(*, as_json: AsJson = False) -> None:
    """Show how many records are in sync, waiting, failing, excluded, deleted, and why."""
    picture = finished(_picture())
    if as_json:
        give(picture)
    else:
        _show(picture)
    if picture.has_problems:
        raise SystemExit(Exit.PROBLEM)


async def _picture() -> Picture:
    async with ledger_at(places()) as ledger, ledger.transaction() as tx:
        return Picture(
            counts=await reporting.counts(tx),
            causes=await open_causes(tx),
            backlog=await reporting.backlog(tx),
        )


def _show(picture: Picture) -> None:
    rows = [
        (each.shop, each.kind, each.status.value, each.reason, each.records)
        for each in picture.counts
    ]
    show("Records", ("store", "kind", "status", "reason", "records"), rows)
    if picture.causes:
        causes = [
            (each.shop, each.object_type or "all", each.reason, each.detail, each.since.isoformat())
            for each in picture.causes
        ]
        show("What many wait for", ("store", "kind", "reason", "detail", "since"), causes)
    left = picture.backlog
    say(f"{left.open_links} links to be made, {left.pending_requests} compliance requests pending.")
