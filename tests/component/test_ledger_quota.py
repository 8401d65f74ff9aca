"""The account's quota, drawn from one row by processes that come and go."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process

import pytest

from services.shared.hubspot.pacing import DEFAULT_LIMIT, Correction, Lane, NotYet
from services.shared.ledger.engine import Ledger, opened
from services.shared.ledger.quota import LedgerQuota
from tests.support.postgres import ROOT

_WINDOW_SECONDS = 10.0


class Drawers:
    """Processes that draw, and every call that any of them made."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._running: list[tuple[Process, asyncio.Task[None]]] = []
        self.calls: list[float] = []
        self.enough = asyncio.Event()
        self.wanted = 0

    async def join(self) -> None:
        command = (sys.executable, "-m", "tests.support.quota_process", self._url, "3")
        process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, cwd=ROOT)
        self._running.append((process, asyncio.create_task(self._listen(process))))

    async def leave(self, how: signal.Signals) -> None:
        process, listening = self._running.pop(0)
        process.send_signal(how)
        await process.wait()
        await listening

    async def have_called(self, times: int) -> None:
        self.wanted = times
        self.enough.clear()
        if len(self.calls) < times:
            await self.enough.wait()

    async def _listen(self, process: Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            self.calls.append(float(line))
            if len(self.calls) >= self.wanted:
                self.enough.set()


@pytest.mark.slow
async def test_no_window_sees_more_than_the_limit_while_processes_join_leave_and_die(
    postgresql_url: str,
) -> None:
    drawers = Drawers(postgresql_url)
    for _ in range(3):
        await drawers.join()
    # Two windows and more, so that there are some to be exceeded.
    for times, how in ((40, signal.SIGKILL), (90, signal.SIGTERM), (140, signal.SIGKILL)):
        await drawers.have_called(times)
        await drawers.leave(how)
        await drawers.join()
    await drawers.have_called(230)
    for _ in range(3):
        await drawers.leave(signal.SIGKILL)

    calls = sorted(drawers.calls)
    spans = [later - first for first, later in zip(calls, calls[DEFAULT_LIMIT:], strict=False)]
    assert len(spans) > 100
    assert min(spans) > _WINDOW_SECONDS


async def test_draws_at_the_same_moment_are_each_a_slot_of_their_own(ledger_url: str) -> None:
    async def drawn(ledger: Ledger) -> float:
        verdict = await LedgerQuota(ledger, 1).draw(Lane.LIVE)
        assert not isinstance(verdict, NotYet)
        return verdict[0].delay_seconds + await ledger.now() / 1000

    async with opened(ledger_url) as one, opened(ledger_url) as two, opened(ledger_url) as three:
        await asyncio.gather(*(drawn(each) for each in (one, two, three) * 4))
        schedule, now = await LedgerQuota(one, 1).schedule()

    # Twelve slots were given away, the first of them no earlier than now.
    assert schedule.next_slot > now + 6 * 10.3 / 99


async def test_what_one_process_learns_of_the_limit_holds_for_all(ledger_url: str) -> None:
    async with opened(ledger_url) as one, opened(ledger_url) as two:
        await LedgerQuota(one, 1).correct(Correction(limit=190, pause_seconds=60.0))
        schedule, now = await LedgerQuota(two, 1).schedule()

    assert schedule.limit == 190
    assert schedule.next_slot > now + 50
