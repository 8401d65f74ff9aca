"""What the demo's screen shows: the ledger's counts, looked at from outside the processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.cli.places import Places
from services.shared.contract.topics import CONSUMED_TOPICS
from services.shared.ledger.engine import opened, statement
from services.shared.log.opening import opened as opened_log
from services.syncer import metrics
from services.syncer.__main__ import GROUP

if TYPE_CHECKING:
    from sqlalchemy import Row

_COUNTS = statement(
    """SELECT shop, kind, status, reason, count(*) AS n FROM sources
    WHERE kind IN ('customers', 'products', 'orders', 'checkouts')
    GROUP BY shop, kind, status, reason ORDER BY shop, kind"""
)
_WAITING = statement("SELECT count(*) AS n FROM sources WHERE status = 'waiting'")
_OPEN_LINKS = statement("SELECT count(*) AS n FROM links WHERE state <> 'done'")
_WINDOWS = statement(
    """SELECT count(*) AS n FROM (SELECT DISTINCT shop, kind FROM windows
    WHERE state = 'complete') AS scanned"""
)
STATUSES = ("in_sync", "waiting", "failing", "excluded", "deleted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """How far the sync is. ``lags`` are events not yet settled, by topic."""

    counts: dict[tuple[str, str], dict[str, int]]
    lags: Mapping[str, int]
    waiting: int
    open_links: int
    windows: int
    settled: int

    @property
    def behind(self) -> int:
        """Events not yet settled."""
        return sum(self.lags.values())

    @property
    def is_calm(self) -> bool:
        """Whether nothing is left to do now."""
        return bool(self.counts) and not (self.behind or self.waiting or self.open_links)


async def snapshot(settings: Places) -> Snapshot:
    """The sync as it stands."""
    async with opened(settings.ledger) as ledger, ledger.transaction() as tx:
        if not await tx.run(_EXISTS):
            return Snapshot(counts={}, lags={}, waiting=0, open_links=0, windows=0, settled=0)
        counts = _counted(await tx.run(_COUNTS))
        waiting = (await tx.run(_WAITING))[0].n
        open_links = (await tx.run(_OPEN_LINKS))[0].n
        windows = (await tx.run(_WINDOWS))[0].n
    async with opened_log(settings.log) as log:
        lag = await log.lag(GROUP)
    lags: Counter[str] = Counter()
    for partition, each in lag.items():
        if partition.topic in CONSUMED_TOPICS:
            lags[partition.topic] += each.events
    return Snapshot(
        counts=counts,
        lags=lags,
        waiting=waiting,
        open_links=open_links,
        windows=windows,
        settled=_settled(),
    )


def _settled() -> int:
    """Events and due records settled by this process so far."""
    samples = [each for metric in metrics.OUTCOMES.collect() for each in metric.samples]
    return int(sum(each.value for each in samples if each.name.endswith("_total")))


_EXISTS = statement("SELECT t.name FROM {tables} AS t WHERE t.name = 'windows'")


def _counted(rows: Sequence[Row[Any]]) -> dict[tuple[str, str], dict[str, int]]:
    counts: dict[tuple[str, str], dict[str, int]] = {}
    for row in rows:
        of = counts.setdefault((row.shop, row.kind), {})
        of[row.status] = of.get(row.status, 0) + row.n
    return counts
