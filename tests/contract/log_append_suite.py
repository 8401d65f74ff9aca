"""What every log must keep of what is appended to it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from services.shared.contract.events import Event, NewEvent, Partition
from services.shared.log.port import Log
from tests.contract.log_engines import OnAnEngine
from tests.support.log_events import (
    ORDERS,
    all_lag,
    nothing_more,
    numbered,
    order,
    take,
    values,
)


class AppendSuite(OnAnEngine):
    async def test_an_event_is_read_as_it_was_appended(self, log: Log) -> None:
        event = NewEvent(
            topic=ORDERS, key="äcme/orders/1", value=b"\x00\xff{}", headers={"shop": "é"}
        )
        await log.append([event])

        async with log.reader("syncer", [ORDERS], "one") as reader:
            [read] = await take(reader, 1)

        assert (read.key, read.value, dict(read.headers)) == (
            event.key,
            event.value,
            dict(event.headers),
        )
        assert read.position.partition.topic == ORDERS
        assert read.appended_at.utcoffset() == timedelta(0)

    @pytest.mark.parametrize("size", [0, 1, 8 * 2**20])
    async def test_a_value_may_be_empty_or_as_large_as_any_body(self, log: Log, size: int) -> None:
        body = bytes(size)
        await log.append([order(1, body)])

        async with log.reader("syncer", [ORDERS], "one") as reader:
            [read] = await take(reader, 1)

        assert read.value == body

    async def test_appending_nothing_is_nothing(self, log: Log) -> None:
        await log.append([])

        assert all_lag(await log.lag("syncer")) == 0

    async def test_events_come_in_their_order_within_each_partition(self, log: Log) -> None:
        await log.append(numbered(60))
        await log.append([order(number, str(60 + number).encode()) for number in range(60)])

        async with log.reader("syncer", [ORDERS], "one") as reader:
            events = await take(reader, 120)

        by_partition: dict[Partition, list[Event]] = {}
        for event in events:
            by_partition.setdefault(event.position.partition, []).append(event)
        for each in by_partition.values():
            offsets = [event.position.offset for event in each]
            assert offsets == sorted(set(offsets))
            assert [int(event.value) for event in each] == sorted(
                int(event.value) for event in each
            )

    async def test_events_of_one_key_share_a_partition(self, log: Log) -> None:
        await log.append([order(number % 7, str(number).encode()) for number in range(70)])

        async with log.reader("syncer", [ORDERS], "one") as reader:
            events = await take(reader, 70)

        homes = {(event.key, event.position.partition) for event in events}
        assert len(homes) == 7

    async def test_appends_side_by_side_are_all_there_once(self, log: Log) -> None:
        await asyncio.gather(*(log.append([event]) for event in numbered(200)))

        async with log.reader("syncer", [ORDERS], "one") as reader:
            events = await take(reader, 200)
            assert await nothing_more(reader)

        assert values(events) == values(numbered(200))
