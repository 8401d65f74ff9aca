"""Deliveries that are there as a whole, taken together: one step for all before the next.

What one turn of the loop has read is taken at its end. To go through all steps with one delivery
and then with the next costs 8 to 14 µs more for each, of some 50: the code of one step fits into
the memory nearest to the processor, that of all steps does not. Nor does any of them need a task,
since all they wait for is the log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from services.ingest.answers import ANSWERS, Answer
from services.ingest.appending import BoundedLog, Room, Told
from services.ingest.delivery import Claim, Refused, claim_in, event_for, is_proven
from services.ingest.metrics import Metrics
from services.ingest.outcomes import Outcome
from services.ingest.stores import KnownStores

# One turn of the loop may read thousands. So many bodies are in memory before they are looked at,
# half of what may be under way by default: more together are no cheaper.
_MOST_TOGETHER = 128

Clock = Callable[[], datetime]
# Hears how a delivery is answered, or of an exception, which is our own fault.
Tell = Callable[[Answer | Exception], None]


# Made for each delivery, and so not frozen: that makes setting a field three times as dear.
@dataclass(slots=True)
class _Whole:
    headers: Iterable[tuple[bytes, bytes]] = field(repr=False)
    body: bytes = field(repr=False)
    tell: Tell
    room: Room
    began: float
    claim: Claim = field(init=False, repr=False)


class Taking:
    """Takes deliveries to the log, and answers them once they are on it."""

    def __init__(
        self, *, stores: KnownStores, log: BoundedLog, metrics: Metrics, clock: Clock
    ) -> None:
        self._stores = stores
        self._log = log
        self._metrics = metrics
        self._now = clock
        self._came: list[_Whole] = []
        self._ahead = 0  # of those that came together, found worth checking and not yet appended

    def take(self, headers: Iterable[tuple[bytes, bytes]], body: bytes, tell: Tell) -> None:
        """Begin with a delivery in this turn of the loop; ``tell`` once how it is answered.

        That is later, but for a delivery that fills the measure and is refused by the log at once.
        """
        loop = asyncio.get_running_loop()
        if not self._came:
            loop.call_soon(self._take_all)
        self._came.append(_Whole(headers, body, tell, self._log.room(), loop.time()))
        if len(self._came) == _MOST_TOGETHER:
            self._take_all()

    def claim(self, headers: Iterable[tuple[bytes, bytes]]) -> Claim | Refused:
        """What the headers claim, if there is time for it."""
        claim = claim_in(headers, self._stores)
        # Before its body is waited for and its signature reckoned: what is refused for want of
        # time must cost little of it, or at twice the load nothing would be accepted at all.
        if isinstance(claim, Claim) and self._log.is_busy(self._ahead):
            return Refused(outcome=Outcome.TOO_MANY_IN_FLIGHT)
        return claim

    def answer(self, outcome: Outcome, began: float) -> Answer:
        """The answer to a request that began then and has ended so; it is counted."""
        self._metrics.count(outcome)
        self._metrics.request_seconds.observe(asyncio.get_running_loop().time() - began)
        if outcome is not Outcome.LOG_UNAVAILABLE:
            return ANSWERS[outcome]
        return Answer(outcome, self._log.retry_seconds)

    def _take_all(self) -> None:
        going_on, self._came = self._came, []
        for step in (self._look, self._check, partial(self._append, self._now())):
            going_on = [each for each in going_on if self._goes_on(each, step)]
        self._ahead = 0

    def _goes_on(self, whole: _Whole, step: Callable[[_Whole], Outcome | None]) -> bool:
        told: Told | None
        try:
            told = step(whole)
        except Exception as bug:  # noqa: BLE001 - the others must not suffer from it
            told = bug
        if told is not None:  # later, so that nothing that goes wrong there stops the others
            whole.body = b""
            asyncio.get_running_loop().call_soon(self._end, whole, told)
        return told is None

    def _look(self, whole: _Whole) -> Outcome | None:
        claim = self.claim(whole.headers)
        if isinstance(claim, Refused):
            return claim.outcome
        whole.claim = claim
        self._ahead += 1
        return whole.room.take(len(whole.body))

    def _check(self, whole: _Whole) -> Outcome | None:
        return None if is_proven(whole.claim, whole.body) else Outcome.WRONG_SIGNATURE

    def _append(self, came_at: datetime, whole: _Whole) -> None:
        accepted = event_for(whole.claim, whole.body, came_at)
        self._log.append(accepted, partial(self._end, whole))

    def _end(self, whole: _Whole, told: Told) -> None:
        whole.room.leave()
        if isinstance(told, Exception):
            whole.tell(told)
        else:
            whole.tell(self.answer(told, whole.began))
