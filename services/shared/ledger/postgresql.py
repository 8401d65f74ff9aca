"""The ledger in PostgreSQL, over asyncpg's own pool.

Safe behind a pooling proxy in transaction mode: nothing is kept on a connection beyond its
transaction, no setting, no advisory lock and, unless asked for, no prepared statement.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast
from uuid import uuid4

import asyncpg
from asyncpg import exceptions as refused
from sqlalchemy import Row
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from services.shared.contract.errors import (
    LedgerConflictError,
    OursToFixError,
    WorldAtFaultError,
)
from services.shared.ledger.spelling import Statement, Transaction, as_parameter, for_postgresql
from services.shared.ledger.waves import Work, done_together


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How the server is used; times in seconds.

    ``keeps_statements`` spares the server planning the same statements again. It needs a direct
    connection, or a proxy that knows prepared statements (PgBouncer from 1.21).
    """

    connections: int = 10
    connect_seconds: float = 5.0
    statement_seconds: float = 15.0
    lock_seconds: float = 5.0
    keeps_statements: bool = False


class _Record(asyncpg.Record):
    """A row by attribute, as SQLAlchemy gives them."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def _mapping(self) -> Mapping[str, Any]:
        return dict(self.items())


class Postgresql:
    """See ``Database``."""

    def __init__(self, url: str, options: Options) -> None:
        self._url = url.replace("postgresql+asyncpg://", "postgresql://", 1)
        self._options = options
        self._pool: asyncpg.Pool[Any] | None = None
        self._opening = asyncio.Lock()
        self._engine: AsyncEngine | None = None

    @property
    def engine(self) -> AsyncEngine:
        """See ``Database``."""
        if self._engine is None:
            url = self._url.replace("postgresql://", "postgresql+asyncpg://", 1)
            self._engine = create_async_engine(
                url,
                poolclass=NullPool,
                connect_args={
                    "timeout": self._options.connect_seconds,
                    "statement_cache_size": 0,
                    "prepared_statement_cache_size": 0,
                    # A proxy may give our next statement to a server that knows the name already.
                    "prepared_statement_name_func": lambda: f"s{uuid4().hex}",
                },
            )
        return self._engine

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """See ``Database``."""
        pool = self._pool or await self._opened()
        async with pool.acquire(timeout=self._options.connect_seconds) as connection:
            await _run_or_drop(connection, self._beginning)
            try:
                yield _PostgresqlTransaction(connection)
            except BaseException:
                with contextlib.suppress(*_OUTAGES):
                    await _run_or_drop(connection, "ROLLBACK")
                raise
            await _run_or_drop(connection, "COMMIT")

    def meaning_of(self, problem: Exception) -> Exception:
        """See ``Database``."""
        cause = problem.orig.__cause__ if isinstance(problem, DBAPIError) and problem.orig else None
        if isinstance(cause, Exception):
            meaning = self.meaning_of(cause)
            return problem if meaning is cause else meaning
        if isinstance(problem, _CONFLICTS):
            return LedgerConflictError("ledger_conflict", retry_after=0.1)
        if isinstance(problem, _REFUSALS):
            return OursToFixError("ledger_refuses", detail=type(problem).__name__)
        # What asyncpg refuses to send is an InterfaceError too, and a bug of ours.
        if isinstance(problem, _OUTAGES) and not isinstance(problem, ValueError):
            return WorldAtFaultError("ledger_unavailable", detail=type(problem).__name__)
        return problem

    async def close(self) -> None:
        """See ``Database``."""
        if self._pool:
            try:
                async with asyncio.timeout(self._options.connect_seconds):
                    await self._pool.close()
            except TimeoutError:
                self._pool.terminate()
        if self._engine:
            await self._engine.dispose()

    @property
    def _beginning(self) -> str:
        # With the transaction, not with the session, which may be another one's through a proxy.
        statement_ms = int(self._options.statement_seconds * 1000)
        lock_ms = int(self._options.lock_seconds * 1000)
        return (
            "BEGIN ISOLATION LEVEL READ COMMITTED;"
            f"SET LOCAL statement_timeout = {statement_ms};"
            f"SET LOCAL lock_timeout = {lock_ms};"
            f"SET LOCAL idle_in_transaction_session_timeout = {4 * statement_ms}"
        )

    async def _opened(self) -> asyncpg.Pool[Any]:
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self._url,
                    min_size=0,
                    max_size=self._options.connections,
                    reset=_leave_as_it_is,
                    record_class=_Record,
                    timeout=self._options.connect_seconds,
                    # Beyond the server's own: for a server that does not answer at all.
                    command_timeout=self._options.statement_seconds + 2,
                    statement_cache_size=200 if self._options.keeps_statements else 0,
                )
        return self._pool


class _PostgresqlTransaction:
    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def run(self, written: Statement, **values: Any) -> Sequence[Row[Any]]:
        sql, names = for_postgresql(written)
        rows = await self._connection.fetch(sql, *[values[name] for name in names])
        return cast("Sequence[Row[Any]]", rows)

    async def run_batch(
        self, written: Statement, rows: Sequence[Sequence[Any]], **values: Any
    ) -> Sequence[Row[Any]]:
        if not rows:
            return ()
        return await self.run(written, rows=as_parameter(written, rows), **values)

    async def together(self, *works: Work) -> list[Any]:
        return await done_together(self, works)


async def _run_or_drop(connection: Any, sql: str) -> None:
    """Run what frames a transaction; a connection on which that fails is not used again."""
    try:
        await connection.execute(sql)
    except BaseException:
        connection.terminate()
        raise


async def _leave_as_it_is(_connection: object) -> None:
    """Nothing was set on it."""


LOCK_TAKEN = refused.LockNotAvailableError.__name__
_CONFLICTS = (refused.SerializationError, refused.DeadlockDetectedError)
_REFUSALS = (
    refused.InvalidAuthorizationSpecificationError,
    refused.InvalidCatalogNameError,
    refused.InsufficientPrivilegeError,
)
_OUTAGES = (
    OSError,  # with TimeoutError
    refused.PostgresConnectionError,
    refused.InsufficientResourcesError,  # disk full, too many connections
    refused.OperatorInterventionError,  # shut down, starting up, cancelled by a time-out
    refused.LockNotAvailableError,
    refused.ReadOnlySQLTransactionError,  # a standby, not yet promoted
    refused.PostgresSystemError,
    refused.StatementCompletionUnknownError,
    refused.InterfaceError,
    refused.InternalClientError,  # what a connection is in after its server was killed
)
