"""One member of a group."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.shared.contract.errors import OwnershipLostError
from services.shared.contract.events import Batch, Event, Partition, Position
from services.shared.log.partitioning import rotated, shares
from services.shared.log.sqlite import groups
from services.shared.log.sqlite.events import read_range
from services.shared.log.sqlite.ownership import GroupLock
from services.shared.log.sqlite.problems import unavailable
from services.shared.log.sqlite.running import Run
from services.shared.log.sqlite.waking import Bell, wait_for
from services.shared.log.sqlite.writing import Writer

# One poll brings no more than this, but always one event: memory must not grow with bodies.
POLL_BYTES = 16 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Who reads what: the partitions subscribed to, with their ids in the file."""

    group: str
    name: str
    partition_ids: Mapping[Partition, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a reader works with; ``watch_seconds`` is how long other processes stay unnoticed."""

    connection: sqlite3.Connection
    run: Run
    writer: Writer
    bell: Bell
    watch_seconds: float


@dataclass(slots=True)
class _Owned:
    """What the owner of a group knows: its generation, and where each partition goes on."""

    generation: int
    next_offsets: dict[Partition, int]
    held: set[Partition] = field(default_factory=set)
    last_served: Partition | None = None

    def order(self) -> list[Partition]:
        ready = [each for each in self.next_offsets if each not in self.held]
        return rotated(ready, self.last_served)


class SqliteReader:
    """Owns all partitions it subscribed to, or none while another member of the group does."""

    def __init__(self, source: Source, member: Member, lock: GroupLock) -> None:
        self._source = source
        self._member = member
        self._lock = lock
        self._owned: _Owned | None = None
        self._closed = False

    async def poll(self, limit: int, wait_seconds: float) -> Batch:
        """As the port promises; a standby gets empty batches until the owner is gone."""
        deadline = asyncio.get_running_loop().time() + wait_seconds
        while True:
            rung = self._source.bell.listen()
            batch = await self._take(limit)
            remaining = deadline - asyncio.get_running_loop().time()
            if batch.events or batch.gained or batch.lost or remaining <= 0:
                return batch
            await wait_for(rung, min(remaining, self._source.watch_seconds))

    async def commit(self, next_offsets: Mapping[Partition, int]) -> None:
        """As the port promises. Never moves an offset backward, nor beyond the last event."""
        if not next_offsets:
            return
        owned = self._owned
        if owned is None or not owned.next_offsets.keys() >= next_offsets.keys():
            raise OwnershipLostError("log_partitions_not_owned", detail=self._member.group)
        offsets = {
            self._member.partition_ids[partition]: offset
            for partition, offset in next_offsets.items()
        }
        claim = groups.Claim(group=self._member.group, generation=owned.generation)
        await self._source.writer.change(lambda file: groups.settle(file, claim, offsets))

    def hold(self, at: Position) -> None:
        """As the port promises; harmless for a partition that is not owned."""
        if self._owned is not None and at.partition in self._owned.next_offsets:
            self._owned.held.add(at.partition)
            self._owned.next_offsets[at.partition] = at.offset

    def resume(self, partition: Partition) -> None:
        """As the port promises."""
        if self._owned is not None:
            self._owned.held.discard(partition)
            self._source.bell.ring()

    def close(self) -> None:
        """Lets the next member of the group take over at once."""
        self._closed = True
        self._owned = None
        self._lock.release()
        self._source.bell.ring()

    async def _take(self, limit: int) -> Batch:
        gained = await self._gain()
        owned = self._owned
        if owned is None:
            return Batch()
        before = dict(owned.next_offsets)
        order = owned.order()
        try:
            found = await self._source.run(
                lambda: self._read(owned.generation, order, before, limit)
            )
        except sqlite3.Error as problem:
            raise unavailable(problem) from problem
        if found is None:
            return Batch(lost=self._lose(owned))
        return Batch(events=_advanced(owned, before, found), gained=gained)

    def _read(
        self,
        generation: int,
        order: Sequence[Partition],
        next_offsets: Mapping[Partition, int],
        limit: int,
    ) -> list[Event] | None:
        file = self._source.connection
        if groups.generation_of(file, self._member.group) != generation:
            return None
        ends = groups.ends(file)
        ids = self._member.partition_ids
        available = {each: ends[ids[each]].left_from(next_offsets[each]) for each in order}
        events: list[Event] = []
        room = POLL_BYTES
        for partition, share in shares(available, limit).items():
            if share and room > 0:
                found = read_range(
                    file, (partition, ids[partition]), next_offsets[partition], share, room
                )
                room -= sum(len(event.value) for event in found)
                events += found
        return events

    async def _gain(self) -> frozenset[Partition]:
        if self._owned is not None or self._closed or not self._lock.acquire():
            return frozenset()
        member = self._member
        try:
            taken = await self._source.writer.change(
                lambda file: groups.take_over(file, member.group, member.name, member.partition_ids)
            )
        except BaseException:
            self._lock.release()
            raise
        if not self._lock.is_held:  # closed while we waited
            return frozenset()
        self._owned = _Owned(generation=taken.generation, next_offsets=dict(taken.next_offsets))
        return frozenset(member.partition_ids)

    def _lose(self, owned: _Owned) -> frozenset[Partition]:
        self._lock.release()
        if self._owned is owned:
            self._owned = None
        return frozenset(owned.next_offsets)


def _advanced(
    owned: _Owned, before: Mapping[Partition, int], found: Sequence[Event]
) -> list[Event]:
    """Those of ``found`` whose partition was not held or moved meanwhile, now behind us."""
    steady = {
        each
        for each, offset in before.items()
        if each not in owned.held and owned.next_offsets[each] == offset
    }
    events = [event for event in found if event.position.partition in steady]
    for event in events:
        owned.next_offsets[event.position.partition] = event.position.offset + 1
        owned.last_served = event.position.partition
    return events
