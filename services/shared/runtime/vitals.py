"""Whether a process gets on with its work: each of its loops says so, and silence is noticed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall:
    """Something that does not get on: for how many seconds, and the last trouble it met."""

    seconds: float
    trouble: str


class Pulse:
    """The life sign of one loop, which is to beat at least every ``allowed_seconds``."""

    def __init__(self, allowed_seconds: float, clock: Clock) -> None:
        self._allowed_seconds = allowed_seconds
        self._clock = clock
        self._last: float | None = None
        self._trouble = ""

    def beat(self) -> None:
        """It got on."""
        self._last = self._clock()
        self._trouble = ""

    def begin(self) -> None:
        """It has something to do; what is begun already is not begun anew."""
        if self._last is None:
            self._last = self._clock()

    def rest(self) -> None:
        """It has nothing to do, so nothing is expected of it."""
        self._last = None
        self._trouble = ""

    def suffer(self, trouble: str) -> None:
        """It could not get on; ``trouble`` is a short reason that quotes nobody."""
        self._trouble = trouble

    @property
    def trouble(self) -> str:
        """What it met since it last got on; empty if nothing."""
        return self._trouble

    @property
    def stall(self) -> Stall | None:
        """How long it has stood still, if that is longer than allowed."""
        if self._last is None:
            return None
        silent = self._clock() - self._last
        if silent <= self._allowed_seconds:
            return None
        return Stall(seconds=silent, trouble=self._trouble)


class Vitals:
    """The life signs of one process, by the name of what gives them."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._pulses: dict[str, Pulse] = {}

    def pulse(self, name: str, allowed_seconds: float) -> Pulse:
        """The pulse called ``name``, made when it is asked for first; it rests until then."""
        return self._pulses.setdefault(name, Pulse(allowed_seconds, self._clock))

    def stalled(self) -> Mapping[str, Stall]:
        """What stands still now; empty if all is well."""
        stalls = {name: pulse.stall for name, pulse in self._pulses.items()}
        return {name: stall for name, stall in stalls.items() if stall is not None}
