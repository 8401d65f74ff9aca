import asyncio
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence

import pytest

from services.shared.contract.events import Partition
from services.shared.log.address import KafkaCluster
from services.shared.log.kafka.log import KafkaLog
from tests.support.kafka.shared import cluster_of_its_own

DEMO = (sys.executable, "-m", "services.cli", "demo", "--once", "--json")
ON_ENGINES = """
import json, sys
from services.cli.demo import run
sys.exit(run(once=True, as_json=True, **json.loads(sys.argv[1])))
"""


def demonstrated(command: Sequence[str]) -> None:
    ended = subprocess.run(command, capture_output=True, text=True, timeout=230, check=False)

    assert ended.stdout, ended.stderr[-2000:]
    verdict = json.loads(ended.stdout)
    assert verdict["differences"] == 0, verdict["examples"]
    assert verdict["compared"]["orders"] >= 800
    assert ended.returncode == 0


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_two_stores_fill_hubspot_and_live_changes_arrive_exactly_as_they_must() -> None:
    demonstrated(DEMO)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.xdist_group("kafka")
async def test_the_same_holds_with_the_log_on_kafka() -> None:
    async with cluster_of_its_own(partitions=4) as cluster:
        engines = {
            "log_url": f"kafka://{','.join(cluster.servers)}",
            "kafka_topic_prefix": cluster.prefix,
        }
        command = (sys.executable, "-c", ON_ENGINES, json.dumps(engines))

        await asyncio.to_thread(demonstrated, command)

        assert sum((await went_through(cluster)).values()) > 1_000


async def went_through(cluster: KafkaCluster) -> Mapping[Partition, int]:
    async with KafkaLog.open(cluster) as log:
        behind = {home: each.events for home, each in (await log.lag("nobody")).items()}
        assert not any(each.events for each in (await log.lag("syncer")).values())
    return behind
