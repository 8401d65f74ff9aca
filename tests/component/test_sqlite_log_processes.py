"""Several processes on one log."""

from __future__ import annotations

import asyncio
import statistics
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from services.shared.contract.errors import OwnershipLostError
from services.shared.contract.events import NewEvent
from services.shared.log.sqlite import SqliteLog, SqliteReader

ROOT = Path(__file__).parents[2]
ORDERS = "shopify.orders"


@asynccontextmanager
async def beside(*arguments: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.log_process", *arguments,
        cwd=ROOT, stdin=PIPE, stdout=PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def said(process: Process) -> str:
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().strip()


def order(value: bytes = b"{}") -> NewEvent:
    return NewEvent(topic=ORDERS, key="acme.myshopify.com/orders/1", value=value, headers={})


async def gained(reader: SqliteReader) -> bool:
    async with asyncio.timeout(10):
        while not (await reader.poll(10, 1.0)).gained:
            pass
    return True


async def test_a_reader_learns_within_100_ms_what_another_process_appended(
    tmp_path: Path,
) -> None:
    path = tmp_path / "log.db"
    delays: list[float] = []
    async with (
        SqliteLog.open(path) as log,
        log.reader("syncer", [ORDERS], "test") as reader,
        beside("echo", str(path)) as process,
    ):
        assert await said(process) == "ready"
        assert process.stdin is not None
        await reader.poll(1, 0)
        for _ in range(15):
            started = asyncio.get_running_loop().time()
            process.stdin.write(b"\n")
            assert (await reader.poll(1, 10)).events
            delays.append(asyncio.get_running_loop().time() - started)

    assert statistics.median(delays) < 0.1


async def test_a_reader_in_the_same_process_is_woken_without_looking(tmp_path: Path) -> None:
    async with (
        SqliteLog.open(tmp_path / "log.db", watch_seconds=3_600) as log,
        log.reader("syncer", [ORDERS], "test") as reader,
    ):
        await reader.poll(1, 0)
        polling = asyncio.create_task(reader.poll(1, 60))
        await asyncio.sleep(0)
        await log.append([order()])
        async with asyncio.timeout(10):
            assert len((await polling).events) == 1


async def test_a_standby_in_the_same_process_is_woken_when_the_owner_leaves(
    tmp_path: Path,
) -> None:
    async with (
        SqliteLog.open(tmp_path / "log.db", watch_seconds=3_600) as log,
        log.reader("syncer", [ORDERS], "standby") as standby,
    ):
        async with log.reader("syncer", [ORDERS], "owner") as owner:
            assert await gained(owner)
            polling = asyncio.create_task(standby.poll(1, 60))
            await asyncio.sleep(0)
        async with asyncio.timeout(10):
            assert (await polling).gained


async def test_a_standby_takes_over_when_the_owner_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    async with SqliteLog.open(path) as log, beside("own", str(path), "syncer") as owner:
        await log.append([order()])
        assert await said(owner) == "owned"
        async with log.reader("syncer", [ORDERS], "standby") as standby:
            assert not (await standby.poll(10, 0.2)).events
            owner.kill()

            assert await gained(standby)


async def test_an_owner_whose_lock_file_was_removed_is_deposed_and_told_so(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    async with (
        SqliteLog.open(path) as log,
        log.reader("syncer", [ORDERS], "first") as first,
        log.reader("syncer", [ORDERS], "second") as second,
    ):
        await log.append([order(), order()])
        events = (await first.poll(1, 1)).events
        (tmp_path / "log.db.syncer.lock").unlink()
        assert await gained(second)

        with pytest.raises(OwnershipLostError):
            await first.commit({events[0].position.partition: 1})

        assert events[0].position.partition in (await first.poll(1, 1)).lost
        assert not (await first.poll(10, 0.1)).gained


async def test_many_processes_append_side_by_side(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    async with (
        SqliteLog.open(path, partitions=3) as log,
        beside("append", str(path), "a") as first,
        beside("append", str(path), "b") as second,
    ):
        for process in (first, second):
            for _ in range(200):
                await said(process)
            process.kill()
        await asyncio.gather(first.wait(), second.wait())
        left = sum(each.events for each in (await log.lag("syncer")).values())
        assert left >= 400
        numbers: dict[str, list[int]] = {}
        async with log.reader("syncer", [ORDERS], "test") as reader:
            while left:
                for event in (await reader.poll(500, 1)).events:
                    numbers.setdefault(event.headers["owner"], []).append(int(event.value))
                    left -= 1

    assert all(each == list(range(len(each))) for each in numbers.values())


async def test_a_disk_that_takes_no_more_refuses_the_whole_group_and_recovers(
    tmp_path: Path,
) -> None:
    path = tmp_path / "log.db"
    async with beside("fill", str(path), str(300_000)) as process:
        written, refused, reason = (await said(process)).split()
        assert int(refused) == 4
        assert reason in {"log_disk_full", "log_disk_failed"}
        assert await said(process) == f"{int(written) + 1} True"
        assert await process.wait() == 0

    async with SqliteLog.open(path) as log, log.reader("syncer", [ORDERS], "test") as reader:
        events = (await reader.poll(1_000, 1)).events
        assert [int(event.value) for event in events] == list(range(int(written) + 1))
