"""How far a member is on each of its partitions, and what it fetched and has not given. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from services.shared.contract.events import Event, Partition
from services.shared.log.partitioning import rotated, shares

# One poll brings no more than this, but always one event: memory must not grow with bodies.
POLL_BYTES = 16 * 2**20
# A partition with so much in its buffer is not fetched until some of it was given.
BUFFER_EVENTS = 500
BUFFER_BYTES = 2 * 2**20


@dataclass(slots=True)
class Place:
    """One partition: what is next to give, what is settled, what was fetched already.

    ``given`` is None until it is known where to begin; ``gap_from`` is where the log lost events.
    """

    given: int | None = None
    settled: int = 0
    gap_from: int | None = None
    buffer: deque[Event] = field(default_factory=deque)
    buffered_bytes: int = 0
    is_held: bool = False
    is_paused: bool = True

    @property
    def wants_nothing(self) -> bool:
        """Whether fetching for it should rest."""
        is_full = len(self.buffer) >= BUFFER_EVENTS or self.buffered_bytes >= BUFFER_BYTES
        return self.given is None or is_full or (self.is_held and bool(self.buffer))

    @property
    def is_being_worked_on(self) -> bool:
        """Whether events were given that are not settled."""
        return self.given is not None and self.given > self.settled

    @property
    def next_fetched(self) -> int:
        """The offset to fetch next, once it is known where to begin."""
        return self.buffer[-1].position.offset + 1 if self.buffer else self.given or 0

    def put(self, events: Iterable[Event]) -> None:
        """Keep what was fetched."""
        for event in events:
            self.buffer.append(event)
            self.buffered_bytes += len(event.value)

    def take(self, count: int, room: int) -> list[Event]:
        """Up to ``count`` events; no more once they fill ``room`` bytes."""
        taken: list[Event] = []
        while self.buffer and len(taken) < count and (room > 0 or not taken):
            event = self.buffer.popleft()
            self.buffered_bytes -= len(event.value)
            self.given = event.position.offset + 1
            room -= len(event.value)
            taken.append(event)
        return taken

    def rewind(self, offset: int) -> None:
        """Go on at ``offset``, with nothing fetched."""
        self.given = offset
        self.buffer.clear()
        self.buffered_bytes = 0

    def catch_up(self, committed: int) -> None:
        """Go on no earlier than where the group is by now."""
        self.settled = max(self.settled, committed)
        if self.given is None or self.given < self.settled:
            self.rewind(self.settled)


def taken(places: Mapping[Partition, Place], limit: int, after: Partition | None) -> list[Event]:
    """Up to ``limit`` events, shared out fairly, beginning behind the partition ``after``."""
    ready = [each for each, place in places.items() if place.buffer and not place.is_held]
    order = rotated(sorted(ready), after)
    events: list[Event] = []
    room = POLL_BYTES
    for partition, share in shares({p: len(places[p].buffer) for p in order}, limit).items():
        if share and (room > 0 or not events):
            some = places[partition].take(share, room)
            room -= sum(len(event.value) for event in some)
            events += some
    return events
