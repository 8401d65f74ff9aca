"""Reads from the ledger how fresh each store is, and what bars it, for gauges of ``metrics``."""

from __future__ import annotations

import asyncio
import logging

from services.reconciler import metrics
from services.shared.contract.errors import SyncError
from services.shared.contract.reasons import bounded
from services.shared.ledger import troubles
from services.shared.ledger.engine import Ledger
from services.shared.ledger.measures import last_scans
from services.shared.runtime.lifecycle import rest
from services.shared.runtime.logging import Action
from services.shared.runtime.vitals import Pulse

_LOG = logging.getLogger(__name__)
_EVERY_SECONDS = 10.0


async def keep_measured(ledger: Ledger, stopping: asyncio.Event, pulse: Pulse) -> None:
    """Measure until told to stop: the age grows also while no scan ends."""
    pulse.begin()
    while not stopping.is_set():
        try:
            await measure(ledger)
            pulse.beat()
        except SyncError as problem:
            pulse.suffer(problem.reason)
            _LOG.warning("not measured", extra={"action": Action.WAIT, "reason": problem.reason})
        await rest(_EVERY_SECONDS, stopping)


async def measure(ledger: Ledger) -> None:
    """Set every gauge once.

    Raises:
        SyncError: the ledger cannot be read.
    """
    async with ledger.transaction() as tx:
        scans = await last_scans(tx)
        standing = await troubles.standing(tx)
    metrics.COMPLETE_AT.clear()
    metrics.FRESHNESS.clear()
    for scan in scans:
        metrics.COMPLETE_AT.labels(scan.shop, scan.kind).set(scan.started_at.timestamp())
        metrics.FRESHNESS.labels(scan.shop, scan.kind).set(scan.age_seconds)
    metrics.BARRED.clear()
    for each in standing:
        labels = (each.shop, each.kind or "all", bounded(each.reason))
        metrics.BARRED.labels(*labels).set(each.age_seconds)
