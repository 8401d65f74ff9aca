"""How the group of syncers stands, asked of the broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient

from services.shared.contract.topics import SYNCER_GROUP
from services.shared.log.address import KafkaCluster

_LOOK_SECONDS = 0.1
_STABLE = "Stable"


@asynccontextmanager
async def asking(cluster: KafkaCluster) -> AsyncIterator[Any]:
    """Kafka's own client for such questions."""
    admin = AIOKafkaAdminClient(bootstrap_servers=list(cluster.servers))
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def stable(cluster: KafkaCluster, members: int) -> None:
    """Returns once the group has exactly so many members, all with their partitions."""
    async with asking(cluster) as admin:
        while await _state(admin, cluster) != (_STABLE, members):  # noqa: ASYNC110 - the broker tells nobody
            await asyncio.sleep(_LOOK_SECONDS)


async def _state(admin: Any, cluster: KafkaCluster) -> tuple[str, int]:
    (said,) = await admin.describe_consumer_groups([cluster.prefix + SYNCER_GROUP])
    (group,) = said.groups
    _error, _name, state, _type, _protocol, members, *_ = group
    return state, len(members)
