"""How much each part measures."""

from __future__ import annotations

from dataclasses import dataclass

from tests.bench import (
    backlog,
    burst,
    hubspot_simulator,
    latency,
    ledger,
    log,
    memory,
    pauses,
    syncer,
    syncers,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much to measure. ``pairs`` are interleaved runs of product and floor.

    Parts on Kafka and PostgreSQL whose runs take long have no more than ``rounds`` of them.
    """

    pairs: int = 10
    rounds: int = 5
    ingest_seconds: int = 4
    log_events: int = log.EVENTS
    orders: int = syncer.ORDERS
    replica_orders: int = syncers.ORDERS
    ledger_orders: int = ledger.ORDERS
    latency_seconds: int = latency.SECONDS
    memory_events: int = memory.EVENTS
    backlog_events: int = backlog.EVENTS
    burst_seconds: int = burst.SECONDS
    bursts: int = burst.BURSTS
    pause_rounds: int = pauses.ROUNDS
    simulator_batches: int = hubspot_simulator.BATCHES


# Each part in four minutes at most, also on a busy machine.
SMALL = Size(
    pairs=2,
    rounds=1,
    ingest_seconds=3,
    log_events=1_280,
    orders=300,
    replica_orders=300,
    ledger_orders=200,
    latency_seconds=10,
    memory_events=4_000,
    backlog_events=8_000,
    burst_seconds=3,
    bursts=2,
    pause_rounds=1,
    simulator_batches=20,
)

# One small pair of each part: whether it runs at all.
TINY = Size(
    pairs=1,
    rounds=1,
    ingest_seconds=1,
    log_events=64,
    orders=20,
    replica_orders=20,
    ledger_orders=20,
    latency_seconds=1,
    memory_events=100,
    backlog_events=400,
    burst_seconds=1,
    bursts=1,
    pause_rounds=1,
    simulator_batches=5,
)
