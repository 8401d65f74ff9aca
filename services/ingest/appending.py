"""The way to the log, with an end to everything: time, requests in flight, bytes in memory."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Self

from services.ingest.deadlines import Deadlines
from services.ingest.delivery import Accepted
from services.ingest.metrics import Metrics
from services.ingest.outcomes import DEFAULT_RETRY_SECONDS, Outcome
from services.shared.contract.errors import LogUnavailableError, WorldAtFaultError
from services.shared.log.port import Appender
from services.shared.runtime.logging import Action

_logger = logging.getLogger(__name__)

# Whether the log would take an event now, or the reason as an exception; asked by the readiness
# probe alone.
Writable = Callable[[], Awaitable[bool]]
# What became of an append; an exception if it is our own fault.
Told = Outcome | Exception


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What may be going on at once. Sizes in bytes, times in seconds."""

    body_bytes: int
    held_bytes: int
    in_flight: int
    append_seconds: float


class BoundedLog:
    """An appender that always answers within ``bounds.append_seconds``, by an outcome.

    An append given up may still become durable: Shopify delivers it again, and it is superseded.
    """

    def __init__(self, appender: Appender, bounds: Bounds, metrics: Metrics) -> None:
        self.bounds = bounds
        self.retry_seconds = DEFAULT_RETRY_SECONDS
        self.held_bytes = 0
        self._in_flight = 0
        self._available = True
        self._appender = appender
        self._deadlines = Deadlines(bounds.append_seconds)
        self._metrics = metrics
        metrics.in_flight.set_function(lambda: self._in_flight)
        metrics.held_bytes.set_function(lambda: self.held_bytes)

    def is_busy(self, ahead: int = 0) -> bool:
        """Whether, with ``ahead`` more, as many appends are under way as may be."""
        return self._in_flight + ahead >= self.bounds.in_flight

    def room(self) -> Room:
        """Room for one body, given back by ``leave`` or at the end of a ``with`` block."""
        return Room(self)

    def append(self, accepted: Accepted, tell: Callable[[Told], None]) -> None:
        """Tell the outcome of ``accepted`` once the log has it, else why it has not."""
        if self.is_busy():
            tell(Outcome.TOO_MANY_IN_FLIGHT)
            return
        try:
            work = asyncio.ensure_future(self._appender.append((accepted.event,)))
        except LogUnavailableError as problem:
            tell(self._unavailable(Outcome.LOG_UNAVAILABLE, problem.retry_after))
            return
        self._in_flight += 1
        self._deadlines.begin(work)
        work.add_done_callback(
            partial(self._appended, accepted.outcome, len(accepted.event.value), tell)
        )

    async def refusal(self, writable: Writable) -> str | None:
        """Why the log would take no event, or None; no answer in an append's time is a no."""
        try:
            async with asyncio.timeout(self.bounds.append_seconds):
                return None if await writable() else Outcome.LOG_UNAVAILABLE.value
        except WorldAtFaultError as problem:
            return problem.reason
        except TimeoutError:
            return Outcome.LOG_TOO_SLOW.value

    def _appended(
        self, outcome: Outcome, size: int, tell: Callable[[Told], None], work: asyncio.Future[None]
    ) -> None:
        self._in_flight -= 1
        seconds = self._deadlines.end(work)
        try:
            work.result()
        except LogUnavailableError as problem:
            tell(self._unavailable(Outcome.LOG_UNAVAILABLE, problem.retry_after))
        except asyncio.CancelledError:
            tell(self._unavailable(Outcome.LOG_TOO_SLOW, None))
        except Exception as bug:  # noqa: BLE001 - whoever waits must hear of it
            tell(bug)
        else:
            self._took(size, seconds)
            tell(outcome)

    def _took(self, size: int, seconds: float) -> None:
        self._metrics.append_seconds.observe(seconds)
        self._metrics.accepted_bytes.value += size
        if not self._available:
            self._available = True
            _logger.info("the log takes events again", extra={"action": Action.LOG_AVAILABLE})

    def _unavailable(self, outcome: Outcome, retry_after: float | None) -> Outcome:
        self.retry_seconds = max(DEFAULT_RETRY_SECONDS, math.ceil(retry_after or 0))
        if self._available:
            self._available = False
            _logger.warning(
                "the log does not take events",
                extra={"action": Action.LOG_UNAVAILABLE, "outcome": outcome.value},
            )
        return outcome


class Room:
    """The memory one body takes."""

    __slots__ = ("_log", "_taken")

    def __init__(self, log: BoundedLog) -> None:
        self._log = log
        self._taken = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def leave(self) -> None:
        """Give it back; harmless if that has been done."""
        self._log.held_bytes -= self._taken
        self._taken = 0

    def take(self, count: int) -> Outcome | None:
        """Count bytes in; why they are too many, if they are."""
        self._taken += count
        self._log.held_bytes += count
        if self._taken > self._log.bounds.body_bytes:
            return Outcome.BODY_TOO_LARGE
        if self._log.held_bytes > self._log.bounds.held_bytes:
            return Outcome.TOO_MANY_BYTES
        return None
