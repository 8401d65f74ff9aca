from __future__ import annotations

import asyncio
import os
import signal

import pytest

from services.shared.runtime.lifecycle import (
    Companion,
    CompanionEndedError,
    run_together,
    stopping_on_signals,
)


class Worker:
    """Works until it is asked to stop, and notes how it ended."""

    def __init__(self, stopping: asyncio.Event) -> None:
        self.stopping = stopping
        self.running = asyncio.Event()
        self.ended = ""

    async def run(self) -> None:
        self.running.set()
        try:
            await self.stopping.wait()
            self.ended = "finished"
        except asyncio.CancelledError:
            self.ended = "cancelled"
            raise


async def forever() -> None:
    await asyncio.Event().wait()


async def test_all_finish_when_the_process_stops() -> None:
    stopping = asyncio.Event()
    workers = [Worker(stopping), Worker(stopping)]
    companions = [Companion(name=f"{n}", run=each.run) for n, each in enumerate(workers)]
    companions.append(Companion(name="endless", run=forever, endless=True))

    process = asyncio.create_task(run_together(companions, stopping, grace_seconds=60))
    for each in workers:
        await each.running.wait()
    stopping.set()
    await process

    assert [each.ended for each in workers] == ["finished", "finished"]


async def test_one_that_dies_takes_the_process_down_after_the_others_finished() -> None:
    stopping = asyncio.Event()
    worker = Worker(stopping)

    async def die() -> None:
        await worker.running.wait()
        raise ConnectionResetError

    with pytest.raises(ExceptionGroup) as caught:
        await run_together(
            [Companion(name="worker", run=worker.run), Companion(name="short", run=die)],
            stopping,
            grace_seconds=60,
        )

    assert [type(each) for each in caught.value.exceptions] == [ConnectionResetError]
    assert worker.ended == "finished"


async def test_one_that_returns_before_its_time_counts_as_dead() -> None:
    async def return_at_once() -> None:
        return

    with pytest.raises(ExceptionGroup) as caught:
        await run_together(
            [Companion(name="short", run=return_at_once)], asyncio.Event(), grace_seconds=60
        )

    assert isinstance(caught.value.exceptions[0], CompanionEndedError)


async def test_who_does_not_stop_in_time_is_cancelled_and_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stopping = asyncio.Event()
    stopping.set()

    await run_together([Companion(name="deaf", run=forever)], stopping, grace_seconds=0.01)

    assert "a task did not stop in time" in caplog.messages


async def test_a_cancelled_process_takes_its_companions_with_it() -> None:
    worker = Worker(asyncio.Event())
    process = asyncio.create_task(
        run_together([Companion(name="worker", run=worker.run)], asyncio.Event(), grace_seconds=60)
    )
    await worker.running.wait()

    process.cancel()
    with pytest.raises(asyncio.CancelledError):
        await process

    assert worker.ended == "cancelled"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_asks_the_process_to_stop(number: signal.Signals) -> None:
    async with stopping_on_signals() as stopping:
        os.kill(os.getpid(), number)

        await stopping.wait()
