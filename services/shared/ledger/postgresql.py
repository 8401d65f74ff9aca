"""The ledger in PostgreSQL, over asyncpg's own pool.

Safe behind a pooling proxy in transaction mode: nothing is kept on a connection beyond its
transaction, no setting, no advisory lock and, unless asked for, no prepared statement.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

import asyncpg
from asyncpg import exceptions as refused

from services.shared.contract.errors import (
    LedgerConflictError,
    OursToFixError,
    WorldAtFaultError,
)
from services.shared.ledger.options import Options
from services.shared.ledger.spelling import Statement, Transaction, for_postgresql
from services.shared.ledger.waves import Work, done_together

if TYPE_CHECKING:
    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncEngine


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
            from services.shared.ledger.engines import postgresql_engine  # noqa: PLC0415 - see there

            self._engine = postgresql_engine(self._url, self._options.connect_seconds)
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
        # SQLAlchemy's error has its driver's, and that has asyncpg's.
        cause = getattr(getattr(problem, "orig", None), "__cause__", None)
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


class _PostgresqlTransaction(Transaction):
    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def run(self, written: Statement, **values: Any) -> Sequence[Row[Any]]:
        sql, names = for_postgresql(written)
        rows = await self._connection.fetch(sql, *[values[name] for name in names])
        return cast("Sequence[Row[Any]]", rows)

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
