"""The consumer loop: one batch of each topic under way, offsets committed when it is settled.

It knows neither vendor. Polling goes on while batches are worked on; a topic whose batch is under
way is held, and so is one that met an outage.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence

from services.shared.contract.errors import (
    OursToFixError,
    OwnershipLostError,
    SyncError,
    WorldAtFaultError,
)
from services.shared.contract.events import (
    Batch,
    Event,
    Gap,
    Partition,
    Position,
    is_newer_format,
)
from services.shared.log.port import Reader
from services.syncer import metrics

_LOG = logging.getLogger(__name__)
_AT_ONCE = 300
_WAIT_SECONDS = 1.0
_OUTAGE_SECONDS = 2.0

_NEWER_FORMAT = "newer_format"
_NEWER_FORMAT_SECONDS = 15.0

HandleEvents = Callable[[Sequence[Event]], Awaitable[None]]
HandleGap = Callable[[Gap], Awaitable[None]]
HandleGain = Callable[[], Awaitable[None]]


class Worker:
    """Reads events and hands them to the handler of their topic.

    ``on_gap`` makes up for what the log lost; the partition rests until that is done. ``on_gain``
    is called whenever partitions were gained, before any of their events is handled.
    """

    def __init__(
        self,
        reader: Reader,
        handlers: Mapping[str, HandleEvents],
        *,
        on_gap: HandleGap,
        on_gain: HandleGain,
    ) -> None:
        self._reader = reader
        self._handlers = handlers
        self._on_gap = on_gap
        self._on_gain = on_gain

    async def run(self, stopping: asyncio.Event) -> None:
        """Work until told to stop; batches under way are finished first.

        A batch that cannot be worked on is given again after a while: nothing is skipped.
        """
        async with asyncio.TaskGroup() as group:
            resting: set[asyncio.Task[None]] = set()
            while not stopping.is_set():
                try:
                    batch = await self._reader.poll(_AT_ONCE, _WAIT_SECONDS)
                except WorldAtFaultError as problem:
                    await self._pause(problem)
                    continue
                if batch.gained:
                    await self._gained()
                self._begin(batch, group, resting)
            for rest in resting:
                rest.cancel()

    def _begin(
        self, batch: Batch, group: asyncio.TaskGroup, resting: set[asyncio.Task[None]]
    ) -> None:
        """One task for each topic, each gap, and each partition that must rest."""
        for gap in batch.gaps:
            self._reader.hold(Position(gap.partition, gap.found))
            resting.add(group.create_task(self._make_up(gap)))
        readable, newer = _readable(batch.events)
        for position in newer:
            self._reader.hold(position)
            resting.add(group.create_task(self._rest(position)))
        for topic, events in _by_topic(readable).items():
            waiting = {each.partition for each in newer}
            for partition, offset in _ends(events).items():
                if partition not in waiting:
                    self._reader.hold(Position(partition, offset))
            group.create_task(self._settle(topic, events, waiting))
        for task in [each for each in resting if each.done()]:
            resting.discard(task)

    async def _settle(
        self, topic: str, events: Sequence[Event], waiting: frozenset[Partition] | set[Partition]
    ) -> None:
        ends = _ends(events)
        try:
            with metrics.BATCH_SECONDS.labels(topic).time():
                await self._handlers[topic](events)
            await self._reader.commit(ends)
        except OwnershipLostError:
            _LOG.info("partition lost", extra={"action": "hand_over", "topic": topic})
        except (WorldAtFaultError, OursToFixError) as problem:
            for partition, offset in _starts(events).items():
                self._reader.hold(Position(partition, offset))
            await self._pause(problem)
        for partition in ends.keys() - waiting:
            self._reader.resume(partition)

    async def _make_up(self, gap: Gap) -> None:
        """The log lost events: an incident, said and counted, and the partition rests meanwhile."""
        metrics.GAPS.labels(gap.partition.topic).inc()
        _LOG.error(
            "the log lost events that were not settled",
            extra={
                "action": "log_gap",
                "topic": gap.partition.topic,
                "partition": gap.partition.number,
                "expected": gap.expected,
            },
        )
        while True:
            try:
                await self._on_gap(gap)
                break
            except (WorldAtFaultError, OursToFixError) as problem:
                await self._pause(problem)
        self._reader.resume(gap.partition)

    async def _rest(self, position: Position) -> None:
        """A newer version wrote this event, and will read it: an upgrade is under way."""
        metrics.HELD.labels(_NEWER_FORMAT).inc()
        _LOG.warning(
            "an event waits for a newer version",
            extra={"action": "hold", "reason": _NEWER_FORMAT, "topic": position.partition.topic},
        )
        await asyncio.sleep(_NEWER_FORMAT_SECONDS)
        self._reader.resume(position.partition)

    async def _gained(self) -> None:
        try:
            await self._on_gain()
        except SyncError as problem:
            _LOG.warning("hand-over", extra={"action": "hand_over", "reason": problem.reason})

    async def _pause(self, problem: WorldAtFaultError | OursToFixError) -> None:
        metrics.HELD.labels(problem.reason).inc()
        level = logging.ERROR if isinstance(problem, OursToFixError) else logging.WARNING
        _LOG.log(level, "held", extra={"action": "hold", "reason": problem.reason})
        retry_after = problem.retry_after if isinstance(problem, WorldAtFaultError) else None
        await asyncio.sleep(min(retry_after or _OUTAGE_SECONDS, 60.0))


def _readable(events: Sequence[Event]) -> tuple[list[Event], list[Position]]:
    """The events before any that only a newer version can read, and where those stand."""
    newer: dict[Partition, Position] = {}
    readable: list[Event] = []
    for event in events:
        partition = event.position.partition
        if partition not in newer and is_newer_format(event.headers):
            newer[partition] = event.position
        if partition not in newer:
            readable.append(event)
    return readable, list(newer.values())


def _by_topic(events: Sequence[Event]) -> dict[str, list[Event]]:
    grouped: dict[str, list[Event]] = {}
    for event in events:
        grouped.setdefault(event.position.partition.topic, []).append(event)
    return grouped


def _ends(events: Sequence[Event]) -> dict[Partition, int]:
    """The offset behind the last event of each partition."""
    return {event.position.partition: event.position.offset + 1 for event in events}


def _starts(events: Sequence[Event]) -> dict[Partition, int]:
    return {event.position.partition: event.position.offset for event in reversed(events)}
