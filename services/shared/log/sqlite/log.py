"""The embedded log: one SQLite file, many appending processes, one reading owner per group."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from services.shared.contract.errors import LogUnavailableError
from services.shared.contract.events import Event, Lag, NewEvent, Partition
from services.shared.contract.topics import TOPICS
from services.shared.log.sqlite import history, schema, trimming
from services.shared.log.sqlite.appending import Shelves, packed, shelves_for, used_bytes
from services.shared.log.sqlite.events import micros
from services.shared.log.sqlite.ownership import GroupLock
from services.shared.log.sqlite.problems import unavailable
from services.shared.log.sqlite.reading import Member, Source, SqliteReader
from services.shared.log.sqlite.running import Run, own_thread
from services.shared.log.sqlite.trimming import Retention
from services.shared.log.sqlite.waking import Bell
from services.shared.log.sqlite.writing import Writer

DEFAULT_SIZE_LIMIT_BYTES = 8 * 2**30
# Appending waits this long for another process's transaction, so that ingest can still answer
# Shopify in time; reading never waits for anybody.
BUSY_SECONDS = 0.15
OPENING_BUSY_SECONDS = 5.0
WATCH_SECONDS = 0.05
TRIM_EVERY_SECONDS = 10.0
GIVE_BACK_STEPS = 8
DEFAULT_RETENTION = Retention()

T = TypeVar("T")
_logger = logging.getLogger(__name__)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class SqliteLog:
    """``Appender`` and ``History`` of one file, and where its ``Reader``s come from."""

    def __init__(
        self, path: Path, source: Source, shelves: Shelves, now: Callable[[], datetime]
    ) -> None:
        self._path = path
        self._now = now
        self._source = source
        self._shelves = shelves

    @classmethod
    @asynccontextmanager
    async def open(  # noqa: PLR0913 - a composition root names all that the log depends on
        cls,
        path: str | os.PathLike[str],
        *,
        partitions: int = 1,
        size_limit_bytes: int = DEFAULT_SIZE_LIMIT_BYTES,
        topics: Iterable[str] = TOPICS,
        now: Callable[[], datetime] = _utc_now,
        run: Run | None = None,
        watch_seconds: float = WATCH_SECONDS,
    ) -> AsyncIterator[SqliteLog]:
        """The log at ``path``, made if it is missing; its directory must exist.

        ``run`` is where SQLite's blocking calls happen: two threads of the log's own by default,
        ``inline`` for simulations. ``watch_seconds`` is how soon a reader looks for what other
        processes appended, and a standby for a lock that was released.

        Raises:
            OursToFixError: the file is no log, is damaged, or was made by a newer version.
            LogUnavailableError: it cannot be opened or written now.
        """
        place = Path(path)
        wanted = tuple(topics)
        async with AsyncExitStack() as stack:
            writing = run or stack.enter_context(own_thread("log-writer"))
            reading = run or stack.enter_context(own_thread("log-reader"))
            try:
                files = await writing(lambda: _opened(place, wanted, partitions))
            except (sqlite3.OperationalError, OSError) as problem:
                raise _unopened(problem) from problem
            bell = Bell()
            shelves = shelves_for(_appended_to(files[1], wanted, partitions), size_limit_bytes)
            source = Source(
                connection=files[1],
                run=reading,
                writer=Writer(files[0], writing, bell, now),
                bell=bell,
                watch_seconds=watch_seconds,
            )
            log = cls(place, source, shelves, now)
            try:
                yield log
            finally:
                await source.writer.close()
                await reading(files[1].close)
                await writing(files[0].close)

    @property
    def has_one_reader(self) -> bool:
        """It is so: partitions are only ever gained with the group's operating-system lock."""
        return True

    def append(self, events: Sequence[NewEvent]) -> asyncio.Future[None]:
        """As the port promises; a future, and no coroutine, as there is nothing else to wait for.

        Raises:
            LogUnavailableError: nothing was written: locked, damaged, disk full, or at its limit.
            OursToFixError: a topic is unknown.
            EventAtFaultError: a key or header is no text that UTF-8 can hold.
        """
        return self._source.writer.append(packed(self._shelves, events))

    async def between(self, topic: str, since: datetime, until: datetime) -> AsyncIterator[Event]:
        """As the port promises; partition by partition, in pages of bounded size."""
        self._shelves.of(topic)
        places = await self._look(partial(history.partition_ids, topics=frozenset((topic,))))
        for place in places.items():
            span = history.Span(place=place, since=micros(since), until=micros(until))
            offset = await self._look(span.first_offset)
            while page := await self._look(partial(span.page, start=offset)):
                for event in page:
                    yield event
                offset = page[-1].position.offset + 1

    async def lag(self, group: str) -> Mapping[Partition, Lag]:
        """As the port promises."""
        return await self._look(partial(history.lag, group=group))

    async def used_bytes(self) -> int:
        """What the file holds now, to compare with its limit."""
        return await self._look(used_bytes)

    async def is_writable(self) -> bool:
        """Whether an append of a live event would succeed now, as far as one can know."""
        writer = self._source.writer
        try:
            if writer.last_problem is not None:
                await writer.change(schema.touch)
            return await self.used_bytes() < self._shelves.size_limit_bytes
        except LogUnavailableError:
            return False

    async def trim(
        self, retention: Retention = DEFAULT_RETENTION, *, give_back_steps: int = 1_000_000
    ) -> int:
        """Removes what ``retention`` lets go and gives its space back; how many events.

        Each of ``give_back_steps`` shortens the file by 2 MiB.

        Raises:
            LogUnavailableError: not all of it could be done.
        """
        alone = self._source.writer.alone
        removed = 0
        step = partial(trimming.trim_step, retention=retention, now=self._now())
        while count := await alone(step):
            removed += count
        for _ in range(give_back_steps):
            if not await alone(trimming.give_back_step):
                break
        await alone(partial(trimming.bound_wal, path=self._path))
        return removed

    async def keep_trimmed(
        self,
        every_seconds: float = TRIM_EVERY_SECONDS,
        *,
        retention: Retention = DEFAULT_RETENTION,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Trims for ever; what could not be done is done the next time.

        The file gets shorter by 16 MiB a round: removing an event costs 17 us of CPU, moving its
        pages to shorten the file ten times as much, and the next events would take them anyway.
        """
        while True:
            try:
                await self.trim(retention, give_back_steps=GIVE_BACK_STEPS)
            except LogUnavailableError as problem:
                _logger.warning("log not trimmed", extra={"reason": problem.reason})
            await sleep(every_seconds)

    def abandon(self) -> None:
        """Writes nothing more, as if the process were killed; for simulations of crashes."""
        self._source.writer.abandon()

    async def _look(self, query: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return await self._source.run(lambda: query(self._source.connection))
        except sqlite3.Error as problem:
            raise unavailable(problem) from problem

    @asynccontextmanager
    async def reader(
        self, group: str, topics: Iterable[str], member: str
    ) -> AsyncIterator[SqliteReader]:
        """A member of ``group``; it owns the partitions of ``topics`` once no other member does.

        ``member`` is a name for operators. Leaving the context hands the partitions over.
        """
        subscribed = frozenset(topics)
        for topic in subscribed:
            self._shelves.of(topic)
        ids = await self._look(partial(history.partition_ids, topics=subscribed))
        reader = SqliteReader(
            self._source,
            Member(group=group, name=member, partition_ids=ids),
            GroupLock(self._path, group),
        )
        try:
            yield reader
        finally:
            reader.close()


def _opened(
    path: Path, topics: Sequence[str], partitions: int
) -> tuple[sqlite3.Connection, sqlite3.Connection]:
    schema.prepare(path, topics, partitions, busy_seconds=OPENING_BUSY_SECONDS)
    return (
        schema.connect(path, busy_seconds=BUSY_SECONDS),
        schema.connect(path, busy_seconds=BUSY_SECONDS),
    )


def _unopened(problem: sqlite3.Error | OSError) -> LogUnavailableError:
    if isinstance(problem, sqlite3.Error):
        return unavailable(problem)
    return LogUnavailableError("log_cannot_open", retry_after=10.0, detail=str(problem))


def _appended_to(
    file: sqlite3.Connection, topics: Sequence[str], partitions: int
) -> Mapping[str, Sequence[int]]:
    """The ids a topic's keys are spread over; a file may have more from an earlier setting."""
    ids = history.partition_ids(file, frozenset(topics))
    return {
        topic: [ids[Partition(topic, number)] for number in range(partitions)] for topic in topics
    }
