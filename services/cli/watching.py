"""What the demo's screen shows: the ledger's counts, looked at from outside the processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Group
from rich.table import Table
from sqlalchemy import Row

from services.shared.contract.topics import CONSUMED_TOPICS
from services.shared.ledger.engine import opened, statement
from services.shared.log.opening import opened as opened_log
from services.shared.runtime.settings import Settings
from services.syncer import metrics
from services.syncer.__main__ import GROUP

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
_STATUSES = ("in_sync", "waiting", "failing", "excluded", "deleted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """How far the sync is. ``behind`` are events not yet settled."""

    counts: dict[tuple[str, str], dict[str, int]]
    behind: int
    waiting: int
    open_links: int
    windows: int
    settled: int

    @property
    def is_calm(self) -> bool:
        """Whether nothing is left to do now."""
        return bool(self.counts) and not (self.behind or self.waiting or self.open_links)


async def snapshot(settings: Settings) -> Snapshot:
    """The sync as it stands."""
    async with opened(settings.ledger) as ledger, ledger.transaction() as tx:
        if not await tx.run(_EXISTS):
            return Snapshot(counts={}, behind=0, waiting=0, open_links=0, windows=0, settled=0)
        counts = _counted(await tx.run(_COUNTS))
        waiting = (await tx.run(_WAITING))[0].n
        open_links = (await tx.run(_OPEN_LINKS))[0].n
        windows = (await tx.run(_WINDOWS))[0].n
    async with opened_log(settings.log) as log:
        lag = await log.lag(GROUP)
    behind = sum(each.events for part, each in lag.items() if part.topic in CONSUMED_TOPICS)
    return Snapshot(
        counts=counts,
        behind=behind,
        waiting=waiting,
        open_links=open_links,
        windows=windows,
        settled=_settled(),
    )


def screen(seen: Snapshot, title: str, addresses: str) -> Group:
    """The table and the addresses below it."""
    table = Table(title=title, title_justify="left")
    for name in ("store", "object", *_STATUSES):
        table.add_column(name, justify="left" if name in ("store", "object") else "right")
    for (shop, kind), row in sorted(seen.counts.items()):
        table.add_row(
            shop.removesuffix(".myshopify.com"), kind, *(str(row.get(s, 0)) for s in _STATUSES)
        )
    behind = f"events behind: {seen.behind}   waiting: {seen.waiting}   open links: "
    return Group(table, f"{behind}{seen.open_links}   {_latency()}", addresses)


def _settled() -> int:
    """Events and due records settled by this process so far."""
    samples = [each for metric in metrics.OUTCOMES.collect() for each in metric.samples]
    return int(sum(each.value for each in samples if each.name.endswith("_total")))


def _latency() -> str:
    """p50 and p99 from an event's durable append to its settlement, live topics only."""
    buckets: dict[float, float] = {}
    for metric in metrics.LATENCY.collect():
        for sample in metric.samples:
            is_live = not sample.labels.get("topic", "").endswith(".backfill")
            if sample.name.endswith("_bucket") and is_live:
                bound = float(sample.labels["le"])
                buckets[bound] = buckets.get(bound, 0.0) + sample.value
    total = buckets.get(float("inf"), 0.0)
    if not total:
        return ""
    p50, p99 = (
        next(bound for bound, count in sorted(buckets.items()) if count >= total * share)
        for share in (0.5, 0.99)
    )
    return f"latency p50 ≤ {p50:g} s, p99 ≤ {p99:g} s"


_EXISTS = statement("SELECT t.name FROM {tables} AS t WHERE t.name = 'windows'")


def _counted(rows: Sequence[Row[Any]]) -> dict[tuple[str, str], dict[str, int]]:
    counts: dict[tuple[str, str], dict[str, int]] = {}
    for row in rows:
        of = counts.setdefault((row.shop, row.kind), {})
        of[row.status] = of.get(row.status, 0) + row.n
    return counts
