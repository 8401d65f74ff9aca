"""Takes jobs to their end: decide, read what is in doubt, claim, plan, write, settle."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from msgspec.structs import replace

from services.shared.contract.errors import OwnershipLostError
from services.shared.contract.keys import SourceKey
from services.shared.contract.records import State
from services.shared.contract.topics import ObjectType
from services.shared.hubspot.pacing import Lane
from services.shared.ledger import claims, settlements, sources, waits
from services.shared.ledger.engine import Ledger
from services.shared.ledger.quota import Work
from services.shared.ledger.sources import SourceRow
from services.shared.shopify.hydrating import Hydrator
from services.syncer import (
    awaiting,
    contacts,
    goods,
    memory,
    merged_orders,
    people,
    plans,
    putting_off,
    settling,
)
from services.syncer.account import Account
from services.syncer.applying import Applier
from services.syncer.deciding import (
    Verdict,
    is_before_tombstone,
    is_left_alone,
    verdict_on_due,
    verdict_on_state,
)
from services.syncer.doubts import Doubts, Ready, contradiction, late_news, never, wait_for
from services.syncer.efforts import Effort
from services.syncer.jobs import Job
from services.syncer.knowing import CLAIM_MS, HEAD_TYPE, Known, claim_and_know
from services.syncer.memory import Memory
from services.syncer.outcomes import Outcome
from services.syncer.preparing import effort_of, empty_plan, planned
from services.syncer.setbacks import count_setbacks
from services.syncer.writing import Writer

_BUSY_MS = 250

WriterFor = Callable[[Work, Lane], Writer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What handling needs: the ledger, both vendors, and what the account makes of records.

    ``writer_for`` gives a writer that does the work given, in a transaction, before each of its
    calls; ``is_newer`` says of a shop whether a newer version's settings stand in the ledger.
    """

    ledger: Ledger
    hydrator: Hydrator
    account: Account
    writer_for: WriterFor
    abandoned_after: timedelta
    is_newer: Callable[[str], bool] = never


