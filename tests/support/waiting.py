"""Waiting for what happens in other tasks, for as long as it takes and no longer."""

import asyncio
from collections.abc import Callable

LONGEST_SECONDS = 60.0


async def until(is_so: Callable[[], object], within_seconds: float = LONGEST_SECONDS) -> None:
    """Returns as soon as ``is_so``."""
    async with asyncio.timeout(within_seconds):
        while not is_so():  # noqa: ASYNC110 - what is looked at belongs to others and has no event
            await asyncio.sleep(0.02)
