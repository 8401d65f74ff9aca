"""Grants HubSpot calls: every process of an account draws from one quota.

https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol

from services.shared.hubspot.pacing import (
    DEFAULT_LIMIT,
    JITTER_SECONDS,
    Correction,
    Granted,
    Lane,
    NotYet,
    correction_for,
    seconds_until_midnight,
)
from services.shared.hubspot.problems import RateLimitedError
from services.shared.hubspot.rates import Policy, RateFacts

Sleep = Callable[[float], Awaitable[None]]
# Who stands in line longer holds up more than itself, and its claims run out: the records wait.
_LONGEST_WAIT_SECONDS = 30.0
# Our clock and HubSpot's are not one.
_AFTER_MIDNIGHT_SECONDS = 5.0


class Quota(Protocol):
    """One account's schedule, shared by every process that calls it.

    Both calls are atomic, follow ``pacing.drawn_together`` and ``pacing.corrected``, and take their
    time from the quota's own clock.
    """

    async def draw(self, lane: Lane, most: int = 1) -> Sequence[Granted] | NotYet:
        """Up to ``most`` next free slots, as far as they are within the lane's horizon."""

    async def correct(self, correction: Correction) -> None:
        """Learn the limit, or move the next slot away."""


class _Line:
    """The callers of one lane: whose turn it is, and how many stand there by each way to the quota.

    ``granted`` are slots drawn for those who stand behind.
    """

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self.standing: Counter[Quota] = Counter()
        self.granted: dict[Quota, deque[tuple[float, float]]] = {}


class Governor:
    """Waits for slots, gives late ones up, and tells the quota what the answers say.

    ``now`` is the time of day by which the account's day ends.
    """

    def __init__(
        self,
        quota: Quota,
        *,
        sleep: Sleep = asyncio.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._quota = quota
        self._sleep = sleep
        self._now = now
        self._time_zone = ""
        self._limit = DEFAULT_LIMIT
        self._lines = {lane: _Line() for lane in Lane}
        self._paused_until = 0.0

    async def acquire(self, lane: Lane, quota: Quota | None = None) -> None:
        """Returns when one call may be sent, now. Send it at once: the slot is yours for 0.3 s.

        ``quota`` is another way to the same schedule, on which more is done with every draw.

        Raises:
            RateLimitedError: no call is granted for long; its policy is ``DAILY`` if the account's
                day is spent.
        """
        clock = asyncio.get_running_loop().time
        while True:
            asked_at, delay = await self._drawn(lane, quota or self._quota)
            # The quota decided somewhere between asking and now: never be early, and count our
            # lateness from the earliest moment it can have meant.
            await self._sleep(delay)
            lateness = clock() - (asked_at + delay)
            if lateness <= JITTER_SECONDS and clock() >= self._paused_until:
                return

    async def _drawn(self, lane: Lane, quota: Quota) -> tuple[float, float]:
        """When the draw that succeeded was begun, and how long after it the slot is.

        One caller of a lane asks the quota, the others stand in line behind it: however many wait,
        the quota is asked once a slot, and once for all who stand there with the same way to it.
        """
        line = self._lines[lane]
        line.standing[quota] += 1
        try:
            async with line.turn:
                granted = line.granted.get(quota)
                if not granted:
                    await asyncio.sleep(0)  # whoever comes at the same time is in line then
                    granted = line.granted[quota] = await self._asked(
                        lane, quota, line.standing[quota]
                    )
                return granted.popleft()
        finally:
            line.standing[quota] -= 1
            if not line.standing[quota]:  # nobody is left to use a slot: it is given up
                del line.standing[quota]
                line.granted.pop(quota, None)

    async def _asked(self, lane: Lane, quota: Quota, most: int) -> deque[tuple[float, float]]:
        clock = asyncio.get_running_loop().time
        while True:
            asked_at = clock()
            verdict = await quota.draw(lane, most)
            if not isinstance(verdict, NotYet):
                return deque((asked_at, each.delay_seconds) for each in verdict)
            if verdict.seconds > _LONGEST_WAIT_SECONDS:
                # HubSpot may ask for a minute after a burst as well: that is no spent day.
                policy = Policy.DAILY if verdict.is_day_spent else Policy.TEN_SECONDLY
                raise RateLimitedError(policy, retry_after=verdict.seconds)
            await self._sleep(verdict.seconds)

    async def observe(self, facts: RateFacts) -> None:
        """Take in one answer's rate facts; pass it to ``HubSpot(observe=…)``."""
        correction = correction_for(facts, self._limit, self._seconds_to_reset())
        if correction is None:
            return
        self._limit = correction.limit or self._limit
        if correction.pause_seconds:
            now = asyncio.get_running_loop().time()
            self._paused_until = max(self._paused_until, now + correction.pause_seconds)
        await self._quota.correct(correction)

    def end_days_in(self, time_zone: str) -> None:
        """Learn where the account's midnight is; an unknown zone is as good as none."""
        self._time_zone = time_zone

    def _seconds_to_reset(self) -> float | None:
        left = seconds_until_midnight(self._now(), self._time_zone) if self._time_zone else None
        return None if left is None else left + _AFTER_MIDNIGHT_SECONDS
