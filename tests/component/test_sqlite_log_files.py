"""What the log does with the file it is given."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.shared.contract.errors import (
    EventAtFaultError,
    LogUnavailableError,
    OursToFixError,
)
from services.shared.contract.events import NewEvent, Partition
from services.shared.contract.topics import TOPICS
from services.shared.log.port import Appender, History, Reader
from services.shared.log.sqlite import SqliteLog

ORDERS = "shopify.orders"


def order(number: int, value: bytes = b"{}") -> NewEvent:
    return NewEvent(topic=ORDERS, key=f"acme/orders/{number}", value=value, headers={})


async def refusal(path: Path) -> str:
    with pytest.raises(OursToFixError) as refused:
        async with SqliteLog.open(path):
            pass
    return refused.value.reason


async def test_the_ports_are_what_the_log_offers(tmp_path: Path) -> None:
    async with SqliteLog.open(tmp_path / "log.db") as log:
        appender: Appender = log
        history: History = log
        async with log.reader("syncer", [ORDERS], "one") as sqlite_reader:
            reader: Reader = sqlite_reader
            await appender.append([order(1)])
            assert len((await reader.poll(1, 1)).events) == 1
            assert (await history.lag("syncer"))[Partition(ORDERS, 0)].events == 1


async def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    path.write_bytes(b"not a database, but somebody's file" * 100)
    before = path.read_bytes()

    assert await refusal(path) == "log_damaged"
    assert path.read_bytes() == before


async def test_another_program_s_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    with closing(sqlite3.connect(path)) as file:
        file.execute("CREATE TABLE theirs (id INTEGER)")
    before = path.read_bytes()

    assert await refusal(path) == "log_is_another_file"
    assert path.read_bytes() == before


async def test_a_file_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    async with SqliteLog.open(path):
        pass
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA user_version = 99")

    assert await refusal(path) == "log_too_new"


async def test_damage_found_while_reading_is_said(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    async with SqliteLog.open(path) as log:
        await log.append([order(number, bytes(5_000)) for number in range(40)])
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2 :] = b"\xee" * (len(whole) - len(whole) // 2)
    path.write_bytes(whole)

    async with SqliteLog.open(path) as log, log.reader("syncer", [ORDERS], "one") as reader:
        with pytest.raises(LogUnavailableError, match="log_damaged"):
            await reader.poll(100, 1)


async def test_a_missing_directory_is_said(tmp_path: Path) -> None:
    with pytest.raises(LogUnavailableError, match="log_cannot_open"):
        async with SqliteLog.open(tmp_path / "missing" / "log.db"):
            pass


async def test_a_topic_nobody_declared_is_our_fault(tmp_path: Path) -> None:
    stray = NewEvent(topic="shopify.stray", key="a/b/c", value=b"", headers={})
    async with SqliteLog.open(tmp_path / "log.db") as log:
        with pytest.raises(OursToFixError, match=r"shopify\.stray"):
            await log.append([stray])
        with pytest.raises(OursToFixError, match=r"shopify\.stray"):
            async with log.reader("syncer", ["shopify.stray"], "one"):
                pass


async def test_text_that_cannot_be_stored_is_the_event_s_fault_alone(tmp_path: Path) -> None:
    broken = NewEvent(topic=ORDERS, key="acme/orders/\ud800", value=b"", headers={})
    odd = NewEvent(topic=ORDERS, key="acme/orders/1", value=b"", headers={"h": "\udfff"})
    async with SqliteLog.open(tmp_path / "log.db", partitions=3) as log:
        for event in (broken, odd):
            with pytest.raises(EventAtFaultError):
                await log.append([order(1), event])
        await log.append([order(2)])

        assert sum(each.events for each in (await log.lag("syncer")).values()) == 1


async def test_more_partitions_keep_what_was_in_the_fewer(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    for partitions in (1, 4, 2):
        async with SqliteLog.open(path, partitions=partitions) as log:
            await log.append([order(number) for number in range(20)])

    async with SqliteLog.open(path) as log, log.reader("syncer", [ORDERS], "one") as reader:
        events = (await reader.poll(100, 1)).events
    assert len(events) == 60
    assert len({event.position.partition for event in events}) == 4


async def test_a_topic_can_be_added_to_a_log_that_exists(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    async with SqliteLog.open(path) as log:
        await log.append([order(1)])
    new = NewEvent(topic="shopify.new", key="a/b/c", value=b"", headers={})
    async with SqliteLog.open(path, topics=(*TOPICS, "shopify.new")) as log:
        await log.append([new, order(2)])

        assert (await log.lag("syncer"))[Partition("shopify.new", 0)].events == 1
        assert (await log.lag("syncer"))[Partition(ORDERS, 0)].events == 2


async def test_time_on_the_log_never_goes_backward(tmp_path: Path) -> None:
    start = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    clock = iter([start, start - timedelta(hours=1), start + timedelta(seconds=1)])
    async with (
        SqliteLog.open(tmp_path / "log.db", now=lambda: next(clock)) as log,
        log.reader("syncer", [ORDERS], "one") as reader,
    ):
        for number in range(3):
            await log.append([order(number)])

        times = [event.appended_at for event in (await reader.poll(10, 1)).events]

    assert times == [start, start, start + timedelta(seconds=1)]


async def test_a_closed_log_takes_and_an_abandoned_one_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    async with SqliteLog.open(path) as log:
        await log.append([order(1)])
        log.abandon()
        with pytest.raises(LogUnavailableError, match="log_closed"):
            await log.append([order(2)])
    with pytest.raises(LogUnavailableError, match="log_closed"):
        await log.append([order(3)])

    async with SqliteLog.open(path) as log:
        assert (await log.lag("syncer"))[Partition(ORDERS, 0)].events == 1


async def test_a_clock_that_fails_is_heard_of_and_the_log_goes_on(tmp_path: Path) -> None:
    moments = [datetime(2026, 3, 29, tzinfo=UTC), None]

    def now() -> datetime:
        moment = moments.pop()
        if moment is None:
            message = "no time"
            raise ValueError(message)
        return moment

    async with SqliteLog.open(tmp_path / "log.db", now=now) as log:
        with pytest.raises(ValueError, match="no time"):
            await log.append([order(1)])
        await log.append([order(2)])

        assert (await log.lag("syncer"))[Partition(ORDERS, 0)].events == 1
