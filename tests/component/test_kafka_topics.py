"""``shopsync topics`` against a real broker."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from services.cli.examining_log import cluster_findings
from services.cli.findings import Level
from services.shared.contract.topics import TOPICS
from services.shared.log.address import KafkaCluster
from services.shared.log.kafka.declared import FILE
from services.shared.log.kafka.log import KafkaLog
from services.shared.log.kafka.topics import Topics
from tests.support.kafka.shared import shared_cluster
from tests.support.log_events import behind, order, take

pytestmark = pytest.mark.xdist_group("kafka")
ORDERS = "shopify.orders"


@pytest.fixture
def cluster() -> KafkaCluster:
    return replace(shared_cluster(), prefix=f"{uuid.uuid4().hex[:8]}.")


@pytest.fixture
async def topics(cluster: KafkaCluster, tmp_path: Path) -> AsyncIterator[Topics]:
    async with Topics.of(cluster, declared(tmp_path, 2)) as topics:
        yield topics


def declared(folder: Path, partitions: int) -> Path:
    file = folder / f"topics-{partitions}.toml"
    file.write_text(FILE.read_text().replace("partitions = 12", f"partitions = {partitions}"))
    return file


async def test_what_is_missing_is_named_and_then_created_as_declared(topics: Topics) -> None:
    before = await topics.compare()
    assert {each.topic for each in before.differences} == {*TOPICS}

    applied = await topics.apply("syncer")

    assert {each.topic for each in applied.done} == {*TOPICS}
    after = await topics.compare()
    assert (after.differences, after.brokers, after.creates_by_accident) == ([], 1, False)


async def test_a_setting_that_differs_is_corrected_and_what_else_was_set_is_kept(
    cluster: KafkaCluster, topics: Topics
) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=list(cluster.servers))
    await admin.start()
    config = {"retention.ms": "1000", "flush.messages": "77", "cleanup.policy": "compact"}
    await admin.create_topics([NewTopic(cluster.prefix + ORDERS, 2, 1, topic_configs=config)])
    await admin.close()
    found = [each for each in (await topics.compare()).differences if each.topic == ORDERS]
    assert {("retention.ms", "1000"), ("cleanup.policy", "compact")} <= {
        (each.what, each.actual) for each in found
    }

    await topics.apply("syncer")

    assert (await topics.compare()).differences == []
    (actual,) = await topics._actual([ORDERS])
    assert actual.config["flush.messages"] == "77"


async def test_partitions_are_added_only_where_everything_was_read(
    cluster: KafkaCluster, topics: Topics, tmp_path: Path
) -> None:
    await topics.apply("syncer")
    more = declared(tmp_path, 3)
    async with Topics.of(cluster, more) as wanted, KafkaLog.open(cluster) as log:
        await log.append([order(1)])
        applied = await wanted.apply("syncer")
        assert [(each.topic, why) for each, why in applied.left] == [
            (ORDERS, "not drained: events wait in it")
        ]
        async with log.reader("syncer", [ORDERS], "one") as reader:
            await reader.commit(behind(await take(reader, 1)))
        applied = await wanted.apply("syncer")

        assert ([each.topic for each in applied.done], applied.left) == ([ORDERS], [])
        assert (await wanted.compare()).differences == []
    async with Topics.of(cluster, declared(tmp_path, 2)) as fewer:
        applied = await fewer.apply("syncer")
    assert {why for _, why in applied.left} == {"partitions cannot be removed"}


async def test_a_check_warns_of_a_single_broker_and_of_missing_topics(topics: Topics) -> None:
    found = cluster_findings(await topics.compare())

    assert any("single broker" in each.problem for each in found)
    missing = [each for each in found if each.level is Level.ERROR]
    assert {each.problem for each in missing} == {"is missing"}
    assert len(missing) == len(TOPICS)
