import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Mapping

import pytest

from services.shared.contract.events import Partition
from services.shared.log.address import KafkaCluster
from services.shared.log.kafka import KafkaLog
from tests.support.kafka.shared import cluster_of_its_own


def demonstrated(environment: Mapping[str, str]) -> None:
    command = [sys.executable, "-m", "services.cli", "demo", "--once", "--json"]

    ended = subprocess.run(
        command,
        capture_output=True,
        text=True,
        env=os.environ | environment,
        timeout=230,
        check=False,
    )

    assert ended.stdout, ended.stderr[-2000:]
    verdict = json.loads(ended.stdout)
    assert verdict["differences"] == 0, verdict["examples"]
    assert verdict["compared"]["orders"] >= 800
    assert ended.returncode == 0


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_two_stores_fill_hubspot_and_live_changes_arrive_exactly_as_they_must() -> None:
    demonstrated({})


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.xdist_group("kafka")
async def test_the_same_holds_with_the_log_on_kafka() -> None:
    async with cluster_of_its_own(partitions=4) as cluster:
        place = {
            "SHOPSYNC_LOG_URL": f"kafka://{','.join(cluster.servers)}",
            "SHOPSYNC_KAFKA_TOPIC_PREFIX": cluster.prefix,
        }

        await asyncio.to_thread(demonstrated, place)

        assert sum((await went_through(cluster)).values()) > 2_000


async def went_through(cluster: KafkaCluster) -> Mapping[Partition, int]:
    async with KafkaLog.open(cluster) as log:
        behind = {home: each.events for home, each in (await log.lag("nobody")).items()}
        assert not any(each.events for each in (await log.lag("syncer")).values())
    return behind
