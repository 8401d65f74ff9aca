"""One member of a group.

aiokafka revokes every partition at each join and leave, and forgets where it stood and what was
paused. So this reader keeps what was fetched and not yet given in buffers of its own, places every
partition itself after an assignment, and knows what is held. Positions never depend on aiokafka's.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError, NoOffsetForPartitionError, OffsetOutOfRangeError

from services.shared.contract.errors import OwnershipLostError
from services.shared.contract.events import Batch, Gap, Partition, Position
from services.shared.log.kafka.connecting import Way
from services.shared.log.kafka.consuming import REVOCATION_SECONDS, Member
from services.shared.log.kafka.events import event_in
from services.shared.log.kafka.feed import Feed
from services.shared.log.kafka.offsets import Offsets
from services.shared.log.kafka.places import Place, taken
from services.shared.log.kafka.problems import closed, unavailable
from services.shared.runtime.logging import Action

_LOG = logging.getLogger(__name__)
_PLACE_SECONDS = 10.0


class KafkaReader:
    """Owns the partitions the group's leader gives it."""

    def __init__(self, way: Way, member: Member, offsets: Offsets) -> None:
        self._way = way
        self._member = member
        self._offsets = offsets
        self._feed = Feed(way, member)
        self._places: dict[Partition, Place] = {}
        self._told: frozenset[Partition] = frozenset()
        self._news = asyncio.Event()
        self._settled = asyncio.Event()
        self._gaps: list[Gap] = []
        self._last_served: Partition | None = None
        self._problem: BaseException | None = None
        self._assignments = 0
        self._is_revoking = False
        self._closed = False

    async def poll(self, limit: int, wait_seconds: float) -> Batch:
        """As the port promises.

        Raises:
            LogUnavailableError: no broker answers, or it refuses; come again.
        """
        if self._closed:
            raise closed()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait_seconds
        first = True
        while True:
            self._news.clear()
            await self._advance(loop, deadline, first=first)
            first = False
            batch = self._batch(limit)
            if batch.events or batch.gained or batch.lost or batch.gaps:
                return batch
            if loop.time() >= deadline:
                return batch
            await self._wait(deadline - loop.time())

    async def commit(self, next_offsets: Mapping[Partition, int]) -> None:
        """As the port promises. Never moves an offset backward.

        Raises:
            OwnershipLostError: a partition is somebody else's; the others' offsets were committed.
            LogUnavailableError: no broker answered in time.
        """
        mine = {each: at for each, at in next_offsets.items() if self._is_ours(each)}
        ahead = {each: at for each, at in mine.items() if at > self._places[each].settled}
        if ahead:
            await self._commit(ahead)
        self._settled.set()
        if len(mine) < len(next_offsets):
            raise OwnershipLostError("log_partitions_not_owned", detail=self._member.group)

    def hold(self, at: Position) -> None:
        """As the port promises; harmless for a partition that is not owned."""
        place = self._places.get(at.partition)
        if place is None:
            return
        place.is_held = True
        if place.given is not None and place.given != at.offset:
            self._absorb()
            place.rewind(at.offset)
            self._feed.seek(at.partition, at.offset)
        self._settled.set()

    def resume(self, partition: Partition) -> None:
        """As the port promises."""
        place = self._places.get(partition)
        if place is not None:
            place.is_held = False
            self._news.set()

    async def close(self) -> None:
        """Leaves the group: the others get the partitions at once."""
        self._closed = True
        self._places = {}
        self._settled.set()
        await self._feed.close()

    async def _advance(
        self, loop: asyncio.AbstractEventLoop, deadline: float, *, first: bool
    ) -> None:
        """Whatever brings this reader nearer to giving events."""
        self._absorb()
        await self._recover()
        if not self._feed.is_open:
            await self._feed.open(self._offsets, self)
        if any(place.given is None for place in self._places.values()):
            await self._place_all()
        self._absorb()
        self._balance()
        if self._feed.fetching is None:
            self._feed.fetch()
            if first and deadline <= loop.time():
                await asyncio.sleep(0)  # what is at hand already

    def _batch(self, limit: int) -> Batch:
        owned = frozenset(self._places)
        gained, lost = owned - self._told, self._told - owned
        self._told = owned
        gaps, self._gaps = self._gaps, []
        events = [] if self._is_revoking else taken(self._places, limit, self._last_served)
        if events:
            self._last_served = events[-1].position.partition
        return Batch(events=events, gained=gained, lost=lost, gaps=gaps)

    async def _wait(self, seconds: float) -> None:
        news = asyncio.create_task(self._news.wait())
        waiting = {news} | ({self._feed.fetching} if self._feed.fetching else set())
        try:
            await asyncio.wait(
                waiting, timeout=max(seconds, 0), return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            news.cancel()

    # What was fetched, and from where.

    def _absorb(self) -> None:
        """Puts what a finished fetch brought into the buffers, or notes why it brought nothing."""
        fetched = self._feed.taken()
        if fetched is None:
            return
        match fetched.problem:
            case None if self._is_revoking:
                pass  # it may be of the next assignment, from the committed offset: seen already
            case None:
                for partition, records in fetched.records.items():
                    self._put(partition, records)
            case OffsetOutOfRangeError() as lost:
                self._note_gaps(lost.args[0])
            case NoOffsetForPartitionError():
                pass  # a partition new to the group; it is placed by us
            case problem:
                self._problem = problem

    def _put(self, partition: Partition, records: Sequence[Any]) -> None:
        place = self._places.get(partition)
        if place is not None and place.given is not None:
            place.put(event_in(record, partition) for record in records)

    def _note_gaps(self, expected: Mapping[TopicPartition, int]) -> None:
        """What the group had not settled is gone from the log: to be said, and read on behind."""
        for home, offset in expected.items():
            partition = self._way.partition(home)
            place = self._places.get(partition)
            if place is not None and not place.buffer:
                place.given, place.gap_from = None, offset
                self._pause(partition, place)

    def _balance(self) -> None:
        """Lets the consumer fetch what there is room for, and nothing else."""
        for partition, place in self._places.items():
            if place.wants_nothing and not place.is_paused:
                self._pause(partition, place)
            elif place.is_paused and not place.wants_nothing:
                place.is_paused = not self._feed.go_on(partition)

    def _pause(self, partition: Partition, place: Place) -> None:
        place.is_paused = self._feed.pause(partition) or place.is_paused

    async def _place_all(self) -> None:
        """Finds out where partitions begin: where the group stands, or at the earliest."""
        assignments = self._assignments
        unplaced = [each for each, place in self._places.items() if place.given is None]
        try:
            async with asyncio.timeout(_PLACE_SECONDS):
                committed = await self._offsets.committed(self._member.group, unplaced)
                new = [each for each in unplaced if each not in committed or self._has_gap(each)]
                earliest = await self._offsets.earliest(new)
        except (KafkaError, TimeoutError, OSError) as problem:
            raise unavailable(problem) from problem
        if assignments != self._assignments:
            return
        for partition in unplaced:
            place = self._places[partition]
            at = earliest.get(partition, committed.get(partition, 0))
            if place.gap_from is not None:
                self._gaps.append(Gap(partition=partition, expected=place.gap_from, found=at))
                place.gap_from = None
            place.given = place.settled = at
            self._feed.seek(partition, at)

    def _has_gap(self, partition: Partition) -> bool:
        place = self._places.get(partition)
        return place is not None and place.gap_from is not None

    # The group.

    async def _commit(self, ahead: Mapping[Partition, int]) -> None:
        await self._feed.commit(ahead)
        for each, at in ahead.items():
            if each in self._places:
                self._places[each].settled = max(at, self._places[each].settled)

    def _is_ours(self, partition: Partition) -> bool:
        place = self._places.get(partition)
        return place is not None and place.given is not None and self._feed.is_open

    def is_fed_by(self, consumer: Any) -> bool:
        """Whether it is our present consumer; one that was given up may still report."""
        return self._feed.comes_from(consumer)

    async def revoked(self) -> None:
        """Gives what is being worked on some time to be settled; nothing more is given out."""
        self._absorb()
        self._is_revoking = True
        try:
            async with asyncio.timeout(REVOCATION_SECONDS):
                while any(place.is_being_worked_on for place in self._places.values()):
                    self._settled.clear()
                    await self._settled.wait()
        except TimeoutError:
            _LOG.info("work not finished before a hand-over", extra={"action": Action.HAND_OVER})

    async def assigned(self, homes: Iterable[TopicPartition]) -> None:
        """Takes over what the leader gave; where it stays ours, where we stand stays, too."""
        self._assignments += 1
        mine = {self._way.partition(home) for home in homes}
        committed = await self._committed(mine & self._places.keys())
        # Again: who asked meanwhile where partitions begin, asked about those of before.
        self._assignments += 1
        self._places = {partition: self._kept(partition, committed) for partition in mine}
        for partition, place in self._places.items():
            place.is_paused = False
            if place.given is None:
                self._pause(partition, place)
            else:
                self._feed.seek(partition, place.next_fetched)
        self._absorb()
        self._is_revoking = False
        self._news.set()

    def _kept(self, partition: Partition, committed: Mapping[Partition, int] | None) -> Place:
        """Where we stand on a partition of the new assignment, as far as that is known."""
        former = self._places.get(partition)
        if former is None or former.given is None or committed is None:
            return Place(is_held=former is not None and former.is_held)
        former.catch_up(committed.get(partition, 0))
        return former

    async def _committed(self, partitions: Iterable[Partition]) -> Mapping[Partition, int] | None:
        """How far the group is on what stays ours: others may have had it meanwhile."""
        try:
            async with asyncio.timeout(REVOCATION_SECONDS):
                return await self._offsets.committed(self._member.group, list(partitions))
        except (KafkaError, TimeoutError, OSError):
            return None  # then they are placed like new ones

    async def _recover(self) -> None:
        """A consumer that reported an error may have stopped for good: the next poll makes one."""
        problem, self._problem = self._problem, None
        if problem is not None:
            self._places = {}
            await self._feed.close()
            raise unavailable(problem) from problem
