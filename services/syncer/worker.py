"""The consumer loop: one batch of each topic under way, offsets committed when it is settled.

It knows neither vendor. Polling goes on while batches are worked on; a topic whose batch is under
way is held, and so is one that met an outage.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence

from services.shared.contract.errors import OursToFixError, OwnershipLostError, WorldAtFaultError
from services.shared.contract.events import Batch, Event, Partition, Position
from services.shared.contract.reasons import bounded
from services.shared.log.port import Reader
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

HandleEvents = Callable[[Sequence[Event]], Awaitable[None]]


class Worker:
    """Reads events and hands them to the handler of their topic.

    ``gained`` is called before the first events of partitions that have become ours.
    """

    def __init__(
        self,
        reader: Reader,
        handlers: Mapping[str, HandleEvents],
        vitals: Vitals,
        gained: Callable[[], Awaitable[None]],
    ) -> None:
        self._reader = reader
        self._handlers = handlers
        self._vitals = vitals
        self._gained = gained
        self._owes_welcome = False

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
                    await self._welcome(batch)
                except WorldAtFaultError as problem:
                    polling.suffer(problem.reason)
                    await self._pause(problem)
                    continue
                for topic, events in _by_topic(batch.events).items():
                    for partition, offset in _ends(events).items():
                        self._reader.hold(Position(partition, offset))
                    group.create_task(self._settle(topic, events))

    async def _welcome(self, batch: Batch) -> None:
        """Say once that partitions have become ours; while that fails, nothing is worked on."""
        self._owes_welcome = self._owes_welcome or bool(batch.gained)
        if not self._owes_welcome:
            return
        try:
            await self._gained()
        except WorldAtFaultError:
            for partition, offset in _starts(batch.events).items():
                self._reader.hold(Position(partition, offset))
                self._reader.resume(partition)
            raise
        self._owes_welcome = False

    async def _settle(self, topic: str, events: Sequence[Event]) -> None:
        ends = _ends(events)
        pulse = self._vitals.pulse(f"batch {topic}", BATCH_ALLOWED_SECONDS)
        pulse.begin()
        try:
            with metrics.BATCH_SECONDS.labels(topic).time():
                await self._handlers[topic](events)
            await self._reader.commit(ends)
            pulse.rest()
        except OwnershipLostError:
            pulse.rest()
            _LOG.info("partition lost", extra={"action": "hand_over", "topic": topic})
        except (WorldAtFaultError, OursToFixError) as problem:
            pulse.suffer(problem.reason)
            for partition, offset in _starts(events).items():
                self._reader.hold(Position(partition, offset))
            await self._pause(problem)
        for partition in ends:
            self._reader.resume(partition)

    async def _pause(self, problem: WorldAtFaultError | OursToFixError) -> None:
        metrics.HELD.labels(bounded(problem.reason)).inc()
        level = logging.ERROR if isinstance(problem, OursToFixError) else logging.WARNING
        _LOG.log(level, "held", extra={"action": "hold", "reason": problem.reason})
        retry_after = problem.retry_after if isinstance(problem, WorldAtFaultError) else None
        await asyncio.sleep(min(retry_after or _OUTAGE_SECONDS, 60.0))


def _said_to_stand_by(idle_polls: int | None, *, has_gained: bool) -> int | None:
    """Count polls until something is ours; say it once if that takes long. None: all is said."""
    if idle_polls is None or has_gained:
        return None
    if idle_polls < _STANDBY_POLLS:
        return idle_polls + 1
    _LOG.info("standing by: others read the log", extra={"action": "stand_by"})
    return None


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
