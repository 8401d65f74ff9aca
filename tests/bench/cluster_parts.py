"""The parts on a real Kafka and a real PostgreSQL: each measures, and says what it found."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from tests.bench import backlog, burst, ingest, ledger, pauses, syncers
from tests.bench.parts import of_deliveries
from tests.bench.reporting import (
    Figures,
    Line,
    Measured,
    alone,
    median,
    quotients,
    said,
)
from tests.bench.sizes import Size

_REFUSED_SOON_MS = 1_000
_ROOM_MIB = 64
_GROWTH_MIB = 20


async def of_kafka_ingest(size: Size) -> Measured:
    """Deliveries a second onto Kafka and their p99, beside a bare callable with aiokafka."""
    pairs = await ingest.compare_on_kafka(size.pairs, size.ingest_seconds)
    return of_deliveries("kafka-ingest", pairs, most_p99=1.2)


async def of_burst(size: Size) -> Measured:
    """Twice what can be taken, by the clock, onto each log."""
    found = await burst.measure(size.burst_seconds, size.bursts)
    return found, [line for name, seen in found.items() for line in _of_bursts(name, seen)]


def _of_bursts(name: str, found: dict[str, Any]) -> list[Line]:
    part, seen = f"burst, {name}", found["bursts"]
    lost = sum(each["accepted_not_on_log"] for each in seen)
    refused = max((each["refused_p99_ms"] or 0.0 for each in seen), default=0.0)
    room = found["rss_most_mib"] - found["rss_before_mib"]
    growth, recovery = found["rss_growth_mib"], max(each["recovery_seconds"] for each in seen)
    no_more = f"≤ {_GROWTH_MIB}"
    total = {
        what: sum(each["answers"].get(status, 0) for each in seen)
        for what, status in (("accepted", "200"), ("refused", "503"))
    }
    return [
        alone(part, "sustainable, requests/s", said(found["sustainable_per_second"])),
        alone(part, "accepted", f"{total['accepted']:,}"),
        alone(part, "refused with 503", f"{total['refused']:,}"),
        alone(part, "no answer in 5 s", f"{sum(each['unanswered'] for each in seen):,}"),
        alone(part, "accepted but not on the log", str(lost), "0", lost == 0),
        alone(part, "p99 of a 503, ms", said(refused), "< 1,000", refused < _REFUSED_SOON_MS),
        alone(part, "memory above idle, MiB", said(room), f"≤ {_ROOM_MIB}", room <= _ROOM_MIB),
        alone(part, "growth by further bursts, MiB", said(growth), no_more, growth <= _GROWTH_MIB),
        alone(part, "seconds until all is accepted", said(recovery), "< 1", recovery < 1),
    ]


async def of_postgresql_syncer(size: Size) -> Measured:
    """CPU a record on Kafka and PostgreSQL, by one syncer and by four."""
    pairs = await syncers.by_one_and_four(min(size.rounds, size.pairs), size.replica_orders)
    part, name = "postgresql-syncer", "cpu_us_per_record"
    one, four = median(pairs, "1", name), median(pairs, "4", name)
    by_four = quotients(pairs, name, ("4", "1"))
    of_floor = quotients(pairs, name, ("1", "floor"))
    aim, even = "≤ 150, 200 at most", "within 10 %"
    report = {
        "orders": size.replica_orders,
        "pairs": pairs,
        "cpu_of_floor": of_floor,
        "cpu_of_four_by_one": by_four,
    }
    floor = said(median(pairs, "floor", name))
    return report, [
        Line(part, "CPU µs a record, one", said(one), floor, f"{of_floor:.2f}", aim, one <= 200),
        Line(part, "CPU µs a record, four", said(four), "", "", aim, four <= 200),
        Line(part, "four by one", f"{by_four:.2f}", "", "", even, abs(by_four - 1) <= 0.1),
        *(
            alone(part, f"CPU µs a record of {other}", said(_of(pairs, "1", other)))
            for other in ("postgresql", "kafka")
        ),
        *(_rate(part, pairs, each, "as fast as it goes") for each in ("1", "4", "floor")),
    ]


def _of(pairs: Sequence[Figures], side: str, name: str) -> float:
    return float(statistics.median(each[side]["cpu_us_per_record_of"][name] for each in pairs))


async def of_replicas(size: Size) -> Measured:
    """Records a second by one, two, four syncers where HubSpot takes its time."""
    rounds = await syncers.by_replicas(min(size.rounds, size.pairs), size.replica_orders)
    quota = await syncers.within_quota(size.replica_orders)
    report = {
        "orders": size.replica_orders,
        "latency_ms": syncers.LATENCY_SECONDS * 1e3,
        "calls_in_flight": syncers.CALLS_IN_FLIGHT,
        "rounds": rounds,
        "within_quota": quota,
    }
    lines = [_rate("replicas", rounds, str(each), "quota lifted") for each in syncers.REPLICAS]
    return report, [*lines, _rate("replicas", [{"4": quota}], "4", "190 calls in 10 s")]


def _rate(part: str, rounds: Sequence[Figures], side: str, how: str) -> Line:
    """Records a second, and in place of an aim what bound them, in most runs."""
    bound = statistics.mode(each[side]["bound_by"] for each in rounds)
    who = side if side == "floor" else f"{side} syncer{'s' if side != '1' else ''}"
    figure = f"records/s, {who}, {how}: bound by {bound}"
    return alone(part, figure, said(median(rounds, side, "records_per_second")))


async def of_ledger(size: Size) -> Measured:
    """What an order and a record leave behind, and ask for."""
    found = await ledger.measure(size.ledger_orders)
    return found, [
        alone("ledger", "rows an order", said(sum(found["rows_per_order"].values()))),
        alone("ledger", "bytes an order", said(sum(found["bytes_per_order"].values()))),
        alone("ledger", "statements a record", f"{found['statements_per_record']:.2f}"),
        alone("ledger", "bytes on the log an event", said(found["log_bytes_per_event"])),
        alone("ledger", "connections of a syncer", str(found["connections_per_syncer"])),
    ]


async def of_pauses(size: Size) -> Measured:
    """The longest pause of any partition when a syncer joins, leaves, dies."""
    found = await pauses.measure(size.pause_rounds)
    death = found["session_seconds"] + 3
    aim = f"< {death:.0f}"
    return found, [
        alone("pauses", "nothing happens, s", said(found["none"])),
        alone("pauses", "a syncer joins, s", said(found["join"]), "< 3", found["join"] < 3),
        alone("pauses", "a syncer leaves, s", said(found["leave"]), "< 3", found["leave"] < 3),
        alone("pauses", "a syncer dies, s", said(found["death"]), aim, found["death"] < death),
    ]


async def of_backlog(size: Size) -> Measured:
    """Memory of one syncer that works off a backlog."""
    found = await backlog.measure(size.backlog_events)
    growth, what = found["growth_mib"], f"growth by {found['events']:,} events, MiB"
    return found, [
        alone("backlog", "events/s", said(found["events_per_second"])),
        alone("backlog", "CPU µs an event", said(found["cpu_us_per_event"])),
        alone("backlog", "resident after a twentieth, MiB", said(found["start_mib"])),
        alone("backlog", what, said(growth), f"≤ {_GROWTH_MIB}", growth <= _GROWTH_MIB),
    ]
