"""``make kafka``: a real broker on the loopback until interrupted. ``NODES=3`` makes a cluster."""

from __future__ import annotations

import asyncio
import os
import sys

from services.shared.log.address import KafkaCluster, address_of
from services.shared.log.kafka.topics import Topics
from services.shared.runtime.lifecycle import stopping_on_signals
from tests.support.kafka import starting
from tests.support.kafka.broker import kafka_broker
from tests.support.kafka.shared import GIVEN

_GROUP = "syncer"


async def _run(nodes: int) -> int:
    if given := os.environ.get(GIVEN):
        _say(f"{GIVEN} is set, nothing is started: kafka://{given}")
        return 0
    if lacking := starting.lacking():
        _say(f"No broker can be started: {lacking} is missing. Or set {GIVEN}=host:port.")
        return 1
    async with stopping_on_signals() as stopping, kafka_broker(nodes=nodes) as broker:
        cluster = address_of(broker.url)
        assert isinstance(cluster, KafkaCluster)
        async with Topics.of(cluster) as topics:
            await topics.apply(_GROUP)
        _say(f"SHOPSYNC_LOG_URL={broker.url}")
        await stopping.wait()
    return 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(asyncio.run(_run(int(os.environ.get("NODES") or "1"))))
