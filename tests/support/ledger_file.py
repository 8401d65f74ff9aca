"""The ledger's own SQL on its own schema, without the machinery that brings it to a thread.

One seed must give one history, and a process must be able to die between any two statements.
"""

import asyncio
import sqlite3
from collections import namedtuple
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from services.shared.contract.errors import WorldAtFaultError
from services.shared.ledger.engine import Statement, Transaction, opened
from services.shared.ledger.migrating import migrate
from services.shared.ledger.spelling import for_sqlite
from services.shared.ledger.sqlite import functions
from tests.support.life import Life


@cache
def empty_ledger() -> bytes:
    """A ledger's file as the migrations leave it."""

    async def migrated(path: Path) -> None:
        async with opened(f"sqlite+aiosqlite:///{path}") as ledger:
            await migrate(ledger)

    with TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.sqlite"
        asyncio.run(migrated(path))
        return path.read_bytes()


class LedgerFile:
    """One process's ledger, a ``Database``. What was not committed when it died never was."""

    def __init__(self, path: Path, clock: Callable[[], float], life: Life) -> None:
        self._life = life
        self._turn = asyncio.Lock()
        self._file = sqlite3.connect(path, isolation_level=None, cached_statements=512)
        for name, (arguments, function) in functions(clock).items():
            self._file.create_function(name, arguments, function)
        for pragma in ("synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
            self._file.execute(f"PRAGMA {pragma}")
        self._file.row_factory = _named

    @property
    def engine(self) -> AsyncEngine:
        """See ``Database``: there is none."""
        raise NotImplementedError

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """See ``Database``."""
        async with self._turn:
            await self._life.step()
            try:
                self._file.execute("BEGIN IMMEDIATE")
                yield _Statements(self._file, self._life)
                await self._life.step()
                self._file.execute("COMMIT")
            finally:
                if self._file.in_transaction:
                    self._file.execute("ROLLBACK")
            await self._life.step()

    def meaning_of(self, problem: Exception) -> Exception:
        """See ``Database``."""
        is_broken = isinstance(problem, sqlite3.OperationalError)
        return WorldAtFaultError("ledger_unavailable") if is_broken else problem

    async def close(self) -> None:
        """Let go of the file; what is under way is undone."""
        self._file.close()


class _Statements(Transaction):
    def __init__(self, file: sqlite3.Connection, life: Life) -> None:
        self._file = file
        self._life = life

    async def run(self, written: Statement, **values: Any) -> Sequence[Any]:
        rows = self._file.execute(for_sqlite(written), values).fetchall()
        await self._life.step()
        return rows


def _named(cursor: sqlite3.Cursor, row: tuple[Any, ...]) -> Any:
    return _row_type(tuple(column[0] for column in cursor.description))(*row)


@cache
def _row_type(names: tuple[str, ...]) -> Callable[..., Any]:
    return namedtuple("Row", names, rename=True)  # noqa: PYI024 - the names come with the rows
