"""A quota for one process, without a ledger."""

import asyncio
from collections.abc import Sequence

from services.shared.hubspot.pacing import (
    DEFAULT_LIMIT,
    Correction,
    Granted,
    Lane,
    NotYet,
    Schedule,
    corrected,
    drawn_together,
)


class MemoryQuota:
    """A quota for one process, on the event loop's clock."""

    def __init__(self, limit: int = DEFAULT_LIMIT) -> None:
        self.schedule = Schedule(limit=limit)

    async def draw(self, lane: Lane, most: int = 1) -> Sequence[Granted] | NotYet:
        """See ``Quota``."""
        now = asyncio.get_running_loop().time()
        self.schedule, verdict = drawn_together(self.schedule, lane, now, most)
        return verdict

    async def correct(self, correction: Correction) -> None:
        """See ``Quota``."""
        now = asyncio.get_running_loop().time()
        self.schedule = corrected(self.schedule, correction, now)
