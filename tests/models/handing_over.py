"""A partition that moves between two syncers: the product's consumer loop on a log in memory."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from services.shared.contract.errors import OwnershipLostError, WorldAtFaultError
from services.shared.contract.events import Batch, Event, Gap, Partition, Position
from services.shared.runtime.vitals import Vitals
from services.syncer.worker import Worker
from tests.models.stepping import Stage

TOPIC = "shopify.orders"
PLACE = Partition(TOPIC, 0)
_NOW = datetime(2026, 11, 23, tzinfo=UTC)


def event(offset: int) -> Event:
    """An event that says nothing but where it stands."""
    return Event(
        position=Position(PLACE, offset),
        key="acme.myshopify.com/orders/1",
        value=b"{}",
        headers={"format": "1"},
        appended_at=_NOW,
    )


@dataclass(slots=True)
class Group:
    """One partition, its offset, and whose it is. ``settled`` are offsets that were handled."""

    length: int
    owner: str = ""
    committed: int = 0
    settled: set[int] = field(default_factory=set)
    members: dict[str, "Member"] = field(default_factory=dict)

    def move(self) -> None:
        """Hand the partition to the next member, as a broker does: without asking."""
        names = [name for name, member in self.members.items() if not member.is_gone]
        if not names:
            return
        at = names.index(self.owner) if self.owner in names else -1
        self.owner = names[(at + 1) % len(names)]
        for member in self.members.values():
            member.changed.set()

    def commit(self, name: str, offset: int) -> None:
        """Pass over everything below ``offset``.

        Raises:
            OwnershipLostError: ``name`` does not own the partition.
            AssertionError: something below was never settled.
        """
        if name != self.owner:
            raise OwnershipLostError("log_partitions_not_owned")
        unsettled = set(range(offset)) - self.settled
        assert not unsettled, f"{name} passes over {unsettled}"
        self.committed = max(self.committed, offset)


@dataclass(slots=True)
class Member:
    """A ``Reader`` of the group."""

    group: Group
    stage: Stage
    name: str
    has_it: bool = False
    held_at: int | None = None
    position: int = 0
    is_gone: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def poll(self, limit: int, wait_seconds: float) -> Batch:
        """See ``Reader``; waits as long as there is nothing."""
        del wait_seconds
        while True:
            batch = self._batch(limit)
            if batch is not None:
                await self.stage.gate(self.name)
                return batch
            self.changed.clear()
            with self.stage.waiting(self.name):
                await self.changed.wait()

    async def commit(self, next_offsets: Mapping[Partition, int]) -> None:
        """See ``Reader``."""
        await self.stage.gate(self.name)
        self.group.commit(self.name, next_offsets[PLACE])

    def hold(self, at: Position) -> None:
        """See ``Reader``."""
        self.held_at = at.offset

    def resume(self, partition: Partition) -> None:
        """See ``Reader``."""
        del partition
        if self.held_at is not None:
            self.position, self.held_at = self.held_at, None
        self.changed.set()

    def _batch(self, limit: int) -> Batch | None:
        if self.has_it != (self.group.owner == self.name):
            self.has_it = not self.has_it
            # A hold is of one ownership: the next begins at what was committed.
            self.position, self.held_at = self.group.committed, None
            if not self.has_it:
                return Batch(lost=frozenset({PLACE}))
            return Batch(gained=frozenset({PLACE}))
        if not self.has_it or self.held_at is not None or self.position >= self.group.length:
            return None
        end = min(self.position + min(limit, 1), self.group.length)
        events = tuple(event(each) for each in range(self.position, end))
        self.position = end
        return Batch(events=events)


@dataclass(slots=True)
class Syncer:
    """One process: the loop, and a handler that settles what it is given, at times in vain."""

    member: Member
    trouble: list[Exception] = field(default_factory=list)

    async def run(self) -> None:
        """Work until killed."""
        worker = Worker(
            self.member,
            {TOPIC: self._handle},
            Vitals(),
            on_gap=self._made_up,
            on_gain=self._welcomed,
        )
        await worker.run(asyncio.Event())

    async def _handle(self, events: Sequence[Event]) -> None:
        await self.member.stage.gate(self.member.name)
        if self.trouble:
            raise self.trouble.pop()
        self.member.group.settled |= {each.position.offset for each in events}

    async def _made_up(self, gap: Gap) -> None:
        raise AssertionError(gap)

    async def _welcomed(self) -> None:
        await self.member.stage.gate(self.member.name)


TROUBLES = (None, WorldAtFaultError("unavailable"), OwnershipLostError("claim_lost"))
