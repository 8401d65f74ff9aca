"""Opens the ledger's database and runs its statements.

The SQL is written by hand where a batch is one statement, in the part of SQL that SQLite and
PostgreSQL share. What they spell differently stands here and nowhere else: how rows come in as one
parameter, what time it is, and the greater of two values.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson
from sqlalchemy import Row, TextClause, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from services.shared.contract.errors import WorldAtFaultError

Clock = Callable[[], float]
_BUSY_MS = 5_000


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with ``{rows}``, ``{now}`` and ``{greatest}`` where the databases differ.

    ``columns`` names the batch's columns and their PostgreSQL types; ``{rows}`` then stands for a
    sub-select of them out of the one JSON parameter ``:rows``. ``{now}`` is the database's clock
    in milliseconds since 1970, and moves within a transaction.
    """

    sql: str
    columns: tuple[tuple[str, str], ...] = ()


def statement(sql: str, **columns: str) -> Statement:
    """A statement over a batch with ``columns`` (name=type), or over plain parameters."""
    return Statement(sql, tuple(columns.items()))


@cache
def _compiled(written: Statement, dialect: str) -> TextClause:
    return text(spelled(written, dialect))


def spelled(written: Statement, dialect: str) -> str:
    """The statement in one database's spelling."""
    # What is joined here are names out of this package's own statements, never values.
    if dialect == "sqlite":
        picked = ", ".join(
            f"json_extract(value, '$[{index}]') AS {name}"
            for index, (name, _) in enumerate(written.columns)
        )
        source, now, greatest = f"(SELECT {picked} FROM json_each(:rows))", "clock_ms()", "max"
    else:
        picked = ", ".join(
            f"(value ->> {index})\\:\\:{kind} AS {name}"
            for index, (name, kind) in enumerate(written.columns)
        )
        source = f"(SELECT {picked} FROM jsonb_array_elements(CAST(:rows AS jsonb)))"
        now = "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)"
        greatest = "greatest"
    return (
        written.sql.replace("{rows}", source).replace("{now}", now).replace("{greatest}", greatest)
    )


class Transaction:
    """One transaction on the ledger; commits when its ``async with`` ends well."""

    def __init__(self, connection: AsyncConnection, dialect: str) -> None:
        self._connection = connection
        self._dialect = dialect

    async def run(self, written: Statement, **values: Any) -> Sequence[Row[Any]]:
        """Run a statement over plain parameters; its rows, if it gives any."""
        result = await self._connection.execute(_compiled(written, self._dialect), values)
        return result.fetchall() if result.returns_rows else ()

    async def run_batch(
        self, written: Statement, rows: Sequence[Sequence[Any]], **values: Any
    ) -> Sequence[Row[Any]]:
        """Run a statement once over all ``rows``; nothing is run for no rows."""
        if not rows:
            return ()
        return await self.run(written, rows=orjson.dumps(rows).decode(), **values)


class Ledger:
    """The memory of the sync. Writers take turns within a process; SQLite has one at a time."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._turn = asyncio.Lock()

    @property
    def engine(self) -> AsyncEngine:
        """The engine under it, for migrations and backups."""
        return self._engine

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Read and write; all or nothing.

        Raises:
            WorldAtFaultError: the database cannot be reached, is locked, or is full.
        """
        try:
            async with self._turn, self._engine.begin() as connection:
                yield Transaction(connection, self._engine.dialect.name)
        except DBAPIError as problem:
            raise _meaning_of(problem) from problem

    async def now(self) -> int:
        """The ledger's clock, in milliseconds since 1970."""
        async with self.transaction() as tx:
            return int((await tx.run(statement("SELECT {now} AS moment")))[0].moment)


def _meaning_of(problem: DBAPIError) -> Exception:
    broken = isinstance(problem.orig, sqlite3.OperationalError) or problem.connection_invalidated
    return WorldAtFaultError("ledger_unavailable") if broken else problem


@asynccontextmanager
async def opened(
    url: str,
    *,
    clock: Clock = time.time,
    connect: Callable[[], Awaitable[Any]] | None = None,
) -> AsyncIterator[Ledger]:
    """The ledger at ``url`` (``sqlite+aiosqlite:///path``), its schema already in place.

    ``clock`` gives seconds since 1970 to SQLite, which has no clock of its own beyond the
    process's; ``connect`` replaces how a connection is made.
    """
    options: dict[str, Any] = {"async_creator": connect} if connect else {}
    engine = create_async_engine(url, pool_size=1, max_overflow=0, pool_timeout=30, **options)
    if engine.dialect.name == "sqlite":
        _tune_sqlite(engine, clock)
    try:
        yield Ledger(engine)
    finally:
        await engine.dispose()


def _tune_sqlite(engine: AsyncEngine, clock: Clock) -> None:
    """Durable commits, write locks taken at the start, and the ledger's clock as a function."""

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        connection.create_function("clock_ms", 0, lambda: int(clock() * 1000))
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={_BUSY_MS}",
            "cache_size=-16000",
            "temp_store=MEMORY",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def milliseconds(values: Mapping[str, float]) -> dict[str, int]:
    """Durations in seconds as the whole milliseconds that statements take."""
    return {name: int(seconds * 1000) for name, seconds in values.items()}
