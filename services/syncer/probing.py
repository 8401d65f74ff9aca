"""Asks again whether what makes many records wait is over, and lets them go on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from services.shared.contract.errors import SyncError
from services.shared.ledger import causes
from services.shared.ledger.causes import EVERY_STORE, Cause
from services.shared.ledger.engine import Ledger
from services.shared.runtime.logging import Action
from services.shared.runtime.vitals import Pulse

_LOG = logging.getLogger(__name__)
_LOOK_SECONDS = 1.0
_AGAIN_MS = 30_000

Probe = Callable[[Cause], Awaitable[bool]]
"""Whether a cause is over. A ``SyncError`` of its own means that it is not."""


class Probes:
    """Looks after open causes: each by the probe of its reason, else its store's or account's."""

    def __init__(
        self, ledger: Ledger, by_reason: Mapping[str, Probe], *, store: Probe, account: Probe
    ) -> None:
        self._ledger = ledger
        self._by_reason = by_reason
        self._store = store
        self._account = account
        self._asked: set[int] = set()

    async def run(self, stopping: asyncio.Event, pulse: Pulse) -> None:
        """Probe until told to stop; a slow probe (a census) holds up no other."""
        pulse.begin()
        async with asyncio.TaskGroup() as group:
            tasks: list[asyncio.Task[None]] = []
            while not stopping.is_set():
                due = await self._due(pulse)
                tasks += [group.create_task(self._ask(cause)) for cause in due]
                tasks = [task for task in tasks if not task.done()]
                await asyncio.sleep(_LOOK_SECONDS)
            for task in tasks:
                task.cancel()

    async def _due(self, pulse: Pulse) -> list[Cause]:
        try:
            async with self._ledger.transaction() as tx:
                due = await causes.to_probe(tx, _AGAIN_MS)
        except SyncError as problem:
            pulse.suffer(problem.reason)
            _LOG.warning("probes wait", extra={"action": Action.WAIT, "reason": problem.reason})
            return []
        pulse.beat()
        return [cause for cause in due if cause.id not in self._asked]

    async def _ask(self, cause: Cause) -> None:
        self._asked.add(cause.id)
        try:
            if await self._probe_of(cause)(cause):
                async with self._ledger.transaction() as tx:
                    await causes.lift(tx, cause.id)
                _LOG.info("cause lifted", extra={"action": Action.LIFT, "reason": cause.reason})
        except SyncError as problem:
            _LOG.info("cause stays", extra={"action": Action.PROBE, "reason": problem.reason})
        finally:
            self._asked.discard(cause.id)

    def _probe_of(self, cause: Cause) -> Probe:
        fallback = self._account if cause.shop == EVERY_STORE else self._store
        return self._by_reason.get(cause.reason, fallback)
