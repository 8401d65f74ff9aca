"""One timer for many deadlines of the same length.

``asyncio.timeout`` sets a timer for each, and on uvloop a timer is among what costs most in a
request that is over in milliseconds. Deadlines of one length fall due in the order they were set,
so one timer, for the first of them, is enough.
"""

from __future__ import annotations

import asyncio
from itertools import takewhile
from typing import Any


class Deadlines:
    """Lets each of many pieces of work take ``seconds`` at most."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._began: dict[asyncio.Future[Any], float] = {}  # in the order they fall due
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, work: asyncio.Future[Any]) -> None:
        """From now on ``work`` has its time; once that is over, it is cancelled."""
        loop = work.get_loop()
        self._began[work] = now = loop.time()
        if self._timer is None:
            self._timer = loop.call_at(now + self._seconds, self._expire)

    def end(self, work: asyncio.Future[Any]) -> float:
        """``work`` is done, or was cancelled; how many seconds it took."""
        began = self._began.pop(work, None)
        return self._seconds if began is None else work.get_loop().time() - began

    def _expire(self) -> None:
        loop = asyncio.get_running_loop()
        latest = loop.time() - self._seconds
        overdue = list(takewhile(lambda work: self._began[work] <= latest, self._began))
        for work in overdue:
            del self._began[work]
            work.cancel()
        first = next(iter(self._began.values()), None)
        self._timer = None if first is None else loop.call_at(first + self._seconds, self._expire)
