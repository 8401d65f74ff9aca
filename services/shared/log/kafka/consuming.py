"""aiokafka's consumer as a member of ours uses it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import KafkaError

from services.shared.log.kafka.connecting import Way
from services.shared.log.kafka.ending import end_consumer
from services.shared.log.kafka.offsets import Offsets
from services.shared.log.kafka.problems import unavailable

HEARTBEAT_SECONDS = 0.5
SESSION_SECONDS = 10.0
# How long a revocation waits for what is being worked on; then it is the next owner's to do again.
REVOCATION_SECONDS = 1.5
# All members must have rejoined by then. Revocation, and a loop that is busy, must fit in.
REBALANCE_SECONDS = 8.0
POLL_INTERVAL_SECONDS = 60.0
STOP_SECONDS = 3.0
FETCH_BYTES = 8 * 2**20
PARTITION_FETCH_BYTES = 2**19


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Who reads what."""

    group: str
    topics: frozenset[str]
    name: str


class Handover(Protocol):
    """Who is told when partitions change hands."""

    def is_fed_by(self, consumer: Any) -> bool:
        """Whether it is the present consumer; one that was given up may still report."""

    async def revoked(self) -> None:
        """All partitions are given up, once this returns."""

    async def assigned(self, homes: Iterable[TopicPartition]) -> None:
        """These are ours now, and no others."""


async def started(way: Way, member: Member, offsets: Offsets, told: Handover) -> Any:
    """A consumer that is joining its group.

    Raises:
        LogUnavailableError: no broker answers, or a topic is missing.
    """
    consumer = AIOKafkaConsumer(
        **way.options(f"reader-{member.name}"),
        group_id=way.outer(member.group),
        enable_auto_commit=False,
        auto_offset_reset="none",
        partition_assignment_strategy=(RangePartitionAssignor,),
        heartbeat_interval_ms=int(HEARTBEAT_SECONDS * 1000),
        session_timeout_ms=int(SESSION_SECONDS * 1000),
        rebalance_timeout_ms=int(REBALANCE_SECONDS * 1000),
        max_poll_interval_ms=int(POLL_INTERVAL_SECONDS * 1000),
        fetch_max_bytes=FETCH_BYTES,
        max_partition_fetch_bytes=PARTITION_FETCH_BYTES,
    )
    try:
        await consumer.start()
        await offsets.make_sure_of(member.topics)
        topics = [way.outer(topic) for topic in sorted(member.topics)]
        consumer.subscribe(topics, listener=_Listener(told, consumer))
    except (KafkaError, TimeoutError, OSError) as problem:
        await end_consumer(consumer, STOP_SECONDS)
        raise unavailable(problem) from problem
    except BaseException:
        await end_consumer(consumer, STOP_SECONDS)
        raise
    return consumer


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka has no types
    """aiokafka's way to tell of revocations and assignments."""

    def __init__(self, told: Handover, consumer: Any) -> None:
        self._told = told
        self._consumer = consumer

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:  # noqa: ARG002 - always all of them
        if self._told.is_fed_by(self._consumer):
            await self._told.revoked()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        if self._told.is_fed_by(self._consumer):
            await self._told.assigned(assigned)
