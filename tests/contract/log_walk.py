"""A random walk over a log, and what must hold behind it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, Self

from hypothesis import strategies as st

from services.shared.contract.events import Event, NewEvent, Partition, Position

TOPICS = ("shopify.orders", "shopify.customers")
_TRIES = 50


@dataclass(frozen=True, slots=True)
class Step:
    """One thing done, one of ``steps()``; ``number`` says how much of it, or to which."""

    action: str
    number: int


def steps() -> st.SearchStrategy[Step]:
    actions = ("append", "append", "poll", "poll", "commit", "hold", "resume", "rejoin", "reopen")
    return st.builds(Step, st.sampled_from(actions), st.integers(0, 11))


@dataclass(slots=True)
class _Session:
    """What one reader gave, and how far the group had come when it joined."""

    settled: dict[Partition, int]
    events: list[Event] = field(default_factory=list)
    next_offsets: dict[Partition, int] = field(default_factory=dict)
    held: set[Partition] = field(default_factory=set)


class Walk:
    """One process with one reader, followed by a model of what it may see."""

    def __init__(self, open_log: Callable[[], AbstractAsyncContextManager[Any]]) -> None:
        self._open_log = open_log
        self._stack = AsyncExitStack()
        self._reading = AsyncExitStack()
        self._appended = 0
        self._settled: dict[Partition, int] = {}
        self._sessions: list[_Session] = []

    async def __aenter__(self) -> Self:
        await self._open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close()

    async def take(self, step: Step) -> None:
        """Does one step."""
        await getattr(self, f"_{step.action}")(step.number)

    async def finish(self) -> None:
        """Reads what is left, as a new process would."""
        await self._reopen(0)
        for _ in range(_TRIES):
            if len(self._delivered()) == self._appended:
                break
            await self._poll(100, wait_seconds=1.0)

    def check(self) -> None:
        """Everything was delivered, in the order of appending within each partition."""
        delivered = self._delivered()
        assert sorted(delivered.values()) == list(range(self._appended))
        in_order = [delivered[position] for position in sorted(delivered)]
        partitions = [position.partition for position in sorted(delivered)]
        for partition in set(partitions):
            numbers = [n for n, p in zip(in_order, partitions, strict=True) if p == partition]
            assert numbers == sorted(numbers)

    def _delivered(self) -> dict[Position, int]:
        return {e.position: int(e.value) for session in self._sessions for e in session.events}

    @property
    def _session(self) -> _Session:
        return self._sessions[-1]

    async def _open(self) -> None:
        self._log = await self._stack.enter_async_context(self._open_log())
        await self._join()

    async def _join(self) -> None:
        context = self._log.reader("walkers", TOPICS, "walker")
        self._reader = await self._reading.enter_async_context(context)
        self._sessions.append(_Session(dict(self._settled)))

    async def _close(self) -> None:
        await self._reading.aclose()
        await self._stack.aclose()

    async def _append(self, number: int) -> None:
        count = number % 3 + 1
        events = [
            NewEvent(
                topic=TOPICS[number % 2],
                key=f"acme.myshopify.com/orders/{(number + each) % 5}",
                value=str(self._appended + each).encode(),
                headers={"number": str(number)},
            )
            for each in range(count)
        ]
        await self._log.append(events)
        self._appended += count

    async def _poll(self, number: int, wait_seconds: float = 0.02) -> None:
        session = self._session
        batch = await self._reader.poll(number + 1, wait_seconds)
        assert len(batch.events) <= number + 1
        for event in batch.events:
            partition, offset = event.position.partition, event.position.offset
            assert partition not in session.held
            assert offset >= session.next_offsets.get(partition, session.settled.get(partition, 0))
            session.next_offsets[partition] = offset + 1
            session.events.append(event)

    async def _commit(self, number: int) -> None:
        seen = self._session.next_offsets
        part = dict(sorted(seen.items())[: number % 4])
        await self._reader.commit(part)
        for partition, offset in part.items():
            self._settled[partition] = max(offset, self._settled.get(partition, 0))

    async def _hold(self, number: int) -> None:
        session = self._session
        if session.events:
            at = session.events[number % len(session.events)].position
            self._reader.hold(at)
            session.held.add(at.partition)
            session.next_offsets[at.partition] = at.offset

    async def _resume(self, number: int) -> None:
        held = sorted(self._session.held)
        if held:
            self._reader.resume(held[number % len(held)])
            self._session.held.discard(held[number % len(held)])

    async def _rejoin(self, _: int) -> None:
        await self._reading.aclose()
        await self._join()

    async def _reopen(self, _: int) -> None:
        await self._close()
        await self._open()
