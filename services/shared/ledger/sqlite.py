"""The ledger in a SQLite file. Writers take turns within a process; SQLite has one at a time.

Transactions go to aiosqlite itself, a statement at a time: of a batch's CPU, SQLAlchemy's way
there would be the larger part. It stays for the schema.
"""

from __future__ import annotations

import asyncio
import base64
import sqlite3
from collections import namedtuple
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import aiosqlite

from services.shared.contract.errors import OursToFixError, WorldAtFaultError
from services.shared.ledger.spelling import Statement, Transaction, for_sqlite

if TYPE_CHECKING:
    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncEngine

_BUSY_MS = 5_000
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    f"busy_timeout={_BUSY_MS}",
    "cache_size=-8000",
    "temp_store=MEMORY",
)


class Sqlite:
    """See ``Database``."""

    def __init__(self, url: str, clock: Callable[[], float]) -> None:
        self._url = url
        self._engine: AsyncEngine | None = None
        self._functions = functions(clock)
        self._connection: aiosqlite.Connection | None = None
        self._turn = asyncio.Lock()

    @property
    def engine(self) -> AsyncEngine:
        """See ``Database``."""
        if self._engine is None:
            from services.shared.ledger.engines import sqlite_engine  # noqa: PLC0415 - see there

            self._engine = sqlite_engine(self._url, self._prepare)
        return self._engine

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """See ``Database``."""
        async with self._turn:
            connection = self._connection or await self._opened()
            try:
                yield _SqliteTransaction(connection)
                await connection.commit()
            except BaseException:
                await connection.rollback()
                raise

    def meaning_of(self, problem: Exception) -> Exception:
        """See ``Database``."""
        cause = getattr(problem, "orig", problem)  # SQLAlchemy's error has SQLite's
        if isinstance(cause, sqlite3.OperationalError):
            return WorldAtFaultError("ledger_unavailable")
        if _is_damage(cause):
            return OursToFixError("ledger_damaged", detail=f"{path_in(self._url)}: {cause}")
        return problem

    async def close(self) -> None:
        """See ``Database``."""
        if self._connection is not None:
            await self._connection.close()
        if self._engine is not None:
            await self._engine.dispose()

    async def _opened(self) -> aiosqlite.Connection:
        connection = await aiosqlite.connect(
            path_in(self._url), isolation_level=None, factory=_BeginningByItself
        )
        connection.row_factory = _RowFactory()  # type: ignore[assignment]  # any callable will do
        try:
            for name, (arguments, function) in self._functions.items():
                await connection.create_function(name, arguments, function)
            for pragma in _PRAGMAS:
                await connection.execute_fetchall(f"PRAGMA {pragma}")
        except BaseException:
            # Its thread would keep a process alive that has nothing more to do.
            await connection.close()
            raise
        self._connection = connection
        return connection

    def _prepare(self, connection: Any) -> None:
        """The same for a connection of SQLAlchemy's."""
        for name, (arguments, function) in self._functions.items():
            connection.create_function(name, arguments, function)
        cursor = connection.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()


def _is_damage(cause: object) -> bool:
    """Whether SQLite says that the file is damaged, or none of its own."""
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF  # without what details it
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class _BeginningByItself(sqlite3.Connection):
    """Begins a transaction with its first statement, its write lock taken.

    A statement of its own would be one more way to the thread and back.
    """

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        if not self.in_transaction and not sql.startswith("PRAGMA"):
            super().execute("BEGIN IMMEDIATE")
        return super().execute(sql, parameters)


class _SqliteTransaction(Transaction):
    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def run(self, written: Statement, **values: Any) -> Sequence[Row[Any]]:
        rows = await self._connection.execute_fetchall(for_sqlite(written), values)
        return cast("Sequence[Row[Any]]", rows)


class _RowFactory:
    """Makes rows by attribute, as SQLAlchemy gives them; looks at the columns once a statement."""

    def __init__(self) -> None:
        self._described: object = None
        self._make: Callable[[Any], Any] = tuple

    def __call__(self, cursor: sqlite3.Cursor, row: tuple[Any, ...]) -> Any:
        if cursor.description is not self._described:
            self._described = cursor.description
            self._make = _row_class(tuple(each[0] for each in cursor.description))._make
        return self._make(row)


@cache
def _row_class(columns: tuple[str, ...]) -> Any:
    # Which columns there are is known when a statement is read, not before.
    named: Any = namedtuple("Row", columns, rename=True)  # type: ignore[misc]  # noqa: PYI024 - as said

    class LedgerRow(named):
        __slots__ = ()

        @property
        def _mapping(self) -> Mapping[str, Any]:
            return dict(zip(columns, self, strict=True))

    return LedgerRow


def functions(clock: Callable[[], float]) -> Mapping[str, tuple[int, Callable[..., Any]]]:
    """What statements call: the ledger's clock among them."""
    return {
        "clock_ms": (0, lambda: int(clock() * 1000)),
        "from_base64": (1, _from_base64),
        "to_base64": (1, _to_base64),
    }


def path_in(url: str) -> str:
    """The file that ``sqlite+aiosqlite:///FILE`` is the address of."""
    return url.partition(":///")[2].partition("?")[0]


def _from_base64(written: str | None) -> bytes | None:
    return None if written is None else base64.b64decode(written)


def _to_base64(raw: bytes | None) -> str | None:
    return None if raw is None else base64.b64encode(raw).decode()
