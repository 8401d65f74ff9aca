"""The quota's row: whoever draws, dies or is late, no window of HubSpot's sees more than the limit.

Every sequence of so many moves is tried: a draw in either lane whose call goes out at once, as late
as it may, or never, time passing, and what answers teach. The steps are the product's own.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product as every

import pytest

from services.shared.hubspot.pacing import (
    JITTER_SECONDS,
    Correction,
    Granted,
    Lane,
    Schedule,
    corrected,
    drawn,
    spacing,
)
from services.shared.hubspot.rates import WINDOW_SECONDS

MOVES = 5
NEVER = None
FATES = (0.0, JITTER_SECONDS, NEVER)


@dataclass(slots=True)
class Account:
    """The row, the clock, and when calls reached HubSpot."""

    schedule: Schedule
    now: float = 1_000.0
    calls: list[float] = field(default_factory=list)

    def draw(self, lane: Lane, fate: float | None) -> None:
        """One process draws; its call is late by ``fate``, or it dies with its slot."""
        self.schedule, verdict = drawn(self.schedule, lane, self.now)
        if isinstance(verdict, Granted) and fate is not None:
            self.calls.append(self.now + verdict.delay_seconds + fate)

    def wait(self, spacings: float) -> None:
        """Time passes for everybody."""
        self.now += spacings * spacing(self.schedule.limit)

    def learn(self, correction: Correction) -> None:
        """One process hands in what an answer taught it."""
        self.schedule = corrected(self.schedule, correction, self.now)

    def most_in_a_window(self) -> int:
        """The most calls that any ten seconds saw, both ends included."""
        return max(
            (
                sum(first <= each <= first + WINDOW_SECONDS for each in self.calls)
                for first in self.calls
            ),
            default=0,
        )


Move = Callable[[Account], None]


def draw(lane: Lane, fate: float | None) -> Move:
    return lambda account: account.draw(lane, fate)


def wait(spacings: float) -> Move:
    return lambda account: account.wait(spacings)


def learn(correction: Correction) -> Move:
    return lambda account: account.learn(correction)


DRAWS = [draw(lane, fate) for lane in Lane for fate in FATES]
WAITS = [wait(0.5), wait(1.0), wait(40.0)]
LESSONS = [learn(Correction(delay_seconds=1.0)), learn(Correction(pause_seconds=10.0))]


@pytest.mark.parametrize("limit", [2, 3])
def test_no_window_sees_more_than_the_limit_whatever_anybody_does(limit: int) -> None:
    busy = 0
    for moves in every((*DRAWS, *WAITS[1:]), repeat=MOVES):
        account = Account(Schedule(limit=limit))
        for move in moves:
            move(account)
        assert account.most_in_a_window() <= limit
        busy += account.most_in_a_window() == limit

    assert busy > 0


def test_what_answers_teach_never_brings_a_slot_nearer() -> None:
    for moves in every((*DRAWS[::2], *WAITS, *LESSONS), repeat=MOVES):
        account = Account(Schedule(limit=2))
        for move in moves:
            before = account.schedule.next_slot
            move(account)
            assert account.schedule.next_slot >= before
        assert account.most_in_a_window() <= 2  # the limit
