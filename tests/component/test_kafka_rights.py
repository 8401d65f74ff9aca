"""Each process works with exactly the rights of docs/kafka.md, and names one that is missing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from services.shared.contract.errors import LogUnavailableError
from services.shared.contract.events import Change, NewEvent, Origin, Provenance, headers_of
from services.shared.contract.topics import (
    BACKFILL_TOPICS,
    CONSUMED_TOPICS,
    DEAD_TOPICS,
    LIVE_TOPICS,
    SHOPS,
    SYNCER_GROUP,
    UNKNOWN,
)
from services.shared.log.address import (
    KafkaCluster,
    Mechanism,
    Protection,
    Security,
    address_of,
)
from services.shared.log.kafka.log import KafkaLog
from services.shared.log.kafka.topics import Topics
from tests.support.kafka.broker import Broker, kafka_broker
from tests.support.kafka.properties import PASSWORD, SASL_PLAINTEXT
from tests.support.kafka.rights import Right, documented, grant
from tests.support.kafka.shared import need_a_broker
from tests.support.log_events import take

pytestmark = [
    pytest.mark.xdist_group("kafka-security"),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(240),
]
RIGHTS = documented()
NOT_AUTHORIZED = "log_not_authorized"


def lacking(user: str) -> str:
    """The name of one who has all rights of ``user`` but one."""
    return f"lacking_{user}"


MISSING = {
    "ingest": Right(operation="Write", resource="topic", name="shopify.orders"),
    "reconciler": Right(operation="Write", resource="topic", name="shopify.orders.backfill"),
    "syncer": Right(operation="Read", resource="group", name="syncer"),
    "status": Right(operation="Describe", resource="group", name="syncer"),
    "topics": Right(operation="DescribeConfigs", resource="cluster", name="kafka-cluster"),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="broker")
async def _broker() -> AsyncIterator[Broker]:
    need_a_broker()
    users = [*RIGHTS, *map(lacking, MISSING)]
    async with kafka_broker(secured=True, users=users) as broker:
        for user, rights in RIGHTS.items():
            await grant(broker.servers, user, rights)
        for user, right in MISSING.items():
            assert right in RIGHTS[user], "the table does not give what is to be missing"
            kept = [each for each in RIGHTS[user] if each != right]
            if user == "ingest":  # which could not even see the topic otherwise
                kept.append(replace(right, operation="Describe"))
            await grant(broker.servers, lacking(user), kept)
        async with Topics.of(cluster_of(broker, "topics")) as topics:
            assert not (await topics.apply(SYNCER_GROUP)).left
        yield broker


def cluster_of(broker: Broker, user: str) -> KafkaCluster:
    security = Security(
        protection=Protection.SASL_PLAINTEXT,
        mechanism=Mechanism.PLAIN,
        username=user,
        password=PASSWORD,
    )
    cluster = address_of(broker.url_of(SASL_PLAINTEXT), security)
    assert isinstance(cluster, KafkaCluster)
    return cluster


def event(topic: str) -> NewEvent:
    told = Provenance(shop="acme.myshopify.com", origin=Origin.WEBHOOK, change=Change.STATE)
    key = "acme.myshopify.com/orders/1"
    return NewEvent(topic=topic, key=key, value=b"{}", headers=headers_of(told))


async def append(log: KafkaLog, topics: Iterable[str]) -> None:
    await asyncio.gather(*(log.append([event(each)]) for each in topics))


async def test_ingest_appends_what_is_fresh(broker: Broker) -> None:
    async with KafkaLog.open(cluster_of(broker, "ingest")) as log:
        await append(log, (*LIVE_TOPICS, SHOPS, UNKNOWN))
        with pytest.raises(LogUnavailableError):
            await append(log, BACKFILL_TOPICS[:1])


async def test_the_reconciler_appends_what_is_fresh_and_history(broker: Broker) -> None:
    async with KafkaLog.open(cluster_of(broker, "reconciler")) as log:
        await append(log, (*LIVE_TOPICS, *BACKFILL_TOPICS))
        with pytest.raises(LogUnavailableError):
            await append(log, [SHOPS])


async def test_the_syncer_reads_settles_and_puts_dead_letters_aside(broker: Broker) -> None:
    async with KafkaLog.open(cluster_of(broker, "reconciler")) as reconciler:
        await append(reconciler, LIVE_TOPICS)
    async with KafkaLog.open(cluster_of(broker, "syncer")) as log:
        await append(log, DEAD_TOPICS)
        async with log.reader(SYNCER_GROUP, CONSUMED_TOPICS, "one") as reader:
            for each in await take(reader, len(LIVE_TOPICS)):
                await reader.commit({each.position.partition: each.position.offset + 1})
        # With dead letters there, which nobody reads by rule.
        assert await log.lag(SYNCER_GROUP)
        with pytest.raises(LogUnavailableError):
            await append(log, LIVE_TOPICS[:1])


async def test_replays_read_everything_and_write_what_is_old(broker: Broker) -> None:
    since = datetime.now(UTC) - timedelta(hours=1)
    async with KafkaLog.open(cluster_of(broker, "syncer")) as syncer:
        await append(syncer, DEAD_TOPICS)
    async with KafkaLog.open(cluster_of(broker, "replay")) as log:
        for topic in DEAD_TOPICS:
            assert [each async for each in log.between(topic, since, datetime.now(UTC))]
        await append(log, (*BACKFILL_TOPICS, SHOPS))


async def test_status_sees_how_far_the_syncers_are(broker: Broker) -> None:
    async with KafkaLog.open(cluster_of(broker, "ingest")) as ingest:
        await append(ingest, LIVE_TOPICS)
    async with KafkaLog.open(cluster_of(broker, "status")) as log:
        lag = await log.lag(SYNCER_GROUP)
        assert any(each.events for each in lag.values())


async def test_who_may_write_nowhere_is_told_so_and_not_that_no_broker_answers(
    broker: Broker,
) -> None:
    async with KafkaLog.open(cluster_of(broker, "status")) as log:
        with pytest.raises(LogUnavailableError) as seen:
            await append(log, [UNKNOWN])
    assert_names(seen.value, "Write")


async def test_topics_are_compared_and_corrected(broker: Broker) -> None:
    async with Topics.of(cluster_of(broker, "topics")) as topics:
        assert not (await topics.compare()).differences


async def test_a_missing_right_to_write_is_named_with_its_topic(broker: Broker) -> None:
    async with KafkaLog.open(cluster_of(broker, lacking("ingest"))) as log:
        with pytest.raises(LogUnavailableError) as seen:
            await append(log, ["shopify.orders"])
    assert_names(seen.value, "shopify.orders")


async def test_a_topic_that_may_not_even_be_described_is_named_as_missing(broker: Broker) -> None:
    async with KafkaLog.open(cluster_of(broker, lacking("reconciler"))) as log:
        with pytest.raises(LogUnavailableError) as seen:
            await append(log, ["shopify.orders.backfill"])
        await append(log, ["shopify.orders"])
    assert seen.value.reason == "log_topic_missing"
    assert "shopify.orders.backfill" in seen.value.detail


async def test_a_missing_right_on_the_group_is_named(broker: Broker) -> None:
    async with (
        KafkaLog.open(cluster_of(broker, lacking("syncer"))) as log,
        log.reader(SYNCER_GROUP, CONSUMED_TOPICS, "one") as reader,
    ):
        with pytest.raises(LogUnavailableError) as seen:
            await take(reader, 1)
    assert_names(seen.value, SYNCER_GROUP)
    async with KafkaLog.open(cluster_of(broker, lacking("status"))) as log:
        with pytest.raises(LogUnavailableError) as seen:
            await log.lag(SYNCER_GROUP)
    assert seen.value.reason == NOT_AUTHORIZED


async def test_a_missing_right_on_the_cluster_is_named(broker: Broker) -> None:
    with pytest.raises(LogUnavailableError) as seen:
        async with Topics.of(cluster_of(broker, lacking("topics"))) as topics:
            await topics.compare()
    assert_names(seen.value, "broker")


def assert_names(problem: LogUnavailableError, what: str) -> None:
    assert problem.reason == NOT_AUTHORIZED
    assert what in problem.detail
