"""Several ingests on one port, kept together by one that started them."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest

from services.shared.log.sqlite import SqliteLog
from services.shared.runtime.serving import listening_socket
from tests.support.deliveries import signed_headers
from tests.support.environment import environment
from tests.support.postgres import ROOT
from tests.support.waiting import until

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="looks for children where Linux lists them"
)


class Workers:
    """A parent and what it started, seen from outside."""

    def __init__(self, parent: Process, port: int) -> None:
        self.parent = parent
        self.url = f"http://127.0.0.1:{port}"

    def pids(self) -> set[int]:
        listed = Path(f"/proc/{self.parent.pid}/task/{self.parent.pid}/children")
        return {int(each) for each in listed.read_text().split()}

    async def deliver(self) -> int:
        """What a delivery on a connection of its own is answered; 0 if it was cut."""
        body = b'{"id": 5001}'
        async with httpx.AsyncClient() as http:
            try:
                answer = await http.post(
                    f"{self.url}/webhooks/shopify", content=body, headers=signed_headers(body)
                )
            except httpx.TransportError:
                return 0
        return answer.status_code

    async def answer(self, workers: int) -> None:
        """Return once so many workers are there and one takes deliveries."""
        async with asyncio.timeout(60):
            while len(self.pids()) < workers or await self.deliver() != 200:  # noqa: ASYNC110 - they tell nobody
                await asyncio.sleep(0.1)


@asynccontextmanager
async def started(folder: Path, workers: int = 2) -> AsyncIterator[Workers]:
    with listening_socket("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.cli", "ingest", "--workers", str(workers)),
        env=environment(folder, port),
        cwd=ROOT,
    )
    try:
        yield Workers(parent, port)
    finally:
        with suppress(ProcessLookupError):
            parent.terminate()
        await parent.wait()


async def gone(pids: set[int]) -> None:
    await until(lambda: not any(map(_is_there, pids)), 30)


def _is_there(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


async def test_every_worker_answers_and_what_they_took_is_on_the_log(tmp_path: Path) -> None:
    async with started(tmp_path, 3) as workers:
        await workers.answer(3)
        answers = await asyncio.gather(*(workers.deliver() for _ in range(60)))
    async with SqliteLog.open(tmp_path / "log.sqlite") as log:
        lag = await log.lag("syncer")

    assert set(answers) == {200}
    assert sum(each.events for each in lag.values()) >= 61


async def test_a_worker_that_is_killed_is_started_again_and_the_others_go_on(
    tmp_path: Path,
) -> None:
    async with started(tmp_path) as workers:
        await workers.answer(2)
        before = workers.pids()
        victim = min(before)
        os.kill(victim, signal.SIGKILL)
        await gone({victim})
        await workers.answer(2)

        assert len(workers.pids() - before) == 1


async def test_asked_to_stop_all_end_and_the_parent_says_that_it_went_well(tmp_path: Path) -> None:
    async with started(tmp_path) as workers:
        await workers.answer(2)
        pids = workers.pids()
        workers.parent.terminate()

        assert await workers.parent.wait() == 0
        await gone(pids)


async def test_no_worker_outlives_a_parent_that_was_killed(tmp_path: Path) -> None:
    async with started(tmp_path) as workers:
        await workers.answer(2)
        pids = workers.pids()
        workers.parent.kill()
        await workers.parent.wait()

        await gone(pids)


async def test_a_port_somebody_else_has_is_not_shared_with_them(tmp_path: Path) -> None:
    async with started(tmp_path) as workers:
        await workers.answer(2)
        second = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services.cli", "ingest", "--workers", "2"),
            env=environment(tmp_path, int(workers.url.rpartition(":")[2])),
            cwd=ROOT,
            stderr=asyncio.subprocess.PIPE,
        )
        _, said = await second.communicate()

        assert second.returncode == 2
        assert b"address_taken" in said or b"in use" in said
