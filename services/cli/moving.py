"""What a running process does while its ledger moves elsewhere."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Sequence

from services.shared.contract.errors import LogUnavailableError, OursToFixError, SyncError
from services.shared.contract.events import NewEvent
from services.shared.ledger import moving
from services.shared.ledger.engine import Ledger
from services.shared.ledger.moving import Phase
from services.shared.log.port import Appender
from services.shared.runtime.logging import Action

_LOG = logging.getLogger(__name__)
LOOK_SECONDS = 1.0
_RETRY_SECONDS = 10.0


class Gate:
    """An appender that takes nothing while the log is drained: ingest answers 503 then."""

    def __init__(self, log: Appender) -> None:
        self._log = log
        self.is_closed = False

    def append(self, events: Sequence[NewEvent]) -> Awaitable[None]:
        """See ``Appender``."""
        if self.is_closed:
            raise LogUnavailableError("moving", retry_after=_RETRY_SECONDS)
        return self._log.append(events)


async def check_here(ledger: Ledger) -> None:
    """Refuse to start on a ledger that moves, or has moved.

    Raises:
        OursToFixError: it has moved, or is being copied now.
        WorldAtFaultError: the ledger is not there.
    """
    async with ledger.transaction() as tx:
        found = await moving.phase(tx)
    if found is Phase.MOVED:
        raise OursToFixError("ledger_moved", detail="set SHOPSYNC_LEDGER_URL to where it is now")
    if found is Phase.STOPPING:
        raise OursToFixError("ledger_moves", detail="it is being copied; start when that is done")


async def watch(ledger: Ledger, gate: Gate, stopping: asyncio.Event) -> None:
    """Close the gate while the log is drained, stop everything once the ledger is copied."""
    while not stopping.is_set():
        try:
            async with ledger.transaction() as tx:
                found = await moving.phase(tx)
        except SyncError:
            # Nobody moves a ledger that cannot be read: what was said last holds.
            found = Phase.DRAINING if gate.is_closed else Phase.STAYING
        if gate.is_closed is not (found is not Phase.STAYING):
            gate.is_closed = not gate.is_closed
            _LOG.warning("the ledger moves", extra={"action": Action.MOVE, "phase": found})
        if found in (Phase.STOPPING, Phase.MOVED):
            stopping.set()
        await asyncio.sleep(LOOK_SECONDS)
