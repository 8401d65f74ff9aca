"""Processes of a fleet are started again when they die, and gone with whoever holds them."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.fleet import Fleet, Member
from tests.support.postgres import ROOT
from tests.support.waiting import until

_HOLDER = """
import asyncio, pathlib, sys
from tests.support.fleet import Fleet

async def hold():
    folder = pathlib.Path(sys.argv[1])
    async with Fleet(folder, {}) as fleet:
        member = fleet.add("simulators", "sandbox", "--empty")
        while not member.pid:
            await asyncio.sleep(0.05)
        if sys.argv[2] == "frozen":
            member.freeze()
        print(member.pid, flush=True)
        await asyncio.Event().wait()

asyncio.run(hold())
"""


def _env() -> Mapping[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("SHOPSYNC_")}


async def _gone(pid: int) -> None:
    with suppress(ProcessLookupError):
        while True:
            os.kill(pid, 0)
            await asyncio.sleep(0.05)


async def _lived(member: Member, lives: int) -> None:
    await until(lambda: member.lives >= lives and member.pid is not None)


@pytest.mark.parametrize("state", ["running", "frozen"])
async def test_a_killed_holder_takes_its_processes_along(tmp_path: Path, state: str) -> None:
    holder = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _HOLDER, str(tmp_path), state), stdout=PIPE, cwd=ROOT, env=_env()
    )
    assert holder.stdout is not None
    pid = int(await holder.stdout.readline())

    holder.kill()
    await holder.wait()

    await asyncio.wait_for(_gone(pid), 30)


async def test_a_killed_process_lives_again_and_one_that_died_by_itself_is_told_of(
    tmp_path: Path,
) -> None:
    async with Fleet(tmp_path, _env()) as fleet:
        killed = fleet.add("killed", "sandbox", "--empty")
        broken = fleet.add("broken", "nonsense")
        await asyncio.wait_for(_lived(killed, 1), 60)

        killed.kill()

        await asyncio.wait_for(_lived(killed, 2), 60)
        await asyncio.wait_for(_lived(broken, 2), 60)
        assert {each.name for each in fleet.deaths} == {"broken"}
        assert "nonsense" in fleet.deaths[0].said


async def test_one_whose_leaving_was_broken_off_is_gone_with_the_fleet(tmp_path: Path) -> None:
    async with Fleet(tmp_path, _env()) as fleet:
        member = fleet.add("leaving", "sandbox", "--empty")
        await asyncio.wait_for(_lived(member, 1), 60)
        leaving = asyncio.create_task(fleet.remove("leaving"))
        await asyncio.sleep(0)

        leaving.cancel()

    assert member.process is not None
    assert member.process.returncode is not None


async def test_one_still_being_started_when_the_fleet_ends_is_gone_too(tmp_path: Path) -> None:
    async with asyncio.timeout(60):
        async with Fleet(tmp_path, _env()) as fleet:
            member = fleet.add("started", "sandbox", "--empty")
            await asyncio.sleep(0)

        assert member.process is not None
        assert member.process.returncode is not None


async def test_what_is_removed_was_asked_to_end_and_does_not_come_back(tmp_path: Path) -> None:
    async with Fleet(tmp_path, _env()) as fleet:
        member = fleet.add("removed", "sandbox", "--empty")
        await asyncio.wait_for(_lived(member, 1), 60)
        member.freeze()

        await fleet.remove("removed")

        assert member.pid is None
        assert member.process is not None
        assert member.process.returncode != -signal.SIGKILL
        assert fleet.members == {}
