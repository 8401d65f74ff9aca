"""The ledger in a SQLite file. Writers take turns within a process; SQLite has one at a time."""

from __future__ import annotations

import asyncio
import base64
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

from sqlalchemy import Row, TextClause, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from services.shared.contract.errors import WorldAtFaultError
from services.shared.ledger.spelling import Statement, Transaction, as_parameter, for_sqlite

_BUSY_MS = 5_000


class Sqlite:
    """See ``Database``."""

    def __init__(
        self,
        url: str,
        clock: Callable[[], float],
        connect: Callable[[], Awaitable[Any]] | None = None,
    ) -> None:
        options: dict[str, Any] = {"async_creator": connect} if connect else {}
        self._engine = create_async_engine(
            url, pool_size=1, max_overflow=0, pool_timeout=30, **options
        )
        _tune(self._engine, clock)
        self._turn = asyncio.Lock()

    @property
    def engine(self) -> AsyncEngine:
        """See ``Database``."""
        return self._engine

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """See ``Database``."""
        async with self._turn, self._engine.begin() as connection:
            yield _SqliteTransaction(connection)

    def meaning_of(self, problem: Exception) -> Exception:
        """See ``Database``."""
        if not isinstance(problem, DBAPIError):
            return problem
        broken = isinstance(problem.orig, sqlite3.OperationalError)
        is_broken = broken or problem.connection_invalidated
        return WorldAtFaultError("ledger_unavailable") if is_broken else problem

    async def close(self) -> None:
        """See ``Database``."""
        await self._engine.dispose()


class _SqliteTransaction:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def run(self, written: Statement, **values: Any) -> Sequence[Row[Any]]:
        result = await self._connection.execute(_compiled(written), values)
        return result.fetchall() if result.returns_rows else ()

    async def run_batch(
        self, written: Statement, rows: Sequence[Sequence[Any]], **values: Any
    ) -> Sequence[Row[Any]]:
        if not rows:
            return ()
        return await self.run(written, rows=as_parameter(written, rows), **values)


@cache
def _compiled(written: Statement) -> TextClause:
    return text(for_sqlite(written))


def _tune(engine: AsyncEngine, clock: Callable[[], float]) -> None:
    """Durable commits, write locks taken at the start, and the ledger's clock as a function."""

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        connection.create_function("clock_ms", 0, lambda: int(clock() * 1000))
        connection.create_function("from_base64", 1, _from_base64, deterministic=True)
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


def _from_base64(written: str | None) -> bytes | None:
    return None if written is None else base64.b64decode(written)
