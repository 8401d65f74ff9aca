"""What a reader is in the middle of while partitions change hands, on a real broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager

import pytest
from aiokafka import TopicPartition

from services.shared.contract.events import Partition
from services.shared.log.address import KafkaCluster
from services.shared.log.kafka import consuming
from services.shared.log.kafka.connecting import Way, way_to
from services.shared.log.kafka.log import KafkaLog
from services.shared.log.kafka.offsets import Offsets
from services.shared.log.kafka.reading import KafkaReader
from tests.support.kafka.members import PARTITIONS, SOON, Member, appended, member
from tests.support.log_events import ORDERS, behind, numbered, take

ONE = consuming.Member(group="syncer", topics=frozenset({ORDERS}), name="one")

pytestmark = pytest.mark.xdist_group("kafka")


class PolledMeanwhile(KafkaReader):
    """One whose loop lets everything go on, and polls, before a decided hand-over is taken in."""

    taken_in = 0

    @property
    def rests(self) -> bool:
        """Whether nothing is fetched for any partition."""
        return all(place.is_paused for place in self._places.values())

    async def assigned(self, homes: Iterable[TopicPartition]) -> None:
        for number in range(PARTITIONS):
            self.resume(Partition(ORDERS, number))
        await self.poll(100, 0)
        await super().assigned(homes)
        self.taken_in += 1


class Announcing(KafkaReader):
    """One that says so when it begins to give partitions up, and when it has taken some in."""

    def __init__(self, way: Way, member: consuming.Member, offsets: Offsets) -> None:
        super().__init__(way, member, offsets)
        self.gives_up = asyncio.Event()
        self.taken_in: asyncio.Queue[None] = asyncio.Queue()

    async def revoked(self) -> None:
        self.gives_up.set()
        await super().revoked()

    async def assigned(self, homes: Iterable[TopicPartition]) -> None:
        await super().assigned(homes)
        self.taken_in.put_nowait(None)


class KeptBack(Offsets):
    """A cluster whose answers of how far a group is come only when they are let go."""

    def __init__(self, way: Way) -> None:
        super().__init__(way)
        self.keeps_back = False
        self.answers: asyncio.Queue[asyncio.Event] = asyncio.Queue()

    async def committed(
        self, group: str, partitions: Iterable[Partition] | None = None
    ) -> Mapping[Partition, int]:
        answer = await super().committed(group, partitions)
        if self.keeps_back:
            self.answers.put_nowait(let_go := asyncio.Event())
            await let_go.wait()
        return answer


@asynccontextmanager
async def closing(reader: KafkaReader, offsets: Offsets) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(SOON):
            yield
    finally:
        await reader.close()
        await offsets.close()


async def test_work_in_hand_is_finished_before_its_partition_changes_hands(
    kafka_cluster: KafkaCluster, kafka_log: KafkaLog
) -> None:
    await kafka_log.append(numbered(60))
    way = way_to(kafka_cluster)
    offsets = Offsets(way)
    reader = Announcing(way, ONE, offsets)
    async with closing(reader, offsets):
        slow = Member(reader)
        events = await slow.given(60)
        reader.gives_up.clear()
        async with member(kafka_log, "two") as two:
            while not reader.gives_up.is_set():
                slow.note(await reader.poll(100, 0.02))
            await reader.commit(behind(events))
            going_on = asyncio.create_task(slow.work())
            await two.until(PARTITIONS // 2)
            going_on.cancel()

        assert two.events == []


async def test_a_hand_over_may_be_taken_in_while_events_are_asked_for(
    kafka_cluster: KafkaCluster, kafka_log: KafkaLog
) -> None:
    await appended(kafka_log, numbered(PARTITIONS * 4))
    way = way_to(kafka_cluster)
    offsets = Offsets(way)
    reader = PolledMeanwhile(way, ONE, offsets)
    async with closing(reader, offsets):
        for event in await take(reader, PARTITIONS * 4):
            reader.hold(event.position)
        while not reader.rests:
            await reader.poll(100, 0.2)
        async with member(kafka_log, "two") as two:
            await two.until(PARTITIONS // 2)
            assert reader.taken_in == 2
            assert len((await reader.poll(100, 0)).lost) == PARTITIONS // 2


async def test_a_partition_lost_while_it_was_asked_where_it_begins_is_passed_over(
    kafka_cluster: KafkaCluster, kafka_log: KafkaLog
) -> None:
    way = way_to(kafka_cluster)
    offsets = KeptBack(way)
    reader = Announcing(way, ONE, offsets)
    async with closing(reader, offsets):
        await reader.poll(100, 0)
        await reader.taken_in.get()
        offsets.keeps_back = True
        async with member(kafka_log, "two") as two:
            to_the_assignment = await offsets.answers.get()
            polling = asyncio.create_task(reader.poll(100, SOON))
            to_the_poll = await offsets.answers.get()
            offsets.keeps_back = False
            to_the_assignment.set()
            await reader.taken_in.get()
            to_the_poll.set()
            gained = (await polling).gained
            await two.until(PARTITIONS // 2)

    assert len(gained) == PARTITIONS // 2
    assert not gained & two.owned
