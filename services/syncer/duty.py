"""Hands work to the handler: batches of events, and what the ledger says is due."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from services.shared.contract.errors import SyncError
from services.shared.contract.events import Event
from services.shared.contract.keys import SourceKey
from services.shared.hubspot.pacing import Lane
from services.shared.ledger import settlements, sources
from services.shared.ledger.engine import Ledger
from services.shared.ledger.settlements import Settlement
from services.shared.ledger.sources import SourceRow, Status
from services.shared.log.port import Appender
from services.shared.runtime.logging import Action
from services.shared.runtime.vitals import Pulse
from services.syncer import metrics, webhook_only
from services.syncer.handling import Handler
from services.syncer.jobs import Job
from services.syncer.outcomes import Outcome
from services.syncer.reading import read_out

_LOG = logging.getLogger(__name__)
_AT_ONCE = 100
_LONGEST_REST_SECONDS = 1.0
_OUTAGE_SECONDS = 2.0
INTERNAL_FAULT = "internal_fault"


class Duty:
    """What is to be done for one kind of record, whoever asks for it."""

    def __init__(self, ledger: Ledger, handler: Handler, appender: Appender, kind: str) -> None:
        self._ledger = ledger
        self._handler = handler
        self._appender = appender
        self._kind = kind

    async def take_live(self, events: Sequence[Event]) -> None:
        """Settle a batch of fresh changes."""
        await self._take(events, Lane.LIVE)

    async def take_backfill(self, events: Sequence[Event]) -> None:
        """Settle a batch of history."""
        await self._take(events, Lane.BACKFILL)

    async def run_due(self, stopping: asyncio.Event, pulse: Pulse) -> None:
        """Draw what is due from the ledger until told to stop."""
        pulse.begin()
        while not stopping.is_set():
            try:
                rest = await self.take_due()
                pulse.beat()
            except SyncError as problem:
                pulse.suffer(problem.reason)
                _LOG.warning(
                    "due work waits", extra={"action": Action.WAIT, "reason": problem.reason}
                )
                rest = _OUTAGE_SECONDS
            await asyncio.sleep(rest)

    async def take_due(self) -> float:
        """Settle one batch of due records; for how many seconds there is nothing more to do."""
        async with self._ledger.transaction() as tx:
            rows = await sources.due(tx, self._kind, _AT_ONCE)
            due_in = None if rows else await sources.next_due_ms(tx, self._kind)
        if rows:
            await self._handle([_due_job(row) for row in rows], Lane.LIVE)
            return 0.0
        if due_in is None:
            return _LONGEST_REST_SECONDS
        return min(max(due_in / 1000, 0.02), _LONGEST_REST_SECONDS)

    async def _take(self, events: Sequence[Event], lane: Lane) -> None:
        readout = read_out(events)
        if readout.dead:
            await self._appender.append(readout.dead)
            metrics.OUTCOMES.labels(self._kind, Outcome.DEAD_LETTERED).inc(len(readout.dead))
        await self._handle(readout.jobs, lane)
        now = datetime.now(UTC)
        latency = {
            topic: metrics.LATENCY.labels(topic)
            for topic in {event.position.partition.topic for event in events}
        }
        for event in events:
            seconds = (now - event.appended_at).total_seconds()
            latency[event.position.partition.topic].observe(seconds)

    async def _handle(self, jobs: Sequence[Job], lane: Lane) -> None:
        outcomes = await self._carefully(jobs, lane)
        for outcome, count in Counter(outcomes.values()).items():
            metrics.OUTCOMES.labels(self._kind, outcome).inc(count)

    async def _carefully(self, jobs: Sequence[Job], lane: Lane) -> Mapping[SourceKey, Outcome]:
        """Handle ``jobs`` together; if our own code fails on one, the others go on without it."""
        try:
            return await self._handler.handle(self._kind, jobs, lane)
        except SyncError:
            raise
        except Exception as fault:  # noqa: BLE001 - a fault of ours must not stop its neighbours
            if len(jobs) == 1:
                return await self._mark_faulty(jobs[0], fault)
            _LOG.warning("batch taken apart", extra={"action": Action.ISOLATE, "kind": self._kind})
        outcomes: dict[SourceKey, Outcome] = {}
        for job in jobs:
            outcomes |= await self._carefully([job], lane)
        return outcomes

    async def _mark_faulty(self, job: Job, fault: Exception) -> dict[SourceKey, Outcome]:
        """We are at fault: say so by the fault's type, which quotes nothing; keep the record."""
        metrics.FAULTS.labels(self._kind).inc()
        frame = fault.__traceback__
        while frame and frame.tb_next:
            frame = frame.tb_next
        place = f"{frame.tb_frame.f_code.co_qualname}:{frame.tb_lineno}" if frame else ""
        _LOG.error(
            "internal fault",
            extra={
                "action": Action.FAULT,
                "source": str(job.source),
                "fault": type(fault).__name__,
                "place": place,
            },
        )
        async with self._ledger.transaction() as tx:
            row = (await sources.look(tx, [job.source])).get(job.source)
            await settlements.settle(tx, [_faulty(job, row, f"{type(fault).__name__} {place}")])
        return {job.source: Outcome.FAILING}


def _due_job(row: SourceRow) -> Job:
    return Job(
        source=row.key,
        hinted=True,
        claims_deletion=row.deletion_claimed,
        changed_at=row.changed_at,
        is_due=True,
    )


def _faulty(job: Job, row: SourceRow | None, detail: str) -> Settlement:
    return Settlement(
        key=job.source,
        status=Status.FAILING,
        reason=INTERNAL_FAULT,
        detail=detail,
        seen=row.wanted if row else 0,
        target_id=row.target_id if row else None,
        version=row.version if row else None,
        label=row.label if row else "",
        body=webhook_only.kept(job.state),
    )
