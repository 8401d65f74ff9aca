"""What is removed from the log, what never is, and that the disk gets its space back."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.shared.contract.events import Event, NewEvent, Partition
from services.shared.contract.topics import UNKNOWN, dead_topic
from services.shared.log.sqlite import SqliteLog
from services.shared.log.sqlite.schema import CHECKPOINT_BYTES

ORDERS = "shopify.orders"
HOME = Partition(ORDERS, 0)
START = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.moment = START

    def __call__(self) -> datetime:
        return self.moment


def event(topic: str = ORDERS, size: int = 0) -> NewEvent:
    return NewEvent(topic=topic, key="acme/orders/1", value=bytes(size), headers={})


async def settle(log: SqliteLog, group: str, offset: int) -> None:
    async with log.reader(group, [ORDERS], "one") as reader:
        await reader.poll(1, 0)
        await reader.commit({HOME: offset})


async def remaining(log: SqliteLog, topic: str = ORDERS) -> list[Event]:
    far = timedelta(days=3650)
    return [each async for each in log.between(topic, START - far, START + far)]


async def test_nothing_a_known_group_has_not_settled_is_removed(tmp_path: Path) -> None:
    async with SqliteLog.open(tmp_path / "log.db") as log:
        await log.append([event()] * 1_000)
        assert await log.trim() == 0
        await settle(log, "syncer", 900)
        await settle(log, "mirror", 600)

        assert await log.trim() == 600
        assert [each.position.offset for each in await remaining(log)] == list(range(600, 1_000))

        await settle(log, "mirror", 1_000)
        assert await log.trim() == 300


async def test_offsets_go_on_where_they_were_when_everything_was_removed(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    async with SqliteLog.open(path) as log:
        await log.append([event()] * 10)
        await settle(log, "syncer", 10)
        assert await log.trim() == 10
    async with SqliteLog.open(path) as log:
        await log.append([event()])
        async with log.reader("newcomer", [ORDERS], "one") as reader:
            [read] = (await reader.poll(10, 1)).events
        assert read.position.offset == 10
        assert (await log.lag("unheard of"))[HOME].events == 1


async def test_dead_letters_and_unknown_topics_go_by_age_and_the_rest_never(
    tmp_path: Path,
) -> None:
    clock = Clock()
    kept = (dead_topic(ORDERS), UNKNOWN)
    async with SqliteLog.open(tmp_path / "log.db", now=clock) as log:
        await log.append([event(topic) for topic in (*kept, ORDERS)])
        clock.moment += timedelta(days=29)
        await log.append([event(topic) for topic in kept])
        assert await log.trim() == 0
        clock.moment += timedelta(days=1, seconds=1)

        assert await log.trim() == 2
        assert [len(await remaining(log, topic)) for topic in (*kept, ORDERS)] == [1, 1, 1]


async def test_a_trimmed_log_gives_its_space_back(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    async with SqliteLog.open(path) as log:
        for _ in range(50):
            await log.append([event(size=10_000)] * 80)
        await settle(log, "syncer", 4_000)
        await log.trim()
        assert await log.used_bytes() < 500_000
    assert path.stat().st_size < 12 * 2**20


async def test_the_write_ahead_log_stays_small(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    async with SqliteLog.open(path) as log, log.reader("syncer", [ORDERS], "one") as reader:
        for _ in range(40):
            await log.append([event(size=10_000)] * 80)
            await reader.poll(100, 0)
        assert path.with_name("log.db-wal").stat().st_size < 3 * CHECKPOINT_BYTES


async def test_trimming_goes_on_by_itself_beside_readers_and_writers(tmp_path: Path) -> None:
    rounds: list[float] = []
    thrice = asyncio.Event()

    async def sleep(seconds: float) -> None:
        rounds.append(seconds)
        if len(rounds) == 3:
            thrice.set()
        await asyncio.sleep(0)

    async with SqliteLog.open(tmp_path / "log.db") as log:
        trimming = asyncio.create_task(log.keep_trimmed(7.0, sleep=sleep))
        await log.append([event()] * 20)
        await settle(log, "syncer", 20)
        rounds.clear()
        thrice.clear()
        await thrice.wait()
        trimming.cancel()
        await asyncio.gather(trimming, return_exceptions=True)

        assert await remaining(log) == []
        assert set(rounds) == {7.0}
