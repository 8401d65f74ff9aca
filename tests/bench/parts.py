"""The parts that need one machine and no server: each measures, and says what it found."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict

from tests.bench import deciding, hubspot_simulator, ingest, latency, log, memory, syncer
from tests.bench.reporting import (
    Figures,
    Line,
    Measured,
    alone,
    beside,
    failed,
    median,
    quotients,
    said,
)
from tests.bench.sizes import Size


async def of_ingest(size: Size) -> Measured:
    """Deliveries a second and their p99, beside a bare callable doing the same."""
    pairs = await ingest.compare(size.pairs, size.ingest_seconds)
    return of_deliveries("ingest", pairs, most_p99=1.5)


def of_deliveries(part: str, pairs: Sequence[Figures], *, most_p99: float) -> Measured:
    """What runs of ingest and of its floor found; ``most_p99`` is the aim, of the floor's."""
    rate, p99 = quotients(pairs, "requests_per_second"), quotients(pairs, "p99_ms")
    report = {
        "generator": pairs[0]["product"]["generator"],
        "connections": ingest.CONNECTIONS,
        "body_bytes": ingest.BODY_BYTES,
        "pairs": pairs,
        "rate_of_floor": rate,
        "p99_of_floor": p99,
    }
    return report, [
        beside(part, "requests/s", pairs, "requests_per_second", (rate, "≥ 0.9", rate >= 0.9)),
        beside(part, "p99, ms", pairs, "p99_ms", (p99, f"≤ {most_p99}", p99 <= most_p99)),
        beside(part, "CPU µs a request", pairs, "cpu_us_per_request", None),
        Line(part, "refused in all runs", failed(pairs, "product"), failed(pairs, "floor")),
    ]


async def of_log(size: Size) -> Measured:
    """Appends a second to the embedded log, beside a bare table with the same group commit."""
    pairs = [asdict(pair) for pair in await log.compare(size.pairs, events=size.log_events)]
    rate = quotients(pairs, "appends_per_second")
    report = {"tasks": log.TASKS, "body_bytes": len(log.BODY), "pairs": pairs, "of_floor": rate}
    return report, [
        beside("log", "appends/s", pairs, "appends_per_second", (rate, "", None)),
        beside("log", "CPU µs an append", pairs, "cpu_us_per_append", None),
        beside("log", "p99, ms", pairs, "p99_ms", None),
    ]


async def of_syncer(size: Size) -> Measured:
    """Records a second and CPU a record of the whole path from the log to HubSpot."""
    pairs = await syncer.compare(size.pairs, size.orders)
    rate = median(pairs, "product", "records_per_second")
    cpu = median(pairs, "product", "cpu_us_per_record")
    of_floor = quotients(pairs, "records_per_second")
    report = {"orders": size.orders, "pairs": pairs, "rate_of_floor": of_floor}
    judged = (of_floor, "≥ 1,900", rate >= 1_900)
    return report, [
        beside("syncer", "records/s", pairs, "records_per_second", judged),
        beside(
            "syncer",
            "CPU µs a record",
            pairs,
            "cpu_us_per_record",
            (quotients(pairs, "cpu_us_per_record"), "≤ 150, 200 at most", cpu <= 200),
        ),
    ]


async def of_deciding(size: Size) -> Measured:
    """CPU a record of decode, map and decide alone."""
    runs = await deciding.compare(size.pairs, size.orders)
    cpu = statistics.median(run["cpu_us_per_record"] for run in runs)
    return {"orders": size.orders, "runs": runs}, [
        alone("deciding", "CPU µs a record, decode + map + decide", said(cpu))
    ]


async def of_latency(size: Size) -> Measured:
    """From webhook to HubSpot's acknowledgement at 50 orders a second."""
    found = await latency.measure(size.latency_seconds)
    p99 = found["p99_ms"]
    return found, [
        alone("latency", "webhook to HubSpot, p50, ms", said(found["p50_ms"])),
        alone("latency", "webhook to HubSpot, p99, ms", said(p99), "< 1,000", p99 < 1_000),
        alone("latency", "orders refused at first, of all", f"{found['refused_orders']:,}"),
    ]


async def of_memory(size: Size) -> Measured:
    """Resident memory of the whole product, idle and after many events."""
    found = await memory.measure(size.memory_events)
    idle, after = found["idle_mib"], found["after_mib"]
    growth = after - found["by_tenths_mib"][0]
    later = f"resident, after {found['events']:,} events, MiB"
    return found, [
        alone("memory", "resident, idle, MiB", said(idle), "≤ 150", idle <= 150),
        alone("memory", later, said(after), "≤ 150", after <= 150),
        alone("memory", "growth after the first tenth, MiB", said(growth)),
    ]


async def of_simulator(size: Size) -> Measured:
    """Records a second the HubSpot simulator takes, so that it is not what is measured."""
    rates = [await hubspot_simulator.rate(size.simulator_batches) for _ in range(size.pairs)]
    rate = statistics.median(rates)
    line = alone("simulator", "records/s", said(rate), "≥ 5,000", rate >= 5_000)
    return {"records_per_second": [round(each) for each in rates]}, [line]
