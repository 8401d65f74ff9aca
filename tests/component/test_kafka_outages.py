"""The log and ingest while the broker is away, frozen, or comes back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from services.shared.contract.errors import LogUnavailableError
from services.shared.log.address import KafkaCluster, address_of
from services.shared.log.kafka.declared import FILE, Difference
from services.shared.log.kafka.log import KafkaLog
from services.shared.log.kafka.reading import KafkaReader
from services.shared.log.kafka.topics import Topics
from tests.support.deliveries import request_bytes, signed_headers
from tests.support.kafka.broker import Broker, free_ports, kafka_broker
from tests.support.kafka.shared import need_a_broker
from tests.support.log_events import behind, numbered, order, take
from tests.support.running_ingest import Ingest, running_ingest

TOPICS_FILE = "topics.toml"

pytestmark = [pytest.mark.xdist_group("kafka-outages"), pytest.mark.timeout(240)]
ORDERS = "shopify.orders"
BODY = b'{"id": 1}'
CLOSING = signed_headers(BODY) | {"Connection": "close"}
SOON = 60.0


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    need_a_broker()
    async with kafka_broker() as broker:
        yield broker


@pytest.fixture
async def cluster(broker: Broker, tmp_path: Path) -> KafkaCluster:
    return await with_topics(broker, tmp_path)


async def with_topics(broker: Broker, tmp_path: Path) -> KafkaCluster:
    cluster = address_of(broker.url)
    assert isinstance(cluster, KafkaCluster)
    file = tmp_path / TOPICS_FILE
    file.write_text(FILE.read_text().replace("partitions = 12", "partitions = 2"))
    async with Topics.of(cluster, file) as topics:
        await topics.apply("syncer")
    return cluster


async def appended(log: KafkaLog, value: bytes) -> None:
    """Appends once the log takes it."""
    async with asyncio.timeout(SOON):
        while True:
            try:
                return await log.append([order(1, value)])
            except LogUnavailableError as problem:
                await asyncio.sleep(min(problem.retry_after or 0.1, 0.2))


async def test_what_was_acknowledged_outlives_the_broker_and_both_sides_go_on(
    broker: Broker, cluster: KafkaCluster
) -> None:
    async with KafkaLog.open(cluster) as log, log.reader("syncer", [ORDERS], "one") as reader:
        await log.append(numbered(20))
        first = await take(reader, 20)
        await reader.commit(behind(first))
        await log.append([order(1, b"acknowledged")])
        await broker.kill()
        with pytest.raises(LogUnavailableError):
            async with asyncio.timeout(15):
                await log.append([order(1, b"refused, or written later")])
        refused = time.monotonic()
        with pytest.raises(LogUnavailableError):
            await log.append([order(1, b"refused at once")])
        assert time.monotonic() - refused < 0.05
        assert not await log.is_writable()

        await broker.start()
        await appended(log, b"after")
        seen = {event.value for event in first}
        await until_seen(reader, seen, {b"after"})

        assert await log.is_writable()
    assert b"acknowledged" in seen
    assert b"refused at once" not in seen


async def test_a_log_whose_broker_is_not_there_yet_refuses_and_then_connects(
    broker: Broker, cluster: KafkaCluster
) -> None:
    await broker.kill()
    async with KafkaLog.open(cluster, connect_seconds=0.2) as log:
        with pytest.raises(LogUnavailableError, match="log_unreachable"):
            await log.append([order(1)])
        async with log.reader("syncer", [ORDERS], "one") as reader:
            with pytest.raises(LogUnavailableError, match="log_unreachable"):
                await reader.poll(1, 0.1)
            await broker.start()
            await appended(log, b"first")
            assert [event.value for event in await take(reader, 1)] == [b"first"]


async def test_leaving_does_not_wait_for_a_broker_that_is_gone(
    broker: Broker, cluster: KafkaCluster
) -> None:
    async with KafkaLog.open(cluster) as log, log.reader("syncer", [ORDERS], "one") as reader:
        await log.append([order(1)])
        await take(reader, 1)
        await broker.kill()
        began = time.monotonic()
    assert time.monotonic() - began < 15.0


async def test_ingest_answers_503_in_time_while_the_broker_is_away_and_200_again_after(
    broker: Broker, cluster: KafkaCluster
) -> None:
    async with KafkaLog.open(cluster) as log, running_ingest(appender=log) as ingest:
        request = request_bytes(BODY, CLOSING)
        await accepted(ingest, request)
        broker.freeze()
        await refused_in_time(ingest, request)
        broker.thaw()
        await accepted(ingest, request)
        await broker.kill()
        await refused_in_time(ingest, request)
        await broker.start()
        await accepted(ingest, request)


async def refused_in_time(ingest: Ingest, request: bytes) -> None:
    slowest = 0.0
    for _ in range(20):
        began = time.monotonic()
        answer = await ingest.told(request)
        slowest = max(slowest, time.monotonic() - began)
        assert answer.startswith(b"HTTP/1.1 503"), answer[:40]
        assert b"retry-after:" in answer
    print(f"slowest 503: {slowest * 1000:.0f} ms")  # noqa: T201 - a figure to be seen
    assert slowest < 1.0  # what Shopify is promised is 250 ms; this machine is shared


async def accepted(ingest: Ingest, request: bytes) -> None:
    async with asyncio.timeout(SOON):
        while True:
            answer = await ingest.told(request)
            if answer.startswith(b"HTTP/1.1 200"):
                return


async def test_one_of_three_brokers_may_die_and_two_may_not(tmp_path: Path) -> None:
    need_a_broker()
    async with kafka_broker(nodes=3) as brokers:
        cluster = await with_topics(brokers, tmp_path)
        async with KafkaLog.open(cluster) as log, log.reader("syncer", [ORDERS], "one") as reader:
            await log.append(numbered(20))
            seen = {event.value for event in await take(reader, 20)}
            await brokers.kill(0)
            for number in range(20):
                await appended(log, b"with two %d" % number)
            wanted = {b"with two %d" % number for number in range(20)}
            await until_seen(reader, seen, wanted)
            assert await named_differences(cluster, tmp_path) == []

            await brokers.kill(1)
            with pytest.raises(LogUnavailableError):
                await refused_at_last(log)
            await brokers.start()
            await appended(log, b"all again")
            await until_seen(reader, seen, {b"all again"})


async def named_differences(cluster: KafkaCluster, folder: Path) -> Sequence[Difference]:
    """What a start names while a broker is down: nothing, or ``--apply`` would undo its copies."""
    async with Topics.of(cluster, folder / TOPICS_FILE) as topics:
        return (await topics.compare()).differences


async def refused_at_last(log: KafkaLog) -> None:
    """Which broker leads a partition is chance: one of them is gone or lacks its copies."""
    async with asyncio.timeout(SOON):
        while True:
            await log.append([order(number) for number in range(20)])


async def until_seen(reader: KafkaReader, seen: set[bytes], wanted: set[bytes]) -> None:
    async with asyncio.timeout(SOON):
        while not wanted <= seen:
            try:
                batch = await reader.poll(100, 0.5)
            except LogUnavailableError:
                continue
            seen |= {event.value for event in batch.events}


async def test_an_address_where_nobody_listens_is_said_to_be_unreachable() -> None:
    (port,) = free_ports(1)
    nowhere = KafkaCluster(servers=(f"127.0.0.1:{port}",))
    async with KafkaLog.open(nowhere, connect_seconds=0.1) as log:
        with pytest.raises(LogUnavailableError, match="log_unreachable"):
            await log.lag("syncer")
