"""Repeats one vendor call that may be repeated. The only importer of tenacity.

Never wrap more than one call: nine calls make a batch, and a refusal of the ninth must not repeat
the eight.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt

from services.shared.contract.errors import OutcomeUnknownError, WorldAtFaultError

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to try: at most ``attempts``, and none begun ``budget_seconds`` after the first.

    Waits double from ``first_wait_seconds`` up to ``longest_wait_seconds``, each drawn from its
    upper half, so that many who failed together do not come back together. What the other side
    asked for (``retry_after``) is waited in full, and not at all when it is beyond the budget.
    ``sleep`` waits, and ``chance`` draws from [0, 1).
    """

    attempts: int = 5
    budget_seconds: float = 30.0
    first_wait_seconds: float = 0.25
    longest_wait_seconds: float = 8.0
    sleep: Sleep = asyncio.sleep
    chance: Callable[[], float] = random.random

    def wait_seconds(self, failures: int, retry_after: float | None) -> float:
        """The wait after ``failures`` in a row."""
        doubled = self.first_wait_seconds * 2.0 ** min(failures - 1, 30)
        drawn = min(doubled, self.longest_wait_seconds) * (0.5 + self.chance() / 2)
        return drawn if retry_after is None else retry_after + drawn * 0.1


DEFAULT_PATIENCE = Patience()


async def retried(
    call: Callable[[], Awaitable[T]],
    *,
    on: tuple[type[WorldAtFaultError], ...],
    is_repeatable: bool,
    patience: Patience = DEFAULT_PATIENCE,
) -> T:
    """What ``call`` returns, repeated on the errors named in ``on``; the last one is raised as is.

    An ``OutcomeUnknownError`` is repeated only if ``is_repeatable``: doing it twice is doing it
    once. Time is the running loop's.
    """
    clock = asyncio.get_running_loop().time
    started = clock()

    async def attempt() -> T:
        # tenacity awaits what it knows for a coroutine function; a lambda or a partial it does not.
        return await call()

    def is_worth_it(error: BaseException) -> bool:
        is_safe = is_repeatable or not isinstance(error, OutcomeUnknownError)
        return is_safe and isinstance(error, on)

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        said = error.retry_after if isinstance(error, WorldAtFaultError) else None
        return patience.wait_seconds(state.attempt_number, said)

    def is_over_budget(state: RetryCallState) -> bool:
        # tenacity's stop_before_delay, on the loop's clock: stop_after_delay would first sleep
        # through an hour's Retry-After.
        return clock() - started + state.upcoming_sleep >= patience.budget_seconds

    attempts_spent = stop_after_attempt(patience.attempts)
    retrying = AsyncRetrying(
        retry=retry_if_exception(is_worth_it),
        wait=wait,
        stop=lambda state: attempts_spent(state) or is_over_budget(state),
        sleep=patience.sleep,
        reraise=True,
    )
    return await retrying(attempt)
