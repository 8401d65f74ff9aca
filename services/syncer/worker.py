"""The consumer loop: one batch of each topic under way, offsets committed when it is settled.

It knows neither vendor. Polling goes on while batches are worked on; a topic whose batch is under
way is held, and so is one that met an outage, a gap, or an event of a newer version.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

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
from services.shared.contract.reasons import bounded
from services.shared.log.port import Reader
from services.shared.runtime.logging import Action
from services.shared.runtime.vitals import Vitals
from services.syncer import metrics

_LOG = logging.getLogger(__name__)
_AT_ONCE = 300
_WAIT_SECONDS = 1.0
_OUTAGE_SECONDS = 2.0
_STANDBY_POLLS = 3
# Longer than the retries of one batch may take; what outlasts it is an outage or a fault.
POLL_ALLOWED_SECONDS = 90.0
BATCH_ALLOWED_SECONDS = 180.0

_NEWER_FORMAT = "newer_format"
_NEWER_FORMAT_SECONDS = 15.0

HandleEvents = Callable[[Sequence[Event]], Awaitable[None]]
HandleGap = Callable[[Gap], Awaitable[None]]
HandleGain = Callable[[], Awaitable[None]]


class Worker:
    """Reads events and hands them to the handler of their topic.

    ``on_gap`` makes up for what the log lost; the partition rests until that is done. ``on_gain``
    is called before the first events of partitions that have become ours.
    """

    def __init__(  # noqa: PLR0913 - what it reads, and what it does with each thing that comes
        self,
        reader: Reader,
        handlers: Mapping[str, HandleEvents],
        vitals: Vitals,
        *,
        on_gap: HandleGap,
        on_gain: HandleGain,
        rest_seconds: float = _NEWER_FORMAT_SECONDS,
    ) -> None:
        self._reader = reader
        self._handlers = handlers
        self._vitals = vitals
        self._on_gap = on_gap
        self._on_gain = on_gain
        self._rest_seconds = rest_seconds
        self._owes_welcome = False
        self._resting: set[asyncio.Task[None]] = set()

    async def run(self, stopping: asyncio.Event) -> None:
        """Work until told to stop; batches under way are finished first.

        A batch that cannot be worked on is given again after a while: nothing is skipped.
        """
        polling = self._vitals.pulse("worker", POLL_ALLOWED_SECONDS)
        polling.begin()
        idle_polls: int | None = 0
        async with asyncio.TaskGroup() as group:
            while not stopping.is_set():
                try:
                    batch = await self._reader.poll(_AT_ONCE, _WAIT_SECONDS)
                    polling.beat()
                    idle_polls = _said_to_stand_by(idle_polls, has_gained=bool(batch.gained))
                    self._make_up_for(batch.gaps, group)
                    await self._welcome(batch)
                except WorldAtFaultError as problem:
                    polling.suffer(problem.reason)
                    await self._pause(problem)
                    continue
                self._begin(batch.events, group)
            for rest in self._resting:
                rest.cancel()

    async def _welcome(self, batch: Batch) -> None:
        """Say once that partitions have become ours; while that fails, nothing is worked on."""
        self._owes_welcome = self._owes_welcome or bool(batch.gained)
        if not self._owes_welcome:
            return
        try:
            await self._on_gain()
        except WorldAtFaultError:
            self._rewind(batch.events)
            raise
        self._owes_welcome = False

    def _begin(self, events: Sequence[Event], group: asyncio.TaskGroup) -> None:
        """One task for each topic, and for each partition that must rest."""
        readable, newer = _readable(events)
        for position in newer:
            self._reader.hold(position)
            self._let_rest(group.create_task(self._rest(position)))
        waiting = frozenset(each.partition for each in newer)
        for topic, some in _by_topic(readable).items():
            for partition, offset in _ends(some).items():
                if partition not in waiting:
                    self._reader.hold(Position(partition, offset))
            group.create_task(self._settle(topic, some, waiting))

    def _let_rest(self, task: asyncio.Task[None]) -> None:
        self._resting.add(task)
        task.add_done_callback(self._resting.discard)

    async def _settle(
        self, topic: str, events: Sequence[Event], waiting: Collection[Partition]
    ) -> None:
        pulse = self._vitals.pulse(f"batch {topic}", BATCH_ALLOWED_SECONDS)
        pulse.begin()
        try:
            with metrics.BATCH_SECONDS.labels(topic).time():
                await self._handlers[topic](events)
        except (WorldAtFaultError, OursToFixError, OwnershipLostError) as problem:
            # Also where a claim was lost: only a settled batch may be passed over.
            pulse.suffer(problem.reason)
            await self._pause(problem)
            self._rewind(events, waiting)
            return
        await self._commit(topic, events, waiting)
        pulse.rest()

    async def _commit(
        self, topic: str, events: Sequence[Event], waiting: Collection[Partition]
    ) -> None:
        ends = _ends(events)
        try:
            await self._reader.commit(ends)
        except OwnershipLostError:
            _LOG.info("partition lost", extra={"action": Action.HAND_OVER, "topic": topic})
        except WorldAtFaultError as problem:
            await self._pause(problem)
            self._rewind(events, waiting)
            return
        for partition in ends.keys() - waiting:
            self._reader.resume(partition)

    def _rewind(self, events: Sequence[Event], waiting: Collection[Partition] = ()) -> None:
        """Have ``events`` given again."""
        for partition, offset in _starts(events).items():
            self._reader.hold(Position(partition, offset))
            if partition not in waiting:
                self._reader.resume(partition)

    def _make_up_for(self, gaps: Sequence[Gap], group: asyncio.TaskGroup) -> None:
        for gap in gaps:
            self._reader.hold(Position(gap.partition, gap.found))
            self._let_rest(group.create_task(self._make_up(gap)))

    async def _make_up(self, gap: Gap) -> None:
        """The log lost events: an incident, said and counted, and the partition rests meanwhile."""
        metrics.GAPS.labels(gap.partition.topic).inc()
        _LOG.error(
            "the log lost events that were not settled",
            extra={
                "action": Action.LOG_GAP,
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
            extra={
                "action": Action.HOLD,
                "reason": _NEWER_FORMAT,
                "topic": position.partition.topic,
            },
        )
        await asyncio.sleep(self._rest_seconds)
        self._reader.resume(position.partition)

    async def _pause(self, problem: SyncError) -> None:
        metrics.HELD.labels(bounded(problem.reason)).inc()
        level = logging.ERROR if isinstance(problem, OursToFixError) else logging.WARNING
        _LOG.log(level, "held", extra={"action": Action.HOLD, "reason": problem.reason})
        retry_after = problem.retry_after if isinstance(problem, WorldAtFaultError) else None
        await asyncio.sleep(min(retry_after or _OUTAGE_SECONDS, 60.0))


def _said_to_stand_by(idle_polls: int | None, *, has_gained: bool) -> int | None:
    """Count polls until something is ours; say it once if that takes long. None: all is said."""
    if idle_polls is None or has_gained:
        return None
    if idle_polls < _STANDBY_POLLS:
        return idle_polls + 1
    _LOG.info("standing by: others read the log", extra={"action": Action.STAND_BY})
    return None


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
