"""What every log must keep towards the members of a group."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from services.shared.contract.errors import OwnershipLostError
from services.shared.contract.events import Event, Partition, Position
from services.shared.log.port import Log
from tests.contract.log_engines import OnAnEngine, Place
from tests.support.log_events import (
    CUSTOMERS,
    ORDERS,
    SOON,
    behind,
    nothing_more,
    numbered,
    order,
    take,
    values,
)


class ReaderSuite(OnAnEngine):
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
            assert values(await take(reader, 10)) == values(numbered(10))

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
            assert values(await take(reader, 10)) == values(numbered(10))

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
