"""Group commit: everything asked for while one commit is on its way goes into the next one."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from services.shared.contract.errors import SyncError
from services.shared.log.sqlite.appending import Parcel, append_all
from services.shared.log.sqlite.problems import closed, unavailable
from services.shared.log.sqlite.running import Run
from services.shared.log.sqlite.waking import Bell

T = TypeVar("T")
Change = Callable[[sqlite3.Connection], Any]

# Bounds the memory of one group, and how long the ones behind it wait.
GROUP_BYTES = 8 * 2**20


@dataclass(slots=True)
class _Queue:
    """Asked for, and not yet on its way."""

    appends: list[tuple[Parcel, asyncio.Future[None]]] = field(default_factory=list)
    changes: list[tuple[Change, asyncio.Future[Any]]] = field(default_factory=list)

    def taken(self) -> _Queue:
        count = size = 0
        for parcel, _ in self.appends:
            if count and size + parcel.size_bytes > GROUP_BYTES:
                break
            count, size = count + 1, size + parcel.size_bytes
        group = _Queue(self.appends[:count], self.changes)
        self.appends, self.changes = self.appends[count:], []
        return group

    def fail(self, problem: Exception) -> None:
        for _, future in (*self.appends, *self.changes):
            if not future.done():
                future.set_exception(problem)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    """What became of a group: a value or an error for each; ``problem`` if nothing was written."""

    appends: Sequence[SyncError | None]
    changes: Sequence[Any]
    problem: SyncError | None = None


class Writer:
    """The only one in this process who writes to the file."""

    def __init__(
        self, connection: sqlite3.Connection, run: Run, bell: Bell, now: Callable[[], datetime]
    ) -> None:
        self._connection = connection
        self._run = run
        self._now = now
        self._bell = bell
        self._queue = _Queue()
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        #: Why the last group failed as a whole; None once one was written again.
        self.last_problem: SyncError | None = None

    def append(self, parcel: Parcel) -> asyncio.Future[None]:
        """Done when ``parcel`` is durable.

        Raises:
            LogUnavailableError: nothing of it was written.
        """
        future = self._future()
        if parcel.rows:
            self._queue.appends.append((parcel, future))
            self._start()
        else:
            future.set_result(None)
        return future

    async def change(self, change: Callable[[sqlite3.Connection], T]) -> T:
        """Runs ``change`` in a transaction with others; what it returns, once that is durable.

        A ``SyncError`` it raises goes to the caller alone, so it must come before any writing.
        """
        future = self._future()
        self._queue.changes.append((change, future))
        self._start()
        result: T = await future
        return result

    async def alone(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Runs ``work`` between two groups, outside any transaction.

        Raises:
            LogUnavailableError: SQLite refused.
        """
        if self._closed:
            raise closed()
        try:
            return await self._run(lambda: work(self._connection))
        except sqlite3.Error as problem:
            raise unavailable(problem) from problem

    async def close(self) -> None:
        """Writes what was asked for, and nothing more."""
        self._closed = True
        if self._task is not None:
            await self._task

    def abandon(self) -> None:
        """Stops at once, as a crash would; who waits is told that the log is closed."""
        self._closed = True
        self._queue.fail(closed())
        self._queue = _Queue()

    def _future(self) -> asyncio.Future[Any]:
        if self._closed:
            raise closed()
        return asyncio.get_running_loop().create_future()

    def _start(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._work(), name="log-writer")

    async def _work(self) -> None:
        try:
            while self._queue.appends or self._queue.changes:
                group = self._queue.taken()
                try:
                    done = await self._run(partial(self._transact, group))
                except asyncio.CancelledError:
                    group.fail(closed())
                    raise
                except Exception as bug:  # noqa: BLE001 - whoever waits must hear of it
                    group.fail(bug)
                else:
                    self._tell(group, done)
        finally:
            self._task = None
            self._queue.fail(closed())
            self._queue = _Queue()

    def _tell(self, group: _Queue, done: _Done) -> None:
        self.last_problem = done.problem
        outcomes = zip(
            (*group.appends, *group.changes), (*done.appends, *done.changes), strict=True
        )
        for (_, future), outcome in outcomes:
            if future.done():
                continue
            if isinstance(outcome, SyncError):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)
        if done.problem is not None:
            # Whoever queued behind would only wait as long again to hear the same.
            self._queue.fail(done.problem)
            self._queue = _Queue()
        elif None in done.appends:
            self._bell.ring()

    def _transact(self, group: _Queue) -> _Done:
        try:
            return self._transaction(group)
        except sqlite3.Error as problem:
            failed = unavailable(problem)
        if group.appends and group.changes:
            # Settling frees room, so a commit must not fail because appends found no room.
            with suppress(sqlite3.Error):
                alone = self._transaction(_Queue(changes=group.changes))
                return _Done(
                    appends=[failed] * len(group.appends), changes=alone.changes, problem=failed
                )
        return _Done(
            appends=[failed] * len(group.appends),
            changes=[failed] * len(group.changes),
            problem=failed,
        )

    def _transaction(self, group: _Queue) -> _Done:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            changes = [_result(change, connection) for change, _ in group.changes]
            appends = append_all(connection, [parcel for parcel, _ in group.appends], self._now)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return _Done(appends=appends, changes=changes)


def _result(change: Change, connection: sqlite3.Connection) -> Any:
    try:
        return change(connection)
    except SyncError as problem:
        return problem
