"""Lets a topic lose events, as retention does."""

from __future__ import annotations

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from services.shared.contract.events import Position
from services.shared.log.address import KafkaCluster


async def delete_before(cluster: KafkaCluster, at: Position) -> None:
    """Everything before ``at`` in its partition is gone."""
    admin = AIOKafkaAdminClient(bootstrap_servers=list(cluster.servers))
    await admin.start()
    try:
        home = TopicPartition(cluster.prefix + at.partition.topic, at.partition.number)
        await admin.delete_records({home: RecordsToDelete(before_offset=at.offset)})
    finally:
        await admin.close()
