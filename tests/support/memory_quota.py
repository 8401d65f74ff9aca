"""A quota for one process, without a ledger."""

import asyncio

from services.shared.hubspot.pacing import (
    DEFAULT_LIMIT,
    Correction,
    Granted,
    Lane,
    NotYet,
    Schedule,
    corrected,
    drawn,
)


class MemoryQuota:
    """A quota for one process, on the event loop's clock."""

    def __init__(self, limit: int = DEFAULT_LIMIT) -> None:
        self.schedule = Schedule(limit=limit)

    async def draw(self, lane: Lane) -> Granted | NotYet:
        """See ``Quota``."""
        now = asyncio.get_running_loop().time()
        self.schedule, verdict = drawn(self.schedule, lane, now)
        return verdict

    async def correct(self, correction: Correction) -> None:
        """See ``Quota``."""
        now = asyncio.get_running_loop().time()
        self.schedule = corrected(self.schedule, correction, now)
