"""What every log must keep, whatever it is made of.

An implementation's tests subclass ``LogSuite`` and give it the fixture ``log_engine``.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Protocol

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.shared.contract.errors import OwnershipLostError
from services.shared.contract.events import Event, Lag, NewEvent, Partition, Position
from services.shared.log.port import Log, Reader
from tests.contract.log_walk import Step, Walk, steps

ORDERS = "shopify.orders"
CUSTOMERS = "shopify.customers"
SOON = 10.0
"""Seconds a test waits for what must come; only a failing test waits so long."""


class Place(Protocol):
    """An empty log that can be opened many times, one after another or side by side."""

    def open(self) -> AbstractAsyncContextManager[Log]:
        """The log as a process would open it."""


class Engine(Protocol):
    """Makes empty logs."""

    def place(self) -> AbstractAsyncContextManager[Place]:
        """A new empty log, gone when the context is left."""


def order(number: int, value: bytes = b"{}", topic: str = ORDERS) -> NewEvent:
    return NewEvent(
        topic=topic,
        key=f"acme.myshopify.com/orders/{number}",
        value=value,
        headers={"shop": "acme.myshopify.com", "origin": "webhook", "change": "state"},
    )


def numbered(count: int, topic: str = ORDERS) -> list[NewEvent]:
    return [order(number, str(number).encode(), topic) for number in range(count)]


async def take(reader: Reader, count: int) -> list[Event]:
    """The next ``count`` events, or more if the last batch brings more."""
    events: list[Event] = []
    async with asyncio.timeout(SOON):
        while len(events) < count:
            events += (await reader.poll(100, 1.0)).events
    return events


async def nothing_more(reader: Reader) -> bool:
    return not (await reader.poll(100, 0.2)).events


def behind(events: Iterable[Event]) -> dict[Partition, int]:
    """The offsets to commit when ``events`` are settled."""
    offsets: dict[Partition, int] = {}
    for event in events:
        at = event.position
        offsets[at.partition] = max(offsets.get(at.partition, 0), at.offset + 1)
    return offsets


def values(events: Iterable[Event]) -> Counter[bytes]:
    return Counter(event.value for event in events)


def all_lag(lag: Mapping[Partition, Lag]) -> int:
    return sum(each.events for each in lag.values())


class LogSuite:
    @pytest.fixture
    @abstractmethod
    def log_engine(self) -> Engine:
        """The implementation under test."""

    @pytest.fixture
    async def place(self, log_engine: Engine) -> AsyncIterator[Place]:
        async with log_engine.place() as place:
            yield place

    @pytest.fixture
    async def log(self, place: Place) -> AsyncIterator[Log]:
        async with place.open() as log:
            yield log

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

        assert values(events) == values_of(numbered(200))

    async def test_what_is_not_subscribed_to_does_not_come(self, log: Log) -> None:
        await log.append([*numbered(5), *numbered(5, CUSTOMERS)])

        async with log.reader("syncer", [CUSTOMERS], "one") as reader:
            events = await take(reader, 5)
            assert await nothing_more(reader)

        assert {event.position.partition.topic for event in events} == {CUSTOMERS}

    async def test_a_poll_brings_no_more_than_its_limit(self, log: Log) -> None:
        await log.append(numbered(20))

        async with log.reader("syncer", [ORDERS], "one") as reader:
            batches = [(await reader.poll(7, SOON)).events for _ in range(3)]

        assert all(len(events) <= 7 for events in batches)
        assert sum(map(len, batches)) > 0

    async def test_a_poll_waits_for_what_is_appended_meanwhile(self, log: Log) -> None:
        async with log.reader("syncer", [ORDERS], "one") as reader:
            assert await nothing_more(reader)
            polling = asyncio.create_task(take(reader, 1))
            await log.append([order(1, b"late")])

            assert [event.value for event in await polling] == [b"late"]

    async def test_a_poll_sees_what_another_process_appends(self, place: Place, log: Log) -> None:
        async with place.open() as other, log.reader("syncer", [ORDERS], "one") as reader:
            assert await nothing_more(reader)
            polling = asyncio.create_task(take(reader, 1))
            await other.append([order(1, b"from afar")])

            assert [event.value for event in await polling] == [b"from afar"]

    async def test_partitions_are_reported_gained_once(self, log: Log) -> None:
        await log.append(numbered(30))
        async with log.reader("syncer", [ORDERS], "one") as reader:
            gained: list[Partition] = []
            seen: list[Event] = []
            while len(seen) < 30:
                batch = await reader.poll(10, SOON)
                gained += batch.gained
                seen += batch.events
                assert not batch.lost

        assert len(gained) == len(set(gained))
        assert set(gained) >= {event.position.partition for event in seen}

    async def test_a_new_group_begins_at_the_earliest(self, log: Log) -> None:
        await log.append(numbered(10))
        async with log.reader("first", [ORDERS], "one") as reader:
            await reader.commit(behind(await take(reader, 10)))

        async with log.reader("second", [ORDERS], "one") as reader:
            assert values(await take(reader, 10)) == values_of(numbered(10))

    async def test_what_was_committed_does_not_come_again(self, place: Place) -> None:
        async with place.open() as log:
            await log.append(numbered(10))
            async with log.reader("syncer", [ORDERS], "one") as reader:
                await reader.commit(behind(await take(reader, 10)))
            await log.append([order(1, b"new")])

        async with place.open() as log, log.reader("syncer", [ORDERS], "two") as reader:
            assert [event.value for event in await take(reader, 1)] == [b"new"]
            assert await nothing_more(reader)

    async def test_what_was_not_committed_comes_again(self, log: Log) -> None:
        await log.append(numbered(10))
        async with log.reader("syncer", [ORDERS], "one") as reader:
            await take(reader, 10)

        async with log.reader("syncer", [ORDERS], "two") as reader:
            assert values(await take(reader, 10)) == values_of(numbered(10))

    async def test_a_commit_never_goes_backward(self, log: Log) -> None:
        await log.append(numbered(10))
        async with log.reader("syncer", [ORDERS], "one") as reader:
            settled = behind(await take(reader, 10))
            await reader.commit(settled)
            await reader.commit(dict.fromkeys(settled, 0))

        async with log.reader("syncer", [ORDERS], "two") as reader:
            assert await nothing_more(reader)

    async def test_a_member_that_joins_gets_everything_when_the_other_leaves(
        self, place: Place, log: Log
    ) -> None:
        await log.append(numbered(30))
        async with place.open() as other:
            async with log.reader("syncer", [ORDERS], "one") as first:
                await first.commit(behind(await take(first, 30)))
                second_context = other.reader("syncer", [ORDERS], "two")
                second = await second_context.__aenter__()
                await second.poll(10, 0.1)
            await log.append([order(number, b"after") for number in range(30)])
            events = await take(second, 30)
            await second_context.__aexit__(None, None, None)

        assert values(events) == Counter({b"after": 30})

    async def test_a_former_owner_cannot_commit(self, log: Log) -> None:
        await log.append(numbered(10))
        async with log.reader("syncer", [ORDERS], "one") as former:
            settled = behind(await take(former, 10))
        async with log.reader("syncer", [ORDERS], "two") as owner:
            events = await take(owner, 10)

            with pytest.raises(OwnershipLostError):
                await former.commit(settled)

            await owner.commit(behind(events))

    async def test_a_partition_of_another_topic_cannot_be_committed(self, log: Log) -> None:
        await log.append([*numbered(3), *numbered(3, CUSTOMERS)])
        async with log.reader("syncer", [ORDERS], "one") as reader:
            await take(reader, 3)

            with pytest.raises(OwnershipLostError):
                await reader.commit({Partition(CUSTOMERS, 0): 1})

    async def test_a_held_partition_rests_while_others_go_on(self, log: Log) -> None:
        await log.append([*[order(1, b"held")] * 3, *[order(1, b"free", CUSTOMERS)] * 3])
        async with log.reader("syncer", [ORDERS, CUSTOMERS], "one") as reader:
            first = next(e for e in await take(reader, 6) if e.value == b"held")
            reader.hold(first.position)
            await log.append([order(1, b"held"), order(1, b"free", CUSTOMERS)])

            assert [event.value for event in await take(reader, 1)] == [b"free"]
            assert await nothing_more(reader)

            reader.resume(first.position.partition)
            again = await take(reader, 4)

        assert [event.value for event in again] == [b"held"] * 4
        assert again[0].position == first.position

    async def test_hold_and_resume_of_what_is_not_owned_or_held_are_harmless(
        self, log: Log
    ) -> None:
        await log.append(numbered(3))
        async with log.reader("syncer", [ORDERS], "one") as reader:
            reader.resume(Partition(ORDERS, 0))
            reader.hold(Position(Partition(CUSTOMERS, 0), 0))

            assert len(await take(reader, 3)) == 3

    async def test_a_long_partition_does_not_keep_a_short_one_waiting(self, log: Log) -> None:
        await log.append([order(1, b"long")] * 500)
        await log.append([order(1, b"short", CUSTOMERS)] * 3)
        async with log.reader("syncer", [ORDERS, CUSTOMERS], "one") as reader:
            early = await take(reader, 100)
            early += await take(reader, 100)

        assert values(early)[b"short"] == 3

    @pytest.mark.parametrize(("long", "short"), [(ORDERS, CUSTOMERS), (CUSTOMERS, ORDERS)])
    async def test_even_polls_of_one_event_come_round_to_every_partition(
        self, log: Log, long: str, short: str
    ) -> None:
        await log.append([order(1, b"long", long)] * 50)
        await log.append([order(1, b"short", short)])
        async with log.reader("syncer", [ORDERS, CUSTOMERS], "one") as reader:
            polled: list[Event] = []
            for _ in range(12):
                polled += (await reader.poll(1, SOON)).events

        assert values(polled)[b"short"] == 1

    async def test_between_gives_what_was_appended_in_that_time(self, log: Log) -> None:
        for number in range(9):
            await log.append([order(number, str(number).encode())])
            await asyncio.sleep(0.005)
        async with log.reader("syncer", [ORDERS], "one") as reader:
            events = sorted(await take(reader, 9), key=lambda event: int(event.value))
        since, until = events[2].appended_at, events[6].appended_at

        found = [event async for event in log.between(ORDERS, since, until)]

        expected = [event for event in events if since <= event.appended_at < until]
        assert sorted(found, key=lambda event: int(event.value)) == expected
        assert 0 < len(expected) < 9

    async def test_between_consumes_nothing(self, log: Log) -> None:
        await log.append(numbered(3))
        async with log.reader("syncer", [ORDERS], "one") as reader:
            events = await take(reader, 3)
        far = timedelta(days=1)
        times = [event.appended_at for event in events]

        assert len([e async for e in log.between(ORDERS, min(times) - far, max(times) + far)]) == 3
        assert [e async for e in log.between(CUSTOMERS, min(times) - far, max(times) + far)] == []
        assert all_lag(await log.lag("syncer")) == 3

    async def test_lag_counts_what_is_not_settled_and_since_when(self, log: Log) -> None:
        await log.append([order(1, str(number).encode()) for number in range(5)])
        async with log.reader("syncer", [ORDERS], "one") as reader:
            events = await take(reader, 5)
            home = events[0].position.partition
            before = (await log.lag("syncer"))[home]
            await reader.commit({home: events[2].position.offset})
            halfway = (await log.lag("syncer"))[home]
            await reader.commit(behind(events))
            after = (await log.lag("syncer"))[home]

        assert before == Lag(events=5, oldest_appended_at=events[0].appended_at)
        assert halfway == Lag(events=3, oldest_appended_at=events[2].appended_at)
        assert after == Lag(events=0, oldest_appended_at=None)

    @settings(
        max_examples=60,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(history=st.lists(steps(), max_size=40))
    async def test_any_history_delivers_everything_in_order_and_nothing_settled_again(
        self, log_engine: Engine, history: Collection[Step]
    ) -> None:
        await self.check_history(log_engine, history)

    async def check_history(self, log_engine: Engine, history: Collection[Step]) -> None:
        async with log_engine.place() as place:
            walk = Walk(place.open)
            async with walk:
                for step in history:
                    await walk.take(step)
                await walk.finish()
            walk.check()


def values_of(events: Iterable[NewEvent]) -> Counter[bytes]:
    return Counter(event.value for event in events)
