"""What every log must tell of its past, and of how far a group is behind."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from services.shared.contract.events import Lag
from services.shared.log.port import Log
from tests.contract.log_engines import OnAnEngine
from tests.support.log_events import (
    CUSTOMERS,
    ORDERS,
    all_lag,
    behind,
    numbered,
    order,
    take,
)


class HistorySuite(OnAnEngine):
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
