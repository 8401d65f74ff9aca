"""Tells readers in this process that something was appended or handed over."""

from __future__ import annotations

import asyncio


class Bell:
    """Rings for all who listen. Listening begins before one looks, so that no ring is missed."""

    def __init__(self) -> None:
        self._ring = asyncio.Event()

    def listen(self) -> asyncio.Event:
        """An event that is set by the next ring."""
        return self._ring

    def ring(self) -> None:
        """Wakes everybody who listens now."""
        self._ring.set()
        self._ring = asyncio.Event()


async def wait_for(event: asyncio.Event, seconds: float) -> None:
    """Returns when ``event`` is set, at the latest after ``seconds``."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