class Handler:
    """Handles jobs of one account. Safe to run for different batches side by side."""

    def __init__(
        self, tools: Tools, *, instance: str, settled: Callable[[Iterable[SourceKey]], None]
    ) -> None:
        self._ledger = tools.ledger
        self._doubts = Doubts(tools.ledger, tools.hydrator, tools.is_newer)
        self._account = tools.account
        self._writer_for = tools.writer_for
        self._abandoned_after = tools.abandoned_after
        self._instance = instance
        self._batches = itertools.count()
        self._settled = settled

    async def handle(self, kind: str, jobs: Sequence[Job], lane: Lane) -> dict[SourceKey, Outcome]:
        """Settle every job, one way or another.

        Raises:
            WorldAtFaultError: nothing can go on now; the same jobs may be handed in again.
        """
        async with self._ledger.transaction() as tx:
            rows = await sources.look(tx, [job.source for job in jobs])
        sorted_ = await self._doubts.sort(kind, jobs, rows)
        outcomes = dict(sorted_.outcomes)
        if sorted_.waits or sorted_.settlements:
            async with self._ledger.transaction() as tx:
                await settlements.settle(tx, sorted_.settlements)
                await waits.wait(tx, sorted_.waits)
            count_setbacks(sorted_.settlements, sorted_.waits)
        if sorted_.ready:
            outcomes |= await self._write(kind, sorted_.ready, rows, lane)
        return outcomes

    async def _write(
        self,
        kind: str,
        ready: Sequence[Ready],
        rows: Mapping[SourceKey, SourceRow],
        lane: Lane,
    ) -> dict[SourceKey, Outcome]:
        owner = f"{self._instance}:{next(self._batches)}"
        known = await claim_and_know(self._ledger, owner, kind, [each.job for each in ready])
        known = known.seen_with(rows)
        outcomes = await self._leave_to_others(ready, known)
        mine = [each for each in ready if each.job.source not in known.busy]
        # Before every call: hold the claims long enough that the call ends within them.
        renewal = partial(claims.renew, owner=owner, keys=known.keys, lasts_ms=CLAIM_MS)
        writer = self._writer_for(renewal, lane)
        try:
            learned = await self._worked_off(kind, mine, known, writer)
            await memory.record(self._ledger, learned, owner=owner, keys=known.keys)
        except OwnershipLostError:
            return outcomes | await self._start_over(mine)
        count_setbacks(learned.settlements, learned.waits)
        self._settled(learned.touched)
        return outcomes | learned.outcomes

    async def _leave_to_others(
        self, ready: Sequence[Ready], known: Known
    ) -> dict[SourceKey, Outcome]:
        busy = [each.job for each in ready if each.job.source in known.busy]
        if busy:
            async with self._ledger.transaction() as tx:
                busy_waits = [
                    wait_for(job, "busy", _BUSY_MS, known.rows.get(job.source)) for job in busy
                ]
                await waits.wait(tx, busy_waits)
            count_setbacks((), busy_waits)
        return {job.source: Outcome.WAITING for job in busy}

    async def _start_over(self, mine: Sequence[Ready]) -> dict[SourceKey, Outcome]:
        """Our claims ran out: what we wrote may stand over somebody else's. Look again."""
        again = [wait_for(each.job, "claim_lost", _BUSY_MS) for each in mine]
        async with self._ledger.transaction() as tx:
            await waits.wait(
                tx, [replace(each, suspect_for_ms=putting_off.SUSPECT_MS) for each in again]
            )
        count_setbacks((), again)
        return {each.job.source: Outcome.WAITING for each in mine}

    async def _worked_off(
        self, kind: str, mine: Sequence[Ready], known: Known, writer: Writer
    ) -> Memory:
        """Write what is to be written; what became of everything."""
        learned = Memory()
        gone: dict[SourceKey, datetime] = {}
        to_archive: list[Effort] = []
        to_apply: list[Effort] = []
        for each in mine:
            source = each.job.source
            row = known.rows.get(source)
            if each.gone_at is not None:
                gone[source] = each.gone_at
                to_archive.append(effort_of(empty_plan(each.job, row, kind), known))
            elif each.job.state is not None:
                self._sort_in(each.job, each.job.state, known, to_apply, learned)
        abilities = self._account.abilities
        awaiting.mark([*to_apply, *to_archive], abilities.keyed)
        applier = Applier(writer, abilities)
        ready = [each for each in to_archive if not each.awaits]
        await applier.archive([e for e in ready if e.plan.head_type != plans.CONTACTS])
        await self._apply(kind, [e for e in to_apply if not e.awaits], known, applier, writer)
        causes = await awaiting.shared_causes(self._ledger, [*to_apply, *to_archive])
        learned.add(settling.settled(to_apply, known.now, causes))
        learned.add(settling.deleted(to_archive, gone, known.now, causes))
        return learned

    def _sort_in(
        self,
        job: Job,
        state: State,
        known: Known,
        to_apply: list[Effort],
        learned: Memory,
    ) -> None:
        """Decide once more, now that nobody else can write, and plan."""
        row = known.rows.get(job.source)
        judge = verdict_on_due if job.is_due else verdict_on_state
        verdict = Verdict.APPLY if job.source.kind == plans.GUESTS else judge(state.version, row)
        if is_before_tombstone(state.version, row):
            verdict = Verdict.READ
        if verdict is not Verdict.APPLY:
            _put_aside(job, row, verdict, learned)
            return
        plan = planned(job, state, known, self._account, self._abandoned_after)
        if plan.excluded or is_left_alone(row):
            settling.exclude(plan, row, learned)
            return
        to_apply.append(effort_of(plan, known))

    async def _apply(
        self,
        kind: str,
        efforts: Sequence[Effort],
        known: Known,
        applier: Applier,
        writer: Writer,
    ) -> None:
        if HEAD_TYPE.get(kind) == plans.CONTACTS:
            for effort in efforts:
                people.place(effort, known)
            await contacts.look_up(self._ledger, writer, efforts)
        await applier.apply([effort for effort in efforts if effort.unknown is None])
        again = [effort for effort in efforts if people.lost_email(effort)]
        if again and HEAD_TYPE.get(kind) == plans.CONTACTS:
            await applier.apply(again)
        await merged_orders.settle(self._ledger, kind, efforts)
        if kind == ObjectType.PRODUCTS:
            await goods.settle_taken(self._ledger, applier, efforts)


def _put_aside(job: Job, row: SourceRow | None, verdict: Verdict, learned: Memory) -> None:
    """Leave a job that versions now decide otherwise, or that is to be read again."""
    match verdict:
        case Verdict.SUPERSEDED:
            late = late_news(job, row)
            learned.waits.extend(late)
            learned.outcomes[job.source] = Outcome.WAITING if late else Outcome.SUPERSEDED
        case Verdict.READ_AGAIN_LATER:
            learned.waits.append(contradiction(job, row))
            learned.outcomes[job.source] = Outcome.WAITING
        case _:
            learned.waits.append(wait_for(job, "changed_meanwhile", _BUSY_MS, row))
            learned.outcomes[job.source] = Outcome.WAITING
