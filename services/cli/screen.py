"""The demo's screen: where records stand, how late changes are, how much quota is used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from prometheus_client.metrics_core import Metric
from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from services.cli.watching import STATUSES, Snapshot
from services.shared.contract.topics import ObjectType, backfill_topic, live_topic
from services.syncer import metrics

_BAR_WIDTH = 40
_SHARES = (0.5, 0.99)
Buckets = Mapping[float, float]


def screen(seen: Snapshot, title: str, addresses: Mapping[str, str]) -> Group:
    """Everything, top to bottom; ``addresses`` by what is there."""
    return Group(
        Text(title, style="bold"),
        _records(seen),
        _objects(seen),
        _summary(seen),
        *(_address(name, url) for name, url in addresses.items()),
        Text("Ctrl-C ends the demo.", style="dim"),
    )


def progress(seen: Snapshot, scans: int) -> RenderableType:
    """How far the initial sync is: scans that have ended, and records settled of those seen."""
    done, total = _settled_of(seen)
    grid = Table.grid(padding=(0, 1))
    bar = ProgressBar(total=total, completed=done, width=_BAR_WIDTH)
    grid.add_row("Initial sync", bar, _how_far(seen, scans))
    return grid


def line(seen: Snapshot, scans: int) -> str:
    """The same in a line of text, or what is left to do if there are no ``scans`` to wait for."""
    if scans:
        return _how_far(seen, scans)
    return f"{seen.behind} behind, {_left(seen)}"


def _how_far(seen: Snapshot, scans: int) -> str:
    done, total = _settled_of(seen)
    return f"{done} of {total} records, {seen.windows} of {scans} scans"


def _settled_of(seen: Snapshot) -> tuple[int, int]:
    done = sum(row.get("in_sync", 0) + row.get("excluded", 0) for row in seen.counts.values())
    return done, max(done + seen.behind + seen.waiting, 1)


def _records(seen: Snapshot) -> Table:
    names = [name.replace("_", " ") for name in STATUSES]
    table = Table("store", "object")
    for name in names:
        table.add_column(name, justify="right")
    former = ""
    for (shop, kind), row in sorted(seen.counts.items()):
        name = "" if shop == former else shop.removesuffix(".myshopify.com")
        if name and former:
            table.add_section()
        former = shop
        table.add_row(name, kind, *(_number(status, row.get(status, 0)) for status in STATUSES))
    return table


def _number(status: str, count: int) -> Text:
    style = {"failing": "bold red", "waiting": "yellow"}.get(status, "") if count else "dim"
    return Text(str(count), style=style)


def _objects(seen: Snapshot) -> Table:
    table = Table("live changes")
    for name in ("behind", "settled", "p50", "p99"):
        table.add_column(name, justify="right")
    for kind in ObjectType:
        behind = seen.lags.get(live_topic(kind), 0) + seen.lags.get(backfill_topic(kind), 0)
        buckets = buckets_of(metrics.LATENCY.collect(), live_topic(kind))
        count = round(max(buckets.values(), default=0))
        latencies = [_seconds(quantile(buckets, share)) for share in _SHARES]
        table.add_row(kind, str(behind), str(count), *latencies)
    return table


def _summary(seen: Snapshot) -> Text:
    quota = metrics.REGISTRY.get_sample_value("shopsync_syncer_quota_share_ratio") or 0.0
    return Text(f"{_left(seen)}, {quota:.0%} of HubSpot's quota in use")


def _left(seen: Snapshot) -> str:
    return f"{seen.settled} settled, {seen.waiting} waiting, {seen.open_links} links to be made"


def _address(name: str, url: str) -> Text:
    return Text.assemble(f"{name:<28}", (url, f"underline link {url}"))


def buckets_of(collected: Iterable[Metric], topic: str) -> Buckets:
    """The cumulative buckets of a histogram for one topic, by upper bound."""
    return {
        float(sample.labels["le"]): sample.value
        for metric in collected
        for sample in metric.samples
        if sample.name.endswith("_bucket") and sample.labels.get("topic") == topic
    }


def quantile(buckets: Buckets, share: float) -> float | None:
    """About the value below which ``share`` of what was observed lies; None if nothing was.

    Within a bucket values are taken to be spread evenly, as Prometheus' histogram_quantile does.
    """
    bounds: Sequence[tuple[float, float]] = sorted(buckets.items())
    total = bounds[-1][1] if bounds else 0.0
    if not total:
        return None
    lower, below = 0.0, 0.0
    for bound, count in bounds:
        if count >= total * share:
            if bound == float("inf") or count == below:
                return lower
            return lower + (bound - lower) * (total * share - below) / (count - below)
        lower, below = bound, count
    return lower


def _seconds(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s"
