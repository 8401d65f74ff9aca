"""One timer for many deadlines of the same length.

``asyncio.timeout`` sets a timer for each, and on uvloop a timer is among what costs most in a
request that is over in milliseconds. Deadlines of one length fall due in the order they were set,
so one timer, for the first of them, is enough.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class _Waiting:
    task: asyncio.Task[Any] | None  # None once it waits no more
    due: float
    expired: bool = False


class Deadlines:
    """Lets each of many waits take ``seconds`` at most."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._waiting: deque[_Waiting] = deque()
        self._timer: asyncio.TimerHandle | None = None

    async def within(self, work: Awaitable[None]) -> float:
        """Await ``work``; how many seconds it took.

        Raises:
            TimeoutError: it took too long, and was cancelled.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        mine = _Waiting(asyncio.current_task(), began + self._seconds)
        self._waiting.append(mine)
        if self._timer is None:
            self._timer = loop.call_at(mine.due, self._expire)
        try:
            await work
        except asyncio.CancelledError:
            if mine.expired and mine.task is not None and mine.task.uncancel() == 0:
                raise TimeoutError from None
            raise
        finally:
            mine.task = None
        return loop.time() - began

    def _expire(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        while self._waiting and (self._waiting[0].task is None or self._waiting[0].due <= now):
            overdue = self._waiting.popleft()
            if overdue.task is not None:
                overdue.expired = True
                overdue.task.cancel()
        first = self._waiting[0].due if self._waiting else None
        self._timer = None if first is None else loop.call_at(first, self._expire)
