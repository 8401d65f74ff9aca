"""An event loop whose clock jumps to the next timer whenever there is nothing else to do."""

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")
START = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


class _JumpingSelector(selectors.DefaultSelector):
    """Never waits: a wait for a timer moves the clock instead."""

    def __init__(self) -> None:
        super().__init__()
        self.elapsed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("everything waits for something that never comes")
        if not ready and timeout:
            self.elapsed += timeout
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Hours pass in milliseconds; no sockets, no threads."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.elapsed

    def skip(self, seconds: float) -> None:
        """Let so much time be over at once, as a machine that slept finds it when it wakes."""
        self._jumping.elapsed += seconds

    def now(self) -> datetime:
        """The virtual wall clock: the same clock, from a fixed start."""
        return START + timedelta(seconds=self.time())


def virtual_now() -> datetime:
    """The time of the running virtual loop."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    return loop.now()


def in_virtual_time(story: Coroutine[Any, Any, T]) -> T:
    """Run a story to its end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(story)
