"""A backlog applied by one syncer on Kafka and PostgreSQL: what it holds in memory meanwhile.

``python -m tests.bench backlog``: some thousand orders change again and again while no syncer runs;
then one works it off, HubSpot's quota lifted.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any

from services.shared.contract.events import NewEvent
from tests.bench.engines import running_engines
from tests.bench.replicas import LOOK_SECONDS, Scene, scene
from tests.bench.seen import cpu_seconds, resident_mib
from tests.bench.shop_events import changed_again, delivered, shop_events

EVENTS = 200_000
TIMES = 40
TENTHS = 10
_AT_ONCE = 500
# What it takes to warm up: code, caches, connections.
_BEGUN = 0.05


async def measure(events: int = EVENTS) -> dict[str, Any]:
    """MiB after a twentieth of the events, by tenths, and at the end."""
    shop = shop_events(max(events // TIMES, 1))
    async with running_engines() as engines, scene(engines) as here:
        await here.append(shop.known)
        await here.add()
        await here.settled()
        await here.stop()
        appending = _changes(shop.orders, events)
        while some := [*islice(appending, _AT_ONCE)]:
            await here.append(some)
        began = time.perf_counter()
        await here.add()
        start, tenths = await _applied(here, events)
        took, pid = time.perf_counter() - began, here.syncers[0].pid
        end, used = resident_mib(pid), cpu_seconds(pid)
    return {
        "events": events,
        "orders": len(shop.orders),
        "seconds": round(took, 1),
        "events_per_second": round(events / took, 1),
        "cpu_us_per_event": round(used / events * 1e6, 1),
        "start_mib": start,
        "by_tenths_mib": tenths,
        "end_mib": end,
        "growth_mib": round(end - start, 1),
    }


def _changes(bodies: list[bytes], events: int) -> Iterator[NewEvent]:
    """Every order as it is, then again and again with a later change."""
    for number in range(events):
        times, which = divmod(number, len(bodies))
        body = changed_again(bodies[which], times) if times else bodies[which]
        yield delivered(body, number, "orders/updated" if times else "orders/create")


async def _applied(here: Scene, events: int) -> tuple[float, list[float]]:
    """Memory once the first twentieth is applied, and after every tenth."""
    pid = here.syncers[0].pid
    await _until_left(here, events * (1 - _BEGUN))
    start, tenths = resident_mib(pid), []
    for tenth in range(1, TENTHS + 1):
        await _until_left(here, events * (1 - tenth / TENTHS))
        tenths.append(resident_mib(pid))
    await here.settled()
    return start, tenths


async def _until_left(here: Scene, events: float) -> None:
    while await here.behind() > events:
        if here.syncers[0].returncode is not None:
            raise RuntimeError("the syncer ended")
        await asyncio.sleep(LOOK_SECONDS)
