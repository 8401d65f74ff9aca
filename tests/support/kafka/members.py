"""Members of a group that settle what they get, and how events come to them on a new broker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest_asyncio
from msgspec.structs import replace

from services.shared.contract.errors import OwnershipLostError, WorldAtFaultError
from services.shared.contract.events import Batch, Event, NewEvent, Partition
from services.shared.contract.topics import UNKNOWN
from services.shared.log.address import KafkaCluster
from services.shared.log.kafka.log import KafkaLog
from services.shared.log.kafka.reading import KafkaReader
from tests.support.kafka.shared import cluster_of_its_own
from tests.support.log_events import ORDERS, behind, order

SOON = 40.0
"""Seconds a test waits for what must come; only a failing test waits so long."""


PARTITIONS = 6


@pytest_asyncio.fixture
async def kafka_cluster() -> AsyncIterator[KafkaCluster]:
    """A broker with topics of ``PARTITIONS`` partitions that nobody else uses."""
    async with cluster_of_its_own(PARTITIONS) as cluster:
        yield cluster


@pytest_asyncio.fixture
async def kafka_log(kafka_cluster: KafkaCluster) -> AsyncIterator[KafkaLog]:
    """The log on it, once it takes events."""
    async with KafkaLog.open(kafka_cluster) as log:
        await appended(log, [replace(order(1), topic=UNKNOWN)])
        yield log


async def appended(log: KafkaLog, events: Sequence[NewEvent]) -> None:
    """Append as Shopify would deliver: again, where a broker has only just started."""
    async with asyncio.timeout(SOON):
        while True:
            try:
                return await log.append(events)
            except WorldAtFaultError:
                await asyncio.sleep(0.2)


@dataclass
class Member:
    """A reader that settles all it gets, at once."""

    reader: KafkaReader
    owned: set[Partition] = field(default_factory=set)
    events: list[Event] = field(default_factory=list)
    seen_at: dict[Partition, list[float]] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def work(self) -> None:
        while True:
            try:
                batch = await self.reader.poll(100, 0.2)
                self.note(batch)
                await self.reader.commit(behind(batch.events))
            except OwnershipLostError:
                continue
            except WorldAtFaultError:
                # A broker that has just started has no coordinator yet: as the loop does, go on.
                await asyncio.sleep(0.2)

    def note(self, batch: Batch) -> None:
        self.owned = (self.owned - batch.lost) | batch.gained
        self.events += batch.events
        for event in batch.events:
            self.seen_at.setdefault(event.position.partition, []).append(time.monotonic())
        self.changed.set()
        self.changed.clear()

    async def given(self, count: int) -> list[Event]:
        """So many events, which nobody settles."""
        async with asyncio.timeout(SOON):
            while len(self.events) < count:
                self.note(await self.reader.poll(100, 0.2))
        return self.events

    async def until(self, count: int) -> None:
        """Until it owns so many partitions."""
        async with asyncio.timeout(SOON):
            while len(self.owned) != count:
                await self.changed.wait()


@asynccontextmanager
async def member(log: KafkaLog, name: str) -> AsyncIterator[Member]:
    async with log.reader("syncer", [ORDERS], name) as reader:
        one = Member(reader)
        working = asyncio.create_task(one.work())
        try:
            yield one
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
