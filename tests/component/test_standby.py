"""Two syncers on one embedded log: one works, the other stands by, says so, and takes over."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from services.shared.contract.errors import WorldAtFaultError
from services.shared.contract.events import Event
from services.shared.log.sqlite import SqliteLog
from services.shared.runtime.vitals import Vitals
from services.syncer.worker import Worker
from tests.support.one_topic import TOPIC, append, unexpected
from tests.support.waiting import until


class Syncer:
    """A worker with what it was given to do."""

    def __init__(self, log: SqliteLog, name: str) -> None:
        self.log = log
        self.name = name
        self.keys: list[str] = []
        self.gains = 0
        self.troubles = 0
        self.stopping = asyncio.Event()

    async def handle(self, events: Sequence[Event]) -> None:
        assert self.gains, "nothing is worked on before it is known to be ours"
        self.keys += [each.key for each in events]

    async def gained(self) -> None:
        if self.troubles:
            self.troubles -= 1
            raise WorldAtFaultError("ledger_unavailable", retry_after=0.01)
        self.gains += 1

    async def run(self) -> None:
        async with self.log.reader("syncer", [TOPIC], self.name) as reader:
            handlers: dict[str, Callable[[Sequence[Event]], Awaitable[None]]] = {TOPIC: self.handle}
            worker = Worker(reader, handlers, Vitals(), on_gap=unexpected, on_gain=self.gained)
            await worker.run(self.stopping)


async def test_the_second_stands_by_until_the_first_is_gone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with SqliteLog.open(tmp_path / "log.sqlite") as log:
        first, second = Syncer(log, "first"), Syncer(log, "second")
        running = asyncio.create_task(first.run())
        await until(lambda: first.gains)
        waiting = asyncio.create_task(second.run())
        one = await append(log, 1)
        await until(lambda: first.keys)
        await until(lambda: "standing by" in caplog.text)
        assert second.gains == 0

        first.stopping.set()
        await running
        two = await append(log, 2)
        await until(lambda: second.keys)
        second.stopping.set()
        await waiting

    assert (first.keys, second.keys) == ([one], [two])
    assert second.gains == 1


async def test_events_that_came_with_partitions_are_kept_while_the_ledger_is_away(
    tmp_path: Path,
) -> None:
    async with SqliteLog.open(tmp_path / "log.sqlite") as log:
        key = await append(log, 1)
        syncer = Syncer(log, "only")
        syncer.troubles = 2
        running = asyncio.create_task(syncer.run())
        await until(lambda: syncer.keys)
        syncer.stopping.set()
        await running

    assert syncer.keys == [key]
    assert syncer.gains == 1
