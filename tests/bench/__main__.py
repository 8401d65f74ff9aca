"""``python -m tests.bench [PART …]``: measure the product beside its floor.

Prints a table and writes every run to a file. Without a part: all of them, in about ten minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench import deciding, hubspot_simulator, ingest, latency, log, memory, syncer
from tests.bench.machine import machine

Figures = Mapping[str, Any]
Report = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much to measure. ``pairs`` are interleaved runs of product and floor."""

    pairs: int = 10
    ingest_seconds: int = 4
    log_events: int = log.EVENTS
    orders: int = syncer.ORDERS
    latency_seconds: int = latency.SECONDS
    memory_events: int = memory.EVENTS
    simulator_batches: int = hubspot_simulator.BATCHES


# One small pair of each part: whether it runs at all.
TINY = Size(
    pairs=1,
    ingest_seconds=1,
    log_events=64,
    orders=20,
    latency_seconds=1,
    memory_events=100,
    simulator_batches=5,
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table; ``aim`` as people read it, ``is_met`` unknown where there is none."""

    part: str
    figure: str
    product: str
    floor: str = ""
    quotient: str = ""
    aim: str = ""
    is_met: bool | None = None


async def of_ingest(size: Size) -> tuple[Report, list[Line]]:
    """Deliveries a second and their p99, beside a bare callable doing the same."""
    pairs = await ingest.compare(size.pairs, size.ingest_seconds)
    rate, p99 = _quotients(pairs, "requests_per_second"), _quotients(pairs, "p99_ms")
    report = {
        "generator": pairs[0]["product"]["generator"],
        "connections": ingest.CONNECTIONS,
        "body_bytes": ingest.BODY_BYTES,
        "pairs": pairs,
        "rate_of_floor": rate,
        "p99_of_floor": p99,
    }
    return report, [
        _beside("ingest", "requests/s", pairs, "requests_per_second", (rate, "≥ 0.9", rate >= 0.9)),
        _beside("ingest", "p99, ms", pairs, "p99_ms", (p99, "≤ 1.5", p99 <= 1.5)),
        _beside("ingest", "CPU µs a request", pairs, "cpu_us_per_request", None),
        Line("ingest", "refused in all runs", _failed(pairs, "product"), _failed(pairs, "floor")),
    ]


async def of_log(size: Size) -> tuple[Report, list[Line]]:
    """Appends a second to the embedded log, beside a bare table with the same group commit."""
    pairs = [asdict(pair) for pair in await log.compare(size.pairs, events=size.log_events)]
    rate = _quotients(pairs, "appends_per_second")
    report = {"tasks": log.TASKS, "body_bytes": len(log.BODY), "pairs": pairs, "of_floor": rate}
    return report, [
        _beside("log", "appends/s", pairs, "appends_per_second", (rate, "", None)),
        _beside("log", "CPU µs an append", pairs, "cpu_us_per_append", None),
        _beside("log", "p99, ms", pairs, "p99_ms", None),
    ]


async def of_syncer(size: Size) -> tuple[Report, list[Line]]:
    """Records a second and CPU a record of the whole path from the log to HubSpot."""
    pairs = await syncer.compare(size.pairs, size.orders)
    rate = _median(pairs, "product", "records_per_second")
    cpu = _median(pairs, "product", "cpu_us_per_record")
    of_floor = _quotients(pairs, "records_per_second")
    report = {"orders": size.orders, "pairs": pairs, "rate_of_floor": of_floor}
    quotients = (of_floor, "≥ 1,900", rate >= 1_900)
    return report, [
        _beside("syncer", "records/s", pairs, "records_per_second", quotients),
        _beside(
            "syncer",
            "CPU µs a record",
            pairs,
            "cpu_us_per_record",
            (_quotients(pairs, "cpu_us_per_record"), "≤ 150, 200 at most", cpu <= 200),
        ),
    ]


async def of_deciding(size: Size) -> tuple[Report, list[Line]]:
    """CPU a record of decode, map and decide alone."""
    runs = await deciding.compare(size.pairs, size.orders)
    cpu = statistics.median(run["cpu_us_per_record"] for run in runs)
    return {"orders": size.orders, "runs": runs}, [
        Line("deciding", "CPU µs a record, decode + map + decide", _said(cpu))
    ]


async def of_latency(size: Size) -> tuple[Report, list[Line]]:
    """From webhook to HubSpot's acknowledgement at 50 orders a second."""
    found = await latency.measure(size.latency_seconds)
    return found, [
        Line("latency", "webhook to HubSpot, p50, ms", _said(found["p50_ms"])),
        Line(
            *("latency", "webhook to HubSpot, p99, ms", _said(found["p99_ms"]), "", ""),
            *("< 1,000", found["p99_ms"] < 1_000),
        ),
    ]


async def of_memory(size: Size) -> tuple[Report, list[Line]]:
    """Resident memory of the whole product, idle and after many events."""
    found = await memory.measure(size.memory_events)
    idle, after = found["idle_mib"], found["after_mib"]
    events = f"{found['events']:,}"
    return found, [
        Line("memory", "resident, idle, MiB", _said(idle), "", "", "≤ 150", idle <= 150),
        Line(
            *("memory", f"resident, after {events} events, MiB", _said(after), "", ""),
            *("≤ 150", after <= 150),
        ),
    ]


async def of_simulator(size: Size) -> tuple[Report, list[Line]]:
    """Records a second the HubSpot simulator takes, so that it is not what is measured."""
    rates = [await hubspot_simulator.rate(size.simulator_batches) for _ in range(size.pairs)]
    rate = statistics.median(rates)
    line = Line("simulator", "records/s", _said(rate), "", "", "≥ 5,000", rate >= 5_000)
    return {"records_per_second": [round(each) for each in rates]}, [line]


PARTS: Mapping[str, Callable[[Size], Awaitable[tuple[Report, list[Line]]]]] = {
    "simulator": of_simulator,
    "log": of_log,
    "ingest": of_ingest,
    "deciding": of_deciding,
    "syncer": of_syncer,
    "latency": of_latency,
    "memory": of_memory,
}


async def measured(names: Sequence[str], size: Size, console: Console) -> Report:
    """Every part named, one after the other, with its lines in ``table``."""
    report: Report = {"machine": machine(), "size": asdict(size), "table": []}
    for name in names:
        began = time.monotonic()
        try:
            with console.status(f"Measuring: {name}"):
                async with asyncio.timeout(_LONGEST_SECONDS):
                    part, lines = await PARTS[name](size)
        except Exception as problem:  # noqa: BLE001 - what the other parts found must not be lost
            part, lines = {"failed": f"{type(problem).__name__}: {problem}"}, []
            console.print_exception()
        report[name] = part | {"took_seconds": round(time.monotonic() - began, 1)}
        report["table"] += [asdict(line) for line in lines]
        console.print(f"{name}: {report[name]['took_seconds']} s")
    return report


def table_of(report: Report) -> Table:
    """The figures side by side."""
    host = report["machine"]
    generator = report.get("ingest", {}).get("generator")
    caption = [
        f"medians of {report['size']['pairs']} interleaved pairs",
        f"{host['cores']} cores, {host['processor']}, Python {host['python']}",
        f"load before {host['load_before'][0]}",
        *([f"deliveries generated by {generator}"] if generator else []),
    ]
    table = Table(caption="; ".join(caption))
    for name in ("part", "figure"):
        table.add_column(name)
    for name in ("product", "floor", "quotient", "aim", "met"):
        table.add_column(name, justify="right")
    for line in report["table"]:
        met = {True: "yes", False: "NO", None: ""}[line["is_met"]]
        table.add_row(*(line[name] for name in _COLUMNS), met)
    return table


def _beside(
    part: str,
    figure: str,
    pairs: Sequence[Figures],
    name: str,
    judged: tuple[float, str, bool | None] | None,
) -> Line:
    quotient, aim, is_met = judged or (_quotients(pairs, name), "", None)
    product, floor = (_said(_median(pairs, side, name)) for side in ("product", "floor"))
    return Line(part, figure, product, floor, f"{quotient:.2f}", aim, is_met)


def _median(pairs: Sequence[Figures], side: str, name: str) -> float:
    return float(statistics.median(pair[side][name] for pair in pairs))


def _quotients(pairs: Sequence[Figures], name: str) -> float:
    """The median of the pairs' quotients: each pair had the same machine."""
    quotients = [pair["product"][name] / pair["floor"][name] for pair in pairs]
    return round(float(statistics.median(quotients)), 3)


def _failed(pairs: Sequence[Figures], side: str) -> str:
    return str(sum(pair[side]["failed"] for pair in pairs))


def _said(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


# Of one part; by far more than it takes where nothing hangs.
_LONGEST_SECONDS = 900
_COLUMNS = ("part", "figure", "product", "floor", "quotient", "aim")


def _parsed(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--pairs", type=int, default=Size().pairs)
    parser.add_argument("--orders", type=int, default=Size().orders, help="of a syncer's run")
    parser.add_argument("--tiny", action="store_true", help="only see that each part runs")
    parser.add_argument("--output", type=Path, default=Path("bench.json"))
    asked = parser.parse_args(argv)
    if unknown := set(asked.parts) - PARTS.keys():
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    return asked


def main(argv: Sequence[str]) -> int:
    """Measure, write, print; 1 if a part could not be measured."""
    asked = _parsed(argv)
    console = Console(width=None if sys.stdout.isatty() else 120)
    size = TINY if asked.tiny else Size(pairs=asked.pairs, orders=asked.orders)
    report = asyncio.run(measured(asked.parts or [*PARTS], size, console))
    asked.output.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", "utf-8")
    console.print(table_of(report))
    return int(any("failed" in report[name] for name in PARTS if name in report))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
