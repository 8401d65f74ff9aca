"""Reads log and ledger every few seconds for the gauges of ``metrics``, and notes the quota's use.

A measurement may take long on a large ledger, whose writers it holds up: the rest between two is
many times what one takes.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from datetime import UTC, datetime

import msgspec

from services.shared.contract.errors import SyncError
from services.shared.contract.reasons import bounded
from services.shared.contract.topics import BACKFILL_TOPICS, CONSUMED_TOPICS
from services.shared.hubspot.usage import Usage
from services.shared.ledger import measures, notes, reporting
from services.shared.ledger.causes import open_causes
from services.shared.ledger.engine import Ledger
from services.shared.ledger.notes import QuotaUse
from services.shared.ledger.sources import Status
from services.shared.log.port import History
from services.shared.runtime.lifecycle import rest
from services.shared.runtime.logging import Action
from services.shared.runtime.vitals import Pulse
from services.syncer import metrics

_LOG = logging.getLogger(__name__)
_EVERY_SECONDS = 10.0
_REST_PER_EFFORT = 50.0


class Measuring:
    """Sets the gauges that no single event moves."""

    def __init__(self, ledger: Ledger, log: History, group: str, usage: Usage) -> None:
        self._ledger = ledger
        self._log = log
        self._group = group
        self._usage = usage
        self._was_behind = False

    async def run(self, stopping: asyncio.Event, pulse: Pulse) -> None:
        """Measure until told to stop."""
        clock = asyncio.get_running_loop().time
        pulse.begin()
        while not stopping.is_set():
            began = clock()
            try:
                await self.measure()
                pulse.beat()
            except SyncError as problem:
                pulse.suffer(problem.reason)
                _LOG.warning(
                    "not measured", extra={"action": Action.WAIT, "reason": problem.reason}
                )
            await rest(max(_EVERY_SECONDS, (clock() - began) * _REST_PER_EFFORT), stopping)

    async def measure(self) -> None:
        """Set every gauge once.

        Raises:
            SyncError: the ledger or the log cannot be read.
        """
        await self._measure_lag()
        await self._measure_records()
        await self._measure_quota()

    async def _measure_lag(self) -> None:
        now = datetime.now(UTC)
        lags = await self._log.lag(self._group)
        metrics.LAG_EVENTS.clear()
        metrics.LAG_SECONDS.clear()
        self._tell(sum(e.events for p, e in lags.items() if p.topic in BACKFILL_TOPICS))
        for partition, lag in lags.items():
            if partition.topic not in CONSUMED_TOPICS:
                continue
            age = (now - lag.oldest_appended_at).total_seconds() if lag.oldest_appended_at else 0.0
            metrics.LAG_EVENTS.labels(partition.topic, partition.number).set(lag.events)
            metrics.LAG_SECONDS.labels(partition.topic, partition.number).set(max(age, 0.0))

    def _tell(self, left: int) -> None:
        """A first sync may take hours: whoever began it sees that it gets on."""
        if left:
            extra = {"action": Action.PROGRESS, "events_left": left}
            _LOG.info("writing a store's history to HubSpot", extra=extra)
        elif self._was_behind:
            _LOG.info("all history that was read is settled", extra={"action": Action.PROGRESS})
        self._was_behind = left > 0

    async def _measure_records(self) -> None:
        async with self._ledger.transaction() as tx:
            tallies = await measures.tallies(tx)
            waiting = [(t.shop, t.kind) for t in tallies if t.status is Status.WAITING]
            waits = await measures.longest_waits(tx, waiting)
            backlog = await reporting.backlog(tx)
            causes = Counter(bounded(each.reason) for each in await open_causes(tx))
        for gauge in (metrics.RECORDS, metrics.OLDEST_WAITING, metrics.CAUSES):
            gauge.clear()
        for tally in tallies:
            metrics.RECORDS.labels(tally.shop, tally.kind, tally.status).set(tally.records)
        for (shop, kind), seconds in waits.items():
            metrics.OLDEST_WAITING.labels(shop, kind).set(seconds)
        for reason, count in causes.items():
            metrics.CAUSES.labels(reason).set(count)
        metrics.OPEN_LINKS.set(backlog.open_links)
        metrics.COMPLIANCE.set(backlog.pending_requests)

    async def _measure_quota(self) -> None:
        shares = self._usage.shares()
        metrics.QUOTA_SHARE.set(shares.window)
        metrics.DAILY_SHARE.set(shares.daily or 0.0)
        use = QuotaUse(at=datetime.now(UTC), window=shares.window, daily=shares.daily)
        async with self._ledger.transaction() as tx:
            await notes.put(tx, notes.QUOTA_USE, msgspec.json.encode(use).decode())
