"""A process of its own beside the tests: draws HubSpot calls from the ledger's quota without end.

``python -m tests.support.quota_process URL TASKS``: each call it may send is a line with its moment
on the machine's monotonic clock, which all processes share.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time

from services.shared.hubspot.governor import Governor
from services.shared.hubspot.pacing import Lane
from services.shared.ledger.engine import opened
from services.shared.ledger.quota import LedgerQuota
from services.shared.ledger.stores import ACCOUNT


async def _call(governor: Governor, lane: Lane) -> None:
    while True:
        await governor.acquire(lane)
        os.write(1, f"{time.monotonic()}\n".encode())


async def _main(url: str, tasks: int) -> None:
    async with opened(url) as ledger, asyncio.TaskGroup() as group:
        governor = Governor(LedgerQuota(ledger, ACCOUNT))
        for each in range(tasks):
            lane = Lane.BACKFILL if each % 3 == 2 else Lane.LIVE
            group.create_task(_call(governor, lane))


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], int(sys.argv[2])))
