"""A reader's own questions to the cluster, and assignments that come while they are open."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Any

from aiokafka import TopicPartition

from services.shared.contract.events import Partition
from services.shared.log.address import KafkaCluster
from services.shared.log.kafka.connecting import way_to
from services.shared.log.kafka.consuming import Member
from services.shared.log.kafka.places import Place
from services.shared.log.kafka.reading import KafkaReader

ORDERS = "shopify.orders"


class SlowCluster:
    """Answers each question when told to; every group is at offset 5 everywhere."""

    def __init__(self) -> None:
        self.asked: list[asyncio.Event] = []

    async def committed(
        self, _group: str, partitions: Iterable[Partition]
    ) -> Mapping[Partition, int]:
        self.asked.append(may_answer := asyncio.Event())
        await may_answer.wait()
        return dict.fromkeys(partitions, 5)

    async def earliest(self, partitions: Iterable[Partition]) -> Mapping[Partition, int]:
        return dict.fromkeys(partitions, 0)


async def test_a_partition_lost_while_it_was_asked_where_it_begins_is_passed_over() -> None:
    cluster: Any = SlowCluster()
    member = Member(group="syncer", topics=frozenset({ORDERS}), name="one")
    reader = KafkaReader(way_to(KafkaCluster(servers=("127.0.0.1:9",))), member, cluster)
    reader._consumer = SimpleNamespace(pause=lambda _: None, seek=lambda *_: None)
    reader._places = {Partition(ORDERS, 0): Place()}

    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        assigning = group.create_task(reader.assigned([TopicPartition(ORDERS, 1)]))
        await asyncio.sleep(0)
        placing = group.create_task(reader._place_all())
        await asyncio.sleep(0)
        of_assignment, of_placing = cluster.asked
        of_assignment.set()
        await assigning
        of_placing.set()
        await placing

    assert reader._places.keys() == {Partition(ORDERS, 1)}
