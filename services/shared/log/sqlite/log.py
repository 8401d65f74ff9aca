"""The embedded log: one SQLite file, many appending processes, one reading owner per group."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from services.shared.contract.errors import WorldAtFaultError
from services.shared.contract.events import NewEvent, Partition
from services.shared.contract.topics import TOPICS
from services.shared.log.sqlite import schema
from services.shared.log.sqlite.appending import Shelf, check_topics, packed
from services.shared.log.sqlite.ownership import GroupLock
from services.shared.log.sqlite.problems import unavailable
from services.shared.log.sqlite.reading import Member, Source, SqliteReader
from services.shared.log.sqlite.running import Run, own_thread
from services.shared.log.sqlite.waking import Bell
from services.shared.log.sqlite.writing import Writer

DEFAULT_SIZE_LIMIT_BYTES = 8 * 2**30
# Appending waits this long for another process's transaction, so that ingest can still answer
# Shopify in time; reading never waits for anybody.
BUSY_SECONDS = 0.15
OPENING_BUSY_SECONDS = 5.0
WATCH_SECONDS = 0.05


def _utc_now() -> datetime:
    return datetime.now(UTC)


class SqliteLog:
    """``Appender`` and ``History`` of one file, and where its ``Reader``s come from."""

    def __init__(self, path: Path, source: Source, shelf: Shelf) -> None:
        self._path = path
        self._source = source
        self._shelf = shelf

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
            shelf = Shelf(
                partition_ids=_appended_to(files[1], wanted, partitions),
                size_limit_bytes=size_limit_bytes,
            )
            source = Source(
                connection=files[1],
                run=reading,
                writer=Writer(files[0], writing, bell, now),
                bell=bell,
                watch_seconds=watch_seconds,
            )
            log = cls(place, source, shelf)
            try:
                yield log
            finally:
                await source.writer.close()
                await reading(files[1].close)
                await writing(files[0].close)

    async def append(self, events: Sequence[NewEvent]) -> None:
        """As the port promises.

        Raises:
            LogUnavailableError: nothing was written: locked, damaged, disk full, or at its limit.
            OursToFixError: a topic is unknown.
            EventAtFaultError: a key or header is no text that UTF-8 can hold.
        """
        if events:
            await self._source.writer.append(packed(self._shelf, events))

    @asynccontextmanager
    async def reader(
        self, group: str, topics: Iterable[str], member: str
    ) -> AsyncIterator[SqliteReader]:
        """A member of ``group``; it owns the partitions of ``topics`` once no other member does.

        ``member`` is a name for operators. Leaving the context hands the partitions over.
        """
        subscribed = frozenset(topics)
        check_topics(self._shelf.partition_ids, subscribed)
        ids = await self._source.run(lambda: _partition_ids(self._source.connection, subscribed))
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


def _unopened(problem: sqlite3.Error | OSError) -> WorldAtFaultError:
    if isinstance(problem, sqlite3.Error):
        return unavailable(problem)
    return unavailable(sqlite3.OperationalError(str(problem)))


def _partition_ids(file: sqlite3.Connection, topics: frozenset[str]) -> dict[Partition, int]:
    rows = file.execute("SELECT topic, number, id FROM partitions ORDER BY topic, number")
    return {Partition(topic, number): each for topic, number, each in rows if topic in topics}


def _appended_to(
    file: sqlite3.Connection, topics: Sequence[str], partitions: int
) -> Mapping[str, Sequence[int]]:
    """The ids a topic's keys are spread over; a file may have more from an earlier setting."""
    ids = _partition_ids(file, frozenset(topics))
    return {
        topic: [ids[Partition(topic, number)] for number in range(partitions)] for topic in topics
    }
