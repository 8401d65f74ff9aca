"""The longest pause of any partition while a syncer joins, leaves, dies.

``python -m tests.bench pauses``: orders of every partition change ten times a second, applied by
real syncers on Kafka and PostgreSQL. A pause is the time from one commit on a partition to the
next, so that what batches take by themselves is in it; the longest without any event is told too.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from services.shared.contract.events import NewEvent, Partition
from services.shared.contract.topics import SYNCER_GROUP
from services.shared.log.kafka.consuming import SESSION_SECONDS
from services.shared.log.partitioning import partition_of
from tests.bench.engines import Engines, running_engines
from tests.bench.groups import stable
from tests.bench.replicas import Scene, scene
from tests.bench.shop_events import changed_again, delivered, shop_events

ROUNDS = 3
SYNCERS = 2
_ORDERS = 400
_EVERY_SECONDS = 0.1
_QUIET_SECONDS = 5.0
_LOOK_SECONDS = 0.05
_TOPIC = "shopify.orders"


@dataclass(slots=True)
class Commits:
    """When each partition's commits were seen to move, and how long it stood still at most."""

    offsets: dict[Partition, int] = field(default_factory=dict)
    moved_at: dict[Partition, float] = field(default_factory=dict)
    longest: float = 0.0

    def see(self, offsets: dict[Partition, int], now: float) -> None:
        """Take in how things stand."""
        for partition, offset in offsets.items():
            if offset > self.offsets.get(partition, -1):
                self.longest = max(self.longest, now - self.moved_at.get(partition, now))
                self.moved_at[partition] = now
        self.offsets = offsets

    def begin(self) -> None:
        """Forget the longest pause so far; one under way counts."""
        self.longest = 0.0


async def measure(rounds: int = ROUNDS) -> dict[str, Any]:
    """The longest pauses in seconds, of each round and of all."""
    async with running_engines() as engines:
        found = [await _round(engines) for _ in range(rounds)]
    return {
        "session_seconds": SESSION_SECONDS,
        "rounds": found,
        **{name: max(each[name] for each in found) for name in found[0]},
    }


async def _round(engines: Engines) -> dict[str, float]:
    shop = shop_events(_ORDERS)
    async with scene(engines) as here:
        await here.append(shop.known)
        await here.append([delivered(body, number) for number, body in enumerate(shop.orders)])
        await here.add(SYNCERS)
        await here.settled()
        await stable(here.place.cluster, SYNCERS)
        bodies = await _one_a_partition(here, shop.orders)
        async with _trickle(here, bodies), _watched(here, len(bodies)) as commits:
            return {
                "none": await _pause(commits, lambda: asyncio.sleep(_QUIET_SECONDS)),
                "join": await _pause(commits, lambda: _join(here)),
                "leave": await _pause(commits, lambda: _end(here, signal.SIGTERM)),
                "death": await _pause(commits, lambda: _end(here, signal.SIGKILL)),
            }


async def _pause(commits: Commits, happens: Callable[[], Awaitable[None]]) -> float:
    """The longest pause from when it begins until every partition has moved after it."""
    commits.begin()
    await happens()
    over = time.monotonic()
    while min(commits.moved_at.values()) <= over:  # noqa: ASYNC110 - seen by whoever watches
        await asyncio.sleep(_LOOK_SECONDS)
    return round(commits.longest, 2)


async def _join(here: Scene) -> None:
    await here.add()
    await stable(here.place.cluster, SYNCERS + 1)


async def _end(here: Scene, how: signal.Signals) -> None:
    """The last that came is told to end, or killed; the group is whole again without it."""
    last = here.syncers.pop()
    last.send_signal(how)
    await last.wait()
    await stable(here.place.cluster, len(here.syncers))


async def _one_a_partition(here: Scene, bodies: Sequence[bytes]) -> list[bytes]:
    """For every partition of the orders one order that belongs there."""
    places = await here.offsets.partitions([_TOPIC])
    found = {partition_of(delivered(each, 0).key, len(places)): each for each in bodies}
    if len(found) < len(places):
        raise RuntimeError("a partition has no order")
    return [*found.values()]


@asynccontextmanager
async def _trickle(here: Scene, bodies: Sequence[bytes]) -> AsyncIterator[None]:
    """All of them change, ten times a second."""

    async def change() -> None:
        times = 0
        while True:
            times += 1
            await here.append([*_changed(bodies, times)])
            await asyncio.sleep(_EVERY_SECONDS)

    async with _beside(change()):
        yield


def _changed(bodies: Sequence[bytes], times: int) -> list[NewEvent]:
    return [delivered(changed_again(each, times), times, "orders/updated") for each in bodies]


@asynccontextmanager
async def _watched(here: Scene, partitions: int) -> AsyncIterator[Commits]:
    """The commits of all partitions, from when all have moved at least once."""
    commits = Commits()

    async def watch() -> None:
        while True:
            found = await here.offsets.committed(SYNCER_GROUP)
            orders = {each: at for each, at in found.items() if each.topic == _TOPIC}
            commits.see(orders, time.monotonic())
            await asyncio.sleep(_LOOK_SECONDS)

    async with _beside(watch()):
        while len(commits.moved_at) < partitions:  # noqa: ASYNC110 - likewise
            await asyncio.sleep(_LOOK_SECONDS)
        yield commits


@asynccontextmanager
async def _beside(work: Any) -> AsyncIterator[None]:
    """``work`` goes on meanwhile; if it fails, so does what waits for it."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(work)
        yield
        task.cancel()
