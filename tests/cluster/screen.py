"""What the cluster's screen shows: who lives, who was killed how often, and how far the sync is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from rich.console import Group
from rich.table import Table
from rich.text import Text

from services.cli.watching import STATUSES, Snapshot
from tests.cluster.stage import Stage


def screen(stage: Stage, seen: Snapshot | None, kills: Mapping[str, int], title: str) -> Group:
    """Everything, top to bottom; ``seen`` is None while log or ledger are away."""
    addresses = {
        "Storefront (place an order)": f"{stage.shopify_url}/_sandbox/",
        "HubSpot (see it arrive)": f"{stage.hubspot_url}/_sandbox/",
    }
    return Group(
        Text(title, style="bold"),
        _processes(stage, kills),
        _records(seen) if seen else Text("log or ledger do not answer", style="yellow"),
        *(Text(f"{name:<28}{url}") for name, url in addresses.items()),
        Text("Ctrl-C ends it.", style="dim"),
    )


def _processes(stage: Stage, kills: Mapping[str, int]) -> Table:
    table = Table("process", "pid", "lives", "killed", "metrics")
    for name, member in stage.fleet.members.items():
        own = (str(member.pid or "—"), str(member.lives), str(kills.get(name, 0)))
        table.add_row(name, *own, stage.metrics[name])
    for name in ("kafka", "postgresql"):
        table.add_row(name, "", "", str(kills.get(name, 0)), "")
    return table


def _records(seen: Snapshot) -> Text:
    total = Counter[str]()
    for row in seen.counts.values():
        total.update(row)
    said = ", ".join(f"{total[each]} {each.replace('_', ' ')}" for each in STATUSES)
    return Text(f"{said}; {seen.behind} events behind, {seen.open_links} links to be made")
