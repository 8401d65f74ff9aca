"""The life of aiokafka's producer, which by itself waits for a broker for ever at both ends."""

from __future__ import annotations

import asyncio
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import ClusterAuthorizationFailedError, KafkaError

from services.shared.contract.topics import TOPICS
from services.shared.log.kafka.connecting import Way
from services.shared.log.kafka.ending import end_producer
from services.shared.log.kafka.problems import closed, unavailable

BATCH_BYTES = 2**20
REQUEST_BYTES = 10 * 2**20
# CPU of a whole append of a 10 KB order, and how much smaller it gets: none 80 us, snappy 86 (4.2),
# zstd 95 (7.7), lz4 220 (5.6), gzip 430 (8.2); two busy cores shared with the broker.
COMPRESSION = "zstd"
# An idempotent producer gets its id from a broker only if it may write to any topic at all.
_NO_WRITE = "Write on any topic"
_LOOKS = 10
_LOOK_SECONDS = 0.1
_STOP_SECONDS = 2.0


async def started(way: Way, seconds: float) -> Any:
    """A producer that has its id and knows our topics; missing ones are not made by asking.

    Raises:
        LogUnavailableError: no broker answered in ``seconds``, or we may write nowhere.
    """
    producer = AIOKafkaProducer(
        **way.options("appender"),
        acks="all",
        enable_idempotence=True,
        compression_type=COMPRESSION,
        max_batch_size=BATCH_BYTES,
        max_request_size=REQUEST_BYTES,
    )
    try:
        async with asyncio.timeout(seconds):
            await producer.start()
            await learn_topics(producer, way)
    except (KafkaError, OSError, TimeoutError) as problem:
        await stop(producer)
        is_barred = isinstance(problem, ClusterAuthorizationFailedError)
        raise unavailable(problem, _NO_WRITE if is_barred else "") from problem
    except BaseException:
        await stop(producer)
        raise
    return producer


async def learn_topics(producer: Any, way: Way) -> None:
    """Lets the producer know those of our topics that there are, as far as it may see them.

    A metadata request that names a topic may create it, one that names none asks for all. Topics
    made just now are not there at once on a broker that has just started, and an update that was
    under way already need not know what was asked for meanwhile: so it looks for a second.
    """
    wanted = {way.outer(topic) for topic in TOPICS}
    for _ in range(_LOOKS):
        ours = wanted & (await producer.client.fetch_all_metadata()).topics()
        if ours:
            await producer.client.set_topics(ours)
        if all(producer.client.cluster.partitions_for_topic(each) for each in wanted):
            return
        await asyncio.sleep(_LOOK_SECONDS)
        await producer.client.force_metadata_update()


async def stop(producer: Any) -> None:
    """Stops the producer now: what was not acknowledged is given up, and may still be applied."""
    await end_producer(producer, closed(), _STOP_SECONDS)
