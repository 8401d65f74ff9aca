"""When the log refuses, and that it takes again afterwards."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from services.shared.contract.errors import LogUnavailableError
from services.shared.contract.events import Event, NewEvent
from services.shared.contract.topics import dead_topic
from services.shared.log.sqlite import SqliteLog

ORDERS = "shopify.orders"
BACKFILL = "shopify.orders.backfill"
LIMIT = 2 * 2**20


def event(topic: str = ORDERS, size: int = 10_000) -> NewEvent:
    return NewEvent(topic=topic, key="acme/orders/1", value=bytes(size), headers={})


@asynccontextmanager
async def locked(path: Path) -> AsyncIterator[None]:
    """Another process's transaction that does not end."""
    other = sqlite3.connect(path, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        yield
    finally:
        other.close()


async def refused(log: SqliteLog, topic: str, size: int = 10_000) -> LogUnavailableError:
    """Appends to ``topic`` until the log refuses."""
    while True:
        try:
            await log.append([event(topic, size)])
        except LogUnavailableError as problem:
            return problem


async def settle_all(log: SqliteLog, topics: Sequence[str]) -> None:
    async with log.reader("syncer", topics, "one") as reader:
        events: list[Event] = []
        while batch := (await reader.poll(500, 0)).events:
            events += batch
        await reader.commit({each.position.partition: each.position.offset + 1 for each in events})


async def test_backfill_stops_at_half_and_live_goes_on_to_the_limit(tmp_path: Path) -> None:
    async with SqliteLog.open(tmp_path / "log.db", size_limit_bytes=LIMIT) as log:
        first = await refused(log, BACKFILL)
        halfway = await log.used_bytes()
        assert await log.is_writable()
        second = await refused(log, ORDERS)

        assert (first.reason, second.reason) == ("log_full", "log_full")
        assert (first.retry_after or 0) > 0
        assert 0.45 * LIMIT < halfway <= 0.5 * LIMIT
        assert 0.95 * LIMIT < await log.used_bytes() <= LIMIT


async def test_a_full_log_still_takes_the_dead_letters_that_help_to_empty_it(
    tmp_path: Path,
) -> None:
    async with SqliteLog.open(tmp_path / "log.db", size_limit_bytes=LIMIT) as log:
        await refused(log, ORDERS)

        await log.append([event(dead_topic(ORDERS))])


async def test_a_log_emptied_by_settling_and_trimming_takes_again(tmp_path: Path) -> None:
    async with SqliteLog.open(tmp_path / "log.db", size_limit_bytes=LIMIT) as log:
        await refused(log, ORDERS)
        await settle_all(log, [ORDERS])
        await log.trim()

        await log.append([event(), event(BACKFILL)])

        assert await log.is_writable()


async def test_a_full_log_is_not_writable_for_readiness(tmp_path: Path) -> None:
    async with SqliteLog.open(tmp_path / "log.db", size_limit_bytes=100_000) as log:
        assert await log.is_writable()
        await refused(log, ORDERS)
        await refused(log, ORDERS, size=0)

        assert not await log.is_writable()


async def test_a_refused_append_leaves_its_neighbours_in_the_group_alone(tmp_path: Path) -> None:
    async with SqliteLog.open(tmp_path / "log.db", size_limit_bytes=LIMIT) as log:
        answers = await asyncio.gather(
            log.append([event()]),
            log.append([event(), event(size=LIMIT)]),
            log.append([event()]),
            return_exceptions=True,
        )
        left = await log.lag("syncer")

    assert [type(each) for each in answers] == [type(None), LogUnavailableError, type(None)]
    assert sum(each.events for each in left.values()) == 2


async def test_a_locked_log_refuses_in_time_and_everybody_who_waits(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    async with SqliteLog.open(path) as log:
        async with locked(path):
            started = asyncio.get_running_loop().time()
            answers = await asyncio.gather(
                *(log.append([event()]) for _ in range(20)), return_exceptions=True
            )
            waited = asyncio.get_running_loop().time() - started
            assert not await log.is_writable()
        assert {getattr(each, "reason", None) for each in answers} == {"log_locked"}
        assert waited < 2.0

        assert await log.is_writable()
        await log.append([event()])
        assert sum(each.events for each in (await log.lag("syncer")).values()) == 1


async def test_reading_does_not_wait_for_who_writes(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    async with SqliteLog.open(path) as log, log.reader("syncer", [ORDERS], "one") as reader:
        await reader.poll(1, 0)
        await log.append([event()])
        async with locked(path):
            assert len((await reader.poll(1, 1)).events) == 1


async def test_settling_goes_on_when_what_is_appended_finds_no_room(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    async with SqliteLog.open(path, size_limit_bytes=LIMIT) as log:
        await log.append([event()])
        async with log.reader("syncer", [ORDERS], "one") as reader:
            [read] = (await reader.poll(1, 1)).events
            answers = await asyncio.gather(
                log.append([event(size=LIMIT)]),
                reader.commit({read.position.partition: 1}),
                return_exceptions=True,
            )

        assert [type(each) for each in answers] == [LogUnavailableError, type(None)]
        assert (await log.lag("syncer"))[read.position.partition].events == 0


async def test_a_poll_of_large_bodies_brings_few_of_them(tmp_path: Path) -> None:
    async with SqliteLog.open(tmp_path / "log.db") as log:
        for _ in range(5):
            await log.append([event(size=8 * 2**20)])
        async with log.reader("syncer", [ORDERS], "one") as reader:
            sizes = [len((await reader.poll(100, 1)).events) for _ in range(3)]

    assert sizes == [2, 2, 1]
