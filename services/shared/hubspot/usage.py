"""How much of an account's limits is in use, as seen from the answers one process gets."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from services.shared.hubspot.pacing import DEFAULT_LIMIT
from services.shared.hubspot.rates import WINDOW_SECONDS, RateFacts

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Shares of 1. ``window`` is of our own calls, ``daily`` of everybody's; None is not said."""

    window: float
    daily: float | None


class Usage:
    """Remembers the answers of the last ten seconds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._answers: deque[float] = deque()
        self._limit = DEFAULT_LIMIT
        self._daily: float | None = None

    def take(self, facts: RateFacts) -> None:
        """One answer came."""
        self._answers.append(self._clock())
        self._forget()
        self._limit = facts.limit or self._limit
        if facts.daily_limit and facts.daily_remaining is not None:
            self._daily = 1 - facts.daily_remaining / facts.daily_limit

    def shares(self) -> Shares:
        """The shares in use now."""
        self._forget()
        return Shares(window=len(self._answers) / self._limit, daily=self._daily)

    def _forget(self) -> None:
        horizon = self._clock() - WINDOW_SECONDS
        while self._answers and self._answers[0] < horizon:
            self._answers.popleft()
