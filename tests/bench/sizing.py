"""What an installation needs, reckoned from what was measured.

``python -m tests.bench.sizing BENCH_JSON [--write docs/sizing.md]`` prints the tables of
``docs/sizing.md``, or puts them between their markers there. Nothing in them is typed by hand:
HubSpot's limits and what is assumed are in ``needs``, everything else comes from the file.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.bench.needs import DEMANDS, PLANS, Demand, Measured, Needs, Plan, measured_in, needs_of

Row = Sequence[str]
_BLOCK = re.compile(r"(<!-- begin: (?P<name>[a-z-]+) -->\n).*?(<!-- end: (?P=name) -->)", re.DOTALL)


def tables(report: Mapping[str, Any]) -> dict[str, str]:
    """Every table by its name, as Markdown."""
    found = measured_in(report)
    return {name: made(found) for name, made in _TABLES.items()}


def written(page: str, made: Mapping[str, str]) -> str:
    """``page`` with these tables between its markers.

    Raises:
        KeyError: the page asks for a table that is not made.
    """
    return _BLOCK.sub(lambda at: f"{at[1]}{made[at['name']]}\n{at[3]}", page)


def _basis(found: Measured) -> str:
    """What everything else is reckoned from."""
    rows = [
        ("CPU of a delivery, ingest on Kafka", f"{found.ingest_cpu_us:,.0f} µs"),
        ("deliveries one ingest takes, on this machine", f"{found.ingest_rate:,.0f}/s"),
        ("CPU of a record, syncer on Kafka and PostgreSQL", f"{found.syncer_cpu_us:,.0f} µs"),
        ("of the same record, PostgreSQL", f"{found.postgresql_cpu_us:,.0f} µs"),
        ("of the same record, Kafka", f"{found.kafka_cpu_us:,.0f} µs"),
        ("resident memory of an ingest in a burst", f"{found.ingest_mib:,.0f} MiB"),
        ("resident memory of a syncer with a backlog", f"{found.syncer_mib:,.0f} MiB"),
        ("records of an order", f"{found.records_per_order:.2f}"),
        ("body of an order", _bytes(found.body_bytes)),
        ("the same on the log, compressed", _bytes(found.log_bytes)),
        ("ledger rows of an order", f"{found.rows_per_order:.1f}"),
        ("ledger bytes of an order, with indexes", _bytes(found.ledger_bytes)),
        ("statements of a record", f"{found.statements_per_record:.2f}"),
        ("transactions of a record", f"{found.transactions_per_record:.2f}"),
        ("connections of a syncer", f"{found.connections}"),
    ]
    host = f"{found.cores} cores, {found.processor}, load {found.load:g} before"
    return _table(("measured", host), rows)


def _plans(found: Measured) -> str:
    """What each plan of HubSpot's lets through, and what that takes."""
    head = (
        *("plan", "calls in 10 s, a day", "records/s at most", "records/s all day"),
        *("orders a day", "backlog of 10 minutes", "syncers", "cores", "memory, MiB"),
    )
    return _table(head, [_plan(found, each) for each in PLANS])


def _plan(found: Measured, plan: Plan) -> Row:
    return (
        plan.name,
        f"{plan.calls_per_window}; {plan.calls_per_day:,}",
        f"{plan.records_per_second:,.0f}",
        f"{plan.records_per_second_all_day:,.0f}",
        f"{plan.records_per_day / found.records_per_order:,.0f}",
        f"{plan.records_per_second * 600:,.0f} records",
        f"{found.syncers_for(plan.records_per_second)}",
        f"{found.syncer_cores_for(plan.records_per_second):.1f}",
        f"{found.syncers_for(plan.records_per_second) * found.syncer_mib:,.0f}",
    )


def _demands(found: Measured) -> str:
    """The arithmetic from a store to a thousand, and to ten thousand events a second."""
    all_needs = [(each, needs_of(each, found)) for each in DEMANDS]
    return _table(
        ("", *(each.name for each in DEMANDS)),
        [(what, *(say(demand, needs) for demand, needs in all_needs)) for what, say in _LINES],
    )


_LINES: Sequence[tuple[str, Callable[[Demand, Needs], str]]] = (
    ("stores", lambda d, _: f"{d.stores:,}"),
    ("orders a second, in the busiest hour", lambda d, _: f"{d.events_per_second:,}"),
    ("records a second", lambda _, n: f"{n.records_per_second:,.0f}"),
    ("HubSpot accounts, Enterprise", lambda _, n: f"{n.accounts:,}"),
    ("ingests", lambda _, n: f"{n.ingests:,}"),
    ("syncers in all", lambda _, n: f"{n.syncers:,}"),
    ("syncers of one account", lambda _, n: f"{n.syncers_per_account:,}"),
    ("partitions of a topic", lambda _, n: f"{n.partitions:,}"),
    ("topics, in all", lambda _, n: f"{n.topics:,}"),
    ("partitions, in all, three replicas", lambda _, n: f"{n.replicated_partitions:,}"),
    ("cores: ingest, syncers", lambda _, n: f"{n.ingest_cores:.1f}, {n.syncer_cores:.1f}"),
    ("cores: PostgreSQL, Kafka", lambda _, n: f"{n.postgresql_cores:.1f}, {n.kafka_cores:.1f}"),
    ("memory of ingests and syncers", lambda _, n: _bytes(n.memory_bytes)),
    ("onto the log, uncompressed", lambda _, n: f"{_bytes(n.body_bytes_per_second)}/s"),
    ("log, 7 days, three copies", lambda _, n: _bytes(n.log_bytes)),
    ("ledger rows a year", lambda _, n: f"{n.rows_per_year:,.0f}"),
    ("ledger a year", lambda _, n: _bytes(n.ledger_bytes_per_year)),
    ("statements a second", lambda _, n: f"{n.statements_per_second:,.0f}"),
    ("transactions a second", lambda _, n: f"{n.transactions_per_second:,.0f}"),
    ("connections to PostgreSQL", lambda _, n: f"{n.connections:,}"),
    ("scans a day", lambda _, n: f"{n.scans_per_day:,}"),
    ("binds first", lambda _, n: n.binds_first),
)
_TABLES: Mapping[str, Callable[[Measured], str]] = {
    "basis": _basis,
    "plans": _plans,
    "demands": _demands,
}


def _table(head: Row, rows: Sequence[Row]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _bytes(count: float) -> str:
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if count < 1000 or unit == "TB":
            break
        count /= 1000
    return f"{count:,.0f} {unit}" if count >= 10 or unit == "B" else f"{count:.1f} {unit}"


def main(argv: Sequence[str]) -> None:
    """Print the tables, or write them into a page."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.sizing", description=__doc__)
    parser.add_argument("report", type=Path)
    parser.add_argument("--write", type=Path, metavar="PAGE")
    asked = parser.parse_args(argv)
    made = tables(json.loads(asked.report.read_text("utf-8")))
    if asked.write:
        asked.write.write_text(written(asked.write.read_text("utf-8"), made), "utf-8")
    else:
        sys.stdout.write("\n\n".join(made.values()) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
