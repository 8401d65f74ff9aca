"""The log's ports. Each implementation passes ``tests/contract/log_suite.py``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from services.shared.contract.events import Batch, Event, Lag, NewEvent, Partition, Position


class Appender(Protocol):
    """Writes events."""

    def append(self, events: Sequence[NewEvent]) -> Awaitable[None]:
        """Done when all of ``events`` are durable, those of one key in their order.

        Cancelled, they may be written all the same.

        Raises, at once or when awaited:
            LogUnavailableError: not all were written, and perhaps none; to append them again is
                right, since delivery is at least once anyway. ``retry_after`` says when to come.
        """


class Reader(Protocol):
    """One member of a group, subscribed to some topics.

    A new group starts at the earliest event. Delivery is at least once: what was polled and not
    committed comes again to the partition's next owner.
    """

    async def poll(self, limit: int, wait_seconds: float) -> Batch:
        """Up to ``limit`` events, waiting at most ``wait_seconds`` for the first.

        Takes fairly from all owned partitions that are not held. An empty batch is no end.
        """

    async def commit(self, next_offsets: Mapping[Partition, int]) -> None:
        """Everything below these offsets ("next to read") is settled; survives any crash.

        Raises:
            OwnershipLostError: a partition among them belongs to somebody else; nothing was
                committed for it.
        """

    def hold(self, at: Position) -> None:
        """Give nothing more of this partition, and go on at ``at`` once resumed."""

    def resume(self, partition: Partition) -> None:
        """Give events of a held partition again; harmless if it is not held."""


class History(Protocol):
    """Looks at what is on the log without consuming it."""

    def between(self, topic: str, since: datetime, until: datetime) -> AsyncIterator[Event]:
        """Events of ``topic`` appended in ``[since, until)``, in order within each partition."""

    async def lag(self, group: str) -> Mapping[Partition, Lag]:
        """How far ``group`` is behind, for every partition it has committed on or with events."""


class Log(Appender, History, Protocol):
    """One process's view of the log: what a composition root opens and hands on."""

    @property
    def has_one_reader(self) -> bool:
        """Whether only one member of a group reads at a time, any other being dead or idle.

        Where it is so, whoever gains partitions knows that their former owner does nothing more.
        """

    def reader(
        self, group: str, topics: Iterable[str], member: str
    ) -> AbstractAsyncContextManager[Reader]:
        """A new member of ``group``, gone when the context is left; its partitions go to others.

        ``member`` is a name for operators.
        """

    async def is_writable(self) -> bool:
        """Whether an append of a live event would succeed now, as far as one can know."""

    async def keep_trimmed(self) -> None:
        """Lets go of what nobody will read again, until it is cancelled."""
