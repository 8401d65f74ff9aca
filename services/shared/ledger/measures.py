"""What the ledger says of the sync as a whole, by queries that stay cheap on a large ledger.

Counts come from the index on status alone; who has waited longest, from the waiting rows alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.shared.ledger.engine import Transaction, statement
from services.shared.ledger.moments import read
from services.shared.ledger.sources import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many records of one kind of a store stand in one place."""

    shop: str
    kind: str
    status: Status
    records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """The last complete scan of one object type of a store; ``started_at`` is Shopify's time.

    ``age_seconds`` is the freshness age: now less its start.
    """

    shop: str
    kind: str
    mode: str
    started_at: datetime
    age_seconds: float
    listed: int
    appended: int


_TALLIES = statement(
    """SELECT shop, kind, status, count(*) AS records FROM sources
    GROUP BY shop, kind, status ORDER BY shop, kind, status"""
)
_OLDEST = statement(
    """SELECT b.shop, b.kind, {now} - min(s.waiting_since) AS waited
    FROM {rows} AS b JOIN sources AS s
      ON s.shop = b.shop AND s.kind = b.kind AND s.status = 'waiting'
    WHERE s.waiting_since IS NOT NULL GROUP BY b.shop, b.kind""",
    shop="text",
    kind="text",
)
_SCANS = statement(
    """SELECT w.shop, w.kind, w.mode, w.started_at, w.read, w.appended,
      {now} - w.started_at AS age
    FROM windows AS w JOIN (SELECT shop, kind, max(started_at) AS started_at FROM windows
      WHERE state = 'complete' GROUP BY shop, kind) AS last
    ON w.shop = last.shop AND w.kind = last.kind AND w.started_at = last.started_at
    WHERE w.state = 'complete' ORDER BY w.shop, w.kind"""
)


async def tallies(tx: Transaction) -> list[Tally]:
    """How many records stand where, by store, kind and status."""
    return [
        Tally(shop=row.shop, kind=row.kind, status=Status(row.status), records=row.records)
        for row in await tx.run(_TALLIES)
    ]


async def longest_waits(
    tx: Transaction, among: Sequence[tuple[str, str]]
) -> Mapping[tuple[str, str], float]:
    """For how many seconds the longest waiting record has waited, by store and kind."""
    found = await tx.run_batch(_OLDEST, [list(each) for each in among])
    return {(row.shop, row.kind): max(row.waited, 0) / 1000 for row in found}


async def last_scans(tx: Transaction) -> list[Scan]:
    """The last complete scan of every object type of every store."""
    return [
        Scan(
            shop=row.shop,
            kind=row.kind,
            mode=row.mode,
            started_at=read(row.started_at),
            age_seconds=max(row.age, 0) / 1000,
            listed=row.read,
            appended=row.appended,
        )
        for row in await tx.run(_SCANS)
    ]
