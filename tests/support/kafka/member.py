"""A member of the group in a process of its own: ``member SERVER PREFIX TOPIC``.

It says ``owns`` once it owns partitions, takes events, and settles none.
"""

from __future__ import annotations

import asyncio
import sys

from services.shared.contract.errors import LogUnavailableError
from services.shared.log.address import KafkaCluster
from services.shared.log.kafka.log import KafkaLog


async def _read(server: str, prefix: str, topic: str) -> None:
    cluster = KafkaCluster(servers=(server,), prefix=prefix)
    said = False
    async with (
        KafkaLog.open(cluster) as log,
        log.reader("syncer", [topic], "process") as reader,
    ):
        while True:
            try:
                batch = await reader.poll(10, 0.2)
            except LogUnavailableError:
                continue
            if batch.gained and not said:
                said = True
                sys.stdout.write("owns\n")
                sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_read(*sys.argv[1:]))
