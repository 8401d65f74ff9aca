"""Brokers we start are gone afterwards, however we end."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.support.kafka.shared import need_a_broker
from tests.support.waiting import until

pytestmark = [pytest.mark.xdist_group("kafka-outages"), pytest.mark.timeout(240)]
_USER = """
import asyncio, sys
from tests.support.kafka.broker import kafka_broker

async def main():
    async with kafka_broker() as broker:
        print(*broker.pids, broker.folder, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_a_broker_is_gone_when_who_started_it_is_killed() -> None:
    need_a_broker()
    user = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _USER), stdout=asyncio.subprocess.PIPE
    )
    assert user.stdout is not None
    server, folder = (await user.stdout.readline()).decode().split()
    assert is_running(int(server))

    user.send_signal(signal.SIGKILL)
    await user.wait()

    await until(lambda: not (is_running(int(server)) or is_there(folder)), 30)


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def is_there(folder: str) -> bool:
    return Path(folder).exists()
