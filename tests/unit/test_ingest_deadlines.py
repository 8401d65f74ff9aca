from __future__ import annotations

import asyncio

import pytest

from services.ingest.deadlines import Deadlines


def never() -> asyncio.Future[None]:
    return asyncio.get_running_loop().create_future()


async def test_what_is_done_in_time_is_not_disturbed() -> None:
    deadlines = Deadlines(0.05)
    late, done = never(), never()

    deadlines.begin(late)
    deadlines.begin(done)
    done.set_result(None)
    took = deadlines.end(done)
    with pytest.raises(asyncio.CancelledError):
        await late

    assert took < 0.05 <= deadlines.end(late)
    assert done.result() is None


async def test_each_of_many_has_its_own_deadline() -> None:
    deadlines = Deadlines(0.02)
    loop = asyncio.get_running_loop()

    async def one() -> float:
        began, work = loop.time(), never()
        deadlines.begin(work)
        with pytest.raises(asyncio.CancelledError):
            await work
        return loop.time() - began

    first = [asyncio.create_task(one()) for _ in range(20)]
    await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
    later = asyncio.create_task(one())
    took = [*await asyncio.gather(*first), await later]

    assert all(0.01 < each < 0.2 for each in took)


async def test_a_task_has_its_deadline_too_and_hears_of_its_end() -> None:
    deadlines = Deadlines(0.01)
    heard = asyncio.Event()

    async def work() -> None:
        try:
            await never()
        finally:
            heard.set()

    task = asyncio.create_task(work())
    deadlines.begin(task)
    await asyncio.wait([task])

    assert task.cancelled()
    assert heard.is_set()
