"""Opens the ledger's database and runs its statements.

The SQL is written by hand where a batch is one statement, in the part of SQL that SQLite and
PostgreSQL share. What they spell differently stands in ``spelling``; how each is talked to, in
``sqlite`` and ``postgresql``.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Protocol, TypeVar

from services.shared.contract.errors import LedgerConflictError
from services.shared.ledger import sqlite
from services.shared.ledger.options import Options
from services.shared.ledger.spelling import Statement, Transaction, spelled, statement

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

__all__ = [
    "Ledger",
    "Statement",
    "Transaction",
    "normal",
    "opened",
    "spelled",
    "statement",
]

T = TypeVar("T")
_ATTEMPTS = 5


class Database(Protocol):
    """One of the two databases, opened."""

    @property
    def engine(self) -> AsyncEngine:
        """SQLAlchemy's engine for it, for migrations and for copying whole tables."""

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Read and write; all or nothing."""

    def meaning_of(self, problem: Exception) -> Exception:
        """What ``problem`` of this database is to us; itself, if it is a bug of ours."""

    async def close(self) -> None:
        """Give everything back."""


class Ledger:
    """The memory of the sync."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def engine(self) -> AsyncEngine:
        """The engine under it."""
        return self._database.engine

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Read and write; all or nothing.

        Raises:
            WorldAtFaultError: the database cannot be reached, is locked, or is full.
            LedgerConflictError: another transaction stood in the way; the same may be done again.
        """
        with self._in_our_words():
            async with self._database.transaction() as tx:
                yield tx

    async def done(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """The result of ``work`` in a transaction, begun anew where another stood in its way.

        Raises:
            WorldAtFaultError: as ``transaction``; nothing was written.
        """
        for _ in range(_ATTEMPTS - 1):
            try:
                async with self.transaction() as tx:
                    return await work(tx)
            except LedgerConflictError:
                continue
        async with self.transaction() as tx:
            return await work(tx)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection]:
        """A transaction on SQLAlchemy's own connection: for the schema, and for whole tables.

        Raises:
            WorldAtFaultError: as ``transaction``.
        """
        with self._in_our_words():
            async with self.engine.begin() as connection:
                yield connection

    @contextmanager
    def _in_our_words(self) -> Iterator[None]:
        """What the database raises, as what it means to us."""
        try:
            yield
        except Exception as problem:
            meaning = self._database.meaning_of(problem)
            if meaning is problem:
                raise
            raise meaning from problem

    async def now(self) -> int:
        """The ledger's clock, in milliseconds since 1970."""
        async with self.transaction() as tx:
            return int((await tx.run(statement("SELECT {now} AS moment")))[0].moment)


@asynccontextmanager
async def opened(
    url: str,
    *,
    options: Options | None = None,
) -> AsyncIterator[Ledger]:
    """The ledger at ``url``, its schema already in place.

    ``sqlite:///path`` or ``postgresql://user:password@host/database``; ``options`` say how
    PostgreSQL is used. It need not be there yet.
    """
    database: Database
    url = normal(url)
    if url.startswith("sqlite"):
        database = sqlite.Sqlite(url, time.time)
    else:
        # Here, because it loads the driver of a server that most who run SQLite do not have.
        from services.shared.ledger.postgresql import Postgresql  # noqa: PLC0415 - see above

        database = Postgresql(url, options or Options())
    try:
        yield Ledger(database)
    finally:
        await database.close()


def normal(url: str) -> str:
    """``url`` with the driver it needs; ``sqlite:FILE`` is a file's address too."""
    scheme, _, rest = url.partition(":")
    if scheme == "sqlite":
        return f"sqlite+aiosqlite:///{rest.removeprefix('///')}"
    return f"postgresql+asyncpg:{rest}" if scheme in ("postgresql", "postgres") else url
