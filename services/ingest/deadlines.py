"""One timer for many deadlines of the same length.

``asyncio.timeout`` sets a timer for each, and on uvloop a timer is among what costs most in a
request that is over in milliseconds. Deadlines of one length fall due in the order they were set,
so one timer, for the first of them, is enough.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from itertools import takewhile
from typing import Any


class Deadlines:
    """Lets each of many waits take ``seconds`` at most; a task waits for one thing at a time."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._due: dict[asyncio.Task[Any], float] = {}  # in the order they fall due
        self._expired: set[asyncio.Task[Any]] = set()
        self._timer: asyncio.TimerHandle | None = None

    async def within(self, work: Awaitable[None]) -> float:
        """Await ``work``; how many seconds it took.

        Raises:
            TimeoutError: it took too long, and was cancelled.
        """
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        if task is None:
            raise RuntimeError("only a task can be given a deadline")
        began = loop.time()
        self._due[task] = began + self._seconds
        if self._timer is None:
            self._timer = loop.call_at(began + self._seconds, self._expire)
        try:
            await work
        except asyncio.CancelledError:
            if task in self._expired and task.uncancel() == 0:
                raise TimeoutError from None
            raise
        finally:
            if self._due.pop(task, None) is None:
                self._expired.discard(task)
        return loop.time() - began

    def _expire(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        overdue = [task for task, _ in takewhile(lambda each: each[1] <= now, self._due.items())]
        for task in overdue:
            del self._due[task]
            self._expired.add(task)
            task.cancel()
        first = next(iter(self._due.values()), None)
        self._timer = None if first is None else loop.call_at(first, self._expire)
