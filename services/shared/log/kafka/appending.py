"""Group commit: what is asked for while one round is on its way to a broker goes in the next.

One record costs a call into aiokafka's batch builder and no more: its own ``send`` hashes the key
in Python, looks the topic up and makes futures, once for each record.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from services.shared.contract.errors import (
    EventAtFaultError,
    LogUnavailableError,
    OursToFixError,
    SyncError,
)
from services.shared.contract.events import NewEvent
from services.shared.contract.topics import TOPICS
from services.shared.log.kafka.connecting import Way
from services.shared.log.kafka.problems import closed, unavailable, unreachable
from services.shared.log.kafka.producing import learn_topics, stop
from services.shared.log.partitioning import partition_of

# The largest body (8 MiB) with its headers; the topics allow as much in ``max.message.bytes``.
EVENT_BYTES = 9 * 2**20 - 64 * 2**10
# Bounds the memory of one round, and how long the ones behind it wait.
ROUND_BYTES = 16 * 2**20
# A round that takes longer than this is a broker that is away: nothing more is taken until it ends.
STALLED_SECONDS = 0.5
GIVEN_UP_SECONDS = 10.0
LEARN_AGAIN_SECONDS = 1.0


@dataclass(slots=True)
class _Parcel:
    """What goes to one partition in one round; more than one batch if it is much."""

    batches: list[Any] = field(default_factory=list)
    waiters: list[asyncio.Future[None]] = field(default_factory=list)

    def tell(self, problem: SyncError | None) -> None:
        for waiter in self.waiters:
            if not waiter.done():
                if problem is None:
                    waiter.set_result(None)
                else:
                    waiter.set_exception(problem)


@dataclass(slots=True)
class _Lane:
    """The way to one broker: the round that gathers, and since when one is under way."""

    parcels: dict[TopicPartition, _Parcel] = field(default_factory=dict)
    size_bytes: int = 0
    began: float | None = None

    def is_stalled(self, now: float) -> bool:
        return self.began is not None and now - self.began > STALLED_SECONDS

    def taken(self) -> dict[TopicPartition, _Parcel]:
        parcels, self.parcels, self.size_bytes = self.parcels, {}, 0
        return parcels

    def fail(self, problem: LogUnavailableError) -> None:
        for parcel in self.taken().values():
            parcel.tell(problem)


class Writer:
    """Appends by one producer that has started; ``fault`` says why it can no longer be used."""

    def __init__(self, producer: Any, way: Way) -> None:
        self._producer = producer
        self._way = way
        self._loop = asyncio.get_running_loop()
        self._lanes: dict[int, _Lane] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._homes = {topic: way.outer(topic) for topic in TOPICS}
        self._learned_at = -LEARN_AGAIN_SECONDS
        self.fault: BaseException | None = None

    async def append(self, events: Sequence[NewEvent]) -> None:
        """Returns when all of ``events`` are acknowledged by every replica in sync.

        Raises:
            LogUnavailableError: not all of them are; some may be, or may become so.
            OursToFixError: a topic is unknown.
            EventAtFaultError: an event is too large, or its text is none UTF-8 can hold.
        """
        if any(self._partitions(event.topic) == 0 for event in events):
            await self._learn()
        packed = [(self._place(event), event.key.encode(), _headers(event)) for event in events]
        places = {place for place, _, _ in packed}
        for place in places:
            self._make_sure_of_room(self._lane(place))
        waiting = {place: self._waiter(place) for place in places}
        for (place, key, headers), event in zip(packed, events, strict=True):
            self._put(place, key, event.value, headers)
        if len(waiting) == 1:
            await next(iter(waiting.values()))
        else:
            await asyncio.gather(*waiting.values())

    @property
    def is_writable(self) -> bool:
        """Whether nothing speaks against an append now."""
        now = self._loop.time()
        return self.fault is None and not any(each.is_stalled(now) for each in self._lanes.values())

    async def close(self, seconds: float) -> None:
        """Waits for rounds under way, but not for ever; then nothing more is written."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        for lane in self._lanes.values():
            lane.fail(closed())
        await stop(self._producer)
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _learn(self) -> None:
        """A topic is missing: it may have been made meanwhile."""
        now = self._loop.time()
        if now - self._learned_at >= LEARN_AGAIN_SECONDS:
            self._learned_at = now
            with suppress(KafkaError, TimeoutError):
                async with asyncio.timeout(LEARN_AGAIN_SECONDS):
                    await learn_topics(self._producer, self._way)

    def _partitions(self, name: str) -> int:
        topic = self._homes.get(name)
        if topic is None:
            raise OursToFixError("unknown_topic", detail=name)
        return len(self._producer.client.cluster.partitions_for_topic(topic) or ())

    def _place(self, event: NewEvent) -> TopicPartition:
        partitions = self._partitions(event.topic)
        topic = self._homes[event.topic]
        if not partitions:
            raise LogUnavailableError("log_topic_missing", retry_after=10.0, detail=topic)
        if len(event.value) > EVENT_BYTES:
            raise EventAtFaultError("event_too_large")
        try:
            return TopicPartition(topic, partition_of(event.key, partitions))
        except UnicodeError as problem:
            raise EventAtFaultError("bad_text") from problem

    def _lane(self, place: TopicPartition) -> _Lane:
        leader = self._producer.client.cluster.leader_for_partition(place)
        return self._lanes.setdefault(-1 if leader is None else leader, _Lane())

    def _make_sure_of_room(self, lane: _Lane) -> None:
        if lane.is_stalled(self._loop.time()):
            raise unreachable()
        if lane.size_bytes > ROUND_BYTES:
            raise LogUnavailableError("log_busy", retry_after=1.0)

    def _waiter(self, place: TopicPartition) -> asyncio.Future[None]:
        lane = self._lane(place)
        waiter: asyncio.Future[None] = self._loop.create_future()
        lane.parcels.setdefault(place, _Parcel()).waiters.append(waiter)
        if lane.began is None:
            lane.began = self._loop.time()
            task = asyncio.create_task(self._work(lane), name="log-writer")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return waiter

    def _put(
        self, place: TopicPartition, key: bytes, value: bytes, headers: list[tuple[str, bytes]]
    ) -> None:
        lane = self._lane(place)
        parcel = lane.parcels.setdefault(place, _Parcel())
        lane.size_bytes += len(value)
        record = {"timestamp": None, "key": key, "value": value, "headers": headers}
        if parcel.batches and parcel.batches[-1].append(**record) is not None:
            return
        batch = self._producer.create_batch()
        batch.append(**record)
        parcel.batches.append(batch)

    async def _work(self, lane: _Lane) -> None:
        try:
            while lane.parcels:
                lane.began = self._loop.time()
                round_ = lane.taken()
                timer = self._loop.call_later(GIVEN_UP_SECONDS, _give_up, lane, round_)
                try:
                    await asyncio.gather(*(self._ship(*each) for each in round_.items()))
                finally:
                    timer.cancel()
                    for parcel in round_.values():
                        parcel.tell(closed())
        finally:
            lane.began = None

    async def _ship(self, place: TopicPartition, parcel: _Parcel) -> None:
        try:
            acknowledgements = [
                await self._producer.send_batch(batch, place.topic, partition=place.partition)
                for batch in parcel.batches
            ]
            await asyncio.gather(*acknowledgements)
        except KafkaError as problem:
            if not problem.retriable:
                self.fault = problem
            parcel.tell(unavailable(problem, place.topic))
        else:
            parcel.tell(None)


def _give_up(lane: _Lane, round_: dict[TopicPartition, _Parcel]) -> None:
    """Tells who waits that it takes too long. The producer goes on trying: that finds the end."""
    for parcel in (*round_.values(), *lane.taken().values()):
        parcel.tell(unreachable())


def _headers(event: NewEvent) -> list[tuple[str, bytes]]:
    try:
        return [(name, value.encode()) for name, value in event.headers.items()]
    except UnicodeError as problem:
        raise EventAtFaultError("bad_text") from problem
