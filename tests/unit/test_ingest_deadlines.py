from __future__ import annotations

import asyncio

import pytest

from services.ingest.deadlines import Deadlines


async def never() -> None:
    await asyncio.Event().wait()


async def test_what_is_done_in_time_is_not_disturbed() -> None:
    deadlines = Deadlines(0.05)

    before = await deadlines.within(asyncio.sleep(0))
    with pytest.raises(TimeoutError):
        await deadlines.within(never())
    after = await deadlines.within(asyncio.sleep(0))

    assert max(before, after) < 0.05


async def test_each_of_many_has_its_own_deadline() -> None:
    deadlines = Deadlines(0.02)
    loop = asyncio.get_running_loop()

    async def one() -> float:
        began = loop.time()
        with pytest.raises(TimeoutError):
            await deadlines.within(never())
        return loop.time() - began

    first = [asyncio.create_task(one()) for _ in range(20)]
    await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
    later = asyncio.create_task(one())
    took = [*await asyncio.gather(*first), await later]

    assert all(0.01 < each < 0.2 for each in took)


async def test_an_error_and_a_cancellation_pass_through() -> None:
    deadlines = Deadlines(60)

    async def fail() -> None:
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await deadlines.within(fail())
    waiting = asyncio.create_task(deadlines.within(never()))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
