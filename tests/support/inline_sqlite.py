"""A connection to SQLite that runs on the event loop, so that one seed gives one history."""

import asyncio
import sqlite3
from collections.abc import Callable, Generator
from typing import Any

import aiosqlite


class CrashedError(sqlite3.OperationalError):
    """The process this connection belongs to is no more."""


class _AtOnce:
    """Stands where aiosqlite's queue to its thread is, which SQLAlchemy uses by itself at times."""

    def put_nowait(self, item: tuple[asyncio.Future[Any], Callable[[], Any]]) -> None:
        future, work = item
        future.set_result(work())


class InlineConnection(aiosqlite.Connection):
    """Does at once what aiosqlite gives to a thread; yields to others before it does.

    ``crash`` makes it forget what was not committed, as a killed process would.
    """

    def __init__(self, path: str) -> None:
        super().__init__(lambda: sqlite3.connect(path), iter_chunk_size=64)
        self._has_crashed = False
        self._tx = _AtOnce()  # type: ignore[assignment]  # all that is asked of the queue

    def crash(self) -> None:
        self._has_crashed = True
        if self._connection is not None:
            self._connection.rollback()
            self._connection.close()

    def stop(self) -> None:
        self._running = False

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(0)
        if self._has_crashed:
            raise CrashedError("crashed")
        return fn(*args, **kwargs)

    async def _connect(self) -> "InlineConnection":
        if self._connection is None:
            self._connection = self._connector()
        return self

    def __await__(self) -> Generator[Any, None, "InlineConnection"]:
        return self._connect().__await__()

    async def close(self) -> None:
        if self._connection is not None and not self._has_crashed:
            self._connection.close()
        self._connection = None

    def __del__(self) -> None:
        """Nothing is left behind: what aiosqlite warns of is its thread."""
