"""Takes jobs to their end: decide, read what is in doubt, claim, plan, write, settle."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import orjson

from services.shared.contract.errors import OursToFixError, OwnershipLostError, SyncError
from services.shared.contract.keys import SourceKey
from services.shared.contract.records import Record, State
from services.shared.contract.topics import ObjectType
from services.shared.contract.versions import Version
from services.shared.hubspot.pacing import Lane
from services.shared.ledger import causes, claims, identities, sources
from services.shared.ledger.causes import NewCause
from services.shared.ledger.engine import Ledger
from services.shared.ledger.sources import Settlement, SourceRow, Status, Wait
from services.shared.shopify.hydrating import Hydrated, Hydrator
from services.syncer import people, plans, settling
from services.syncer.account import Account
from services.syncer.applying import Applier
from services.syncer.deciding import (
    ARCHIVED_IN_HUBSPOT,
    CONTRADICTORY_READ,
    Verdict,
    is_before_tombstone,
    is_left_alone,
    verdict_on,
    verdict_on_state,
)
from services.syncer.efforts import Effort, effort_for
from services.syncer.jobs import Job
from services.syncer.knowing import (
    CLAIM_MS,
    HEAD_TYPE,
    PART_TYPE,
    Known,
    claim_and_know,
    email_of,
)
from services.syncer.outcomes import Outcome
from services.syncer.planning import Circumstances, overlaid, plan_for
from services.syncer.plans import Plan
from services.syncer.writing import Writer

LIST_LAG_MS = 120_000
"""How long Shopify's replicas are given before a read that contradicts us is repeated."""

_BUSY_MS = 250
_PROBE_MS = 30_000
NOT_FOUND = "not_found_in_shopify"
UNREADABLE = "unreadable_in_shopify"

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

WriterFor = Callable[[Callable[[], Awaitable[None]], Lane], Writer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What handling needs: the ledger, both vendors, and what the account makes of records.

    ``writer_for`` gives a writer that calls the function given before each of its calls.
    """

    ledger: Ledger
    hydrator: Hydrator
    account: Account
    writer_for: WriterFor
    abandoned_after: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A job whose record is at hand, or proved gone at ``gone_at``."""

    job: Job
    gone_at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class Sorted:
    """Jobs after reading: what can be written, what must wait, what is done already."""

    ready: list[Ready]
    waits: list[Wait]
    settlements: list[Settlement]
    outcomes: dict[SourceKey, Outcome]


class Handler:
    """Handles jobs of one account. Safe to run for different batches side by side."""

    def __init__(
        self, tools: Tools, *, instance: str, settled: Callable[[Iterable[SourceKey]], None]
    ) -> None:
        self._ledger = tools.ledger
        self._hydrator = tools.hydrator
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
        sorted_ = await self._read_in_doubt(kind, jobs, rows)
        outcomes = dict(sorted_.outcomes)
        if sorted_.waits or sorted_.settlements:
            async with self._ledger.transaction() as tx:
                await sources.settle(tx, sorted_.settlements)
                await sources.wait(tx, sorted_.waits)
        if sorted_.ready:
            outcomes |= await self._write(kind, sorted_.ready, lane)
        return outcomes

    async def _read_in_doubt(
        self, kind: str, jobs: Sequence[Job], rows: Mapping[SourceKey, SourceRow]
    ) -> Sorted:
        done = Sorted(ready=[], waits=[], settlements=[], outcomes={})
        doubtful: dict[str, list[Job]] = {}
        for job in jobs:
            if kind == plans.GUESTS:
                done.ready.append(Ready(job=_from_own_body(job, rows[job.source])))
            elif _is_in_doubt(job, rows.get(job.source), done):
                doubtful.setdefault(job.source.shop, []).append(job)
        for shop, some in doubtful.items():
            try:
                hydrated = await self._hydrator.read(shop, kind, [job.source.id for job in some])
            except SyncError as problem:
                await self._wait_for_store(shop, kind, some, problem, done)
                continue
            for job in some:
                _take_read(job, rows.get(job.source), hydrated, done)
        return done

    async def _wait_for_store(
        self, shop: str, kind: str, jobs: Sequence[Job], problem: SyncError, done: Sorted
    ) -> None:
        """A store that cannot be read holds up nobody else."""
        cause_id = None
        is_shared = isinstance(problem, OursToFixError) or problem.reason in _SHARED_REASONS
        if is_shared:
            cause = NewCause(
                shop=shop, object_type=kind, reason=problem.reason, detail=problem.detail
            )
            async with self._ledger.transaction() as tx:
                cause_id = await causes.raise_cause(tx, cause, _PROBE_MS)
        for job in jobs:
            due_in = settling.retry_in_ms(2, problem)
            wait = _wait(job, problem.reason, due_in_ms=due_in)
            done.waits.append(replace(wait, cause_id=cause_id))
            done.outcomes[job.source] = Outcome.WAITING

    async def _write(
        self, kind: str, ready: Sequence[Ready], lane: Lane
    ) -> dict[SourceKey, Outcome]:
        owner = f"{self._instance}:{next(self._batches)}"
        known = await claim_and_know(self._ledger, owner, kind, [each.job for each in ready])
        outcomes = await self._leave_to_others(ready, known)
        mine = [each for each in ready if each.job.source not in known.busy]
        writer = self._writer_for(self._renewal(owner, known.keys), lane)
        memory = await self._worked_off(kind, mine, known, writer)
        try:
            await settling.record(self._ledger, memory, owner=owner, keys=known.keys)
        except OwnershipLostError:
            return outcomes | await self._start_over(mine)
        self._settled(memory.touched)
        return outcomes | memory.outcomes

    async def _leave_to_others(
        self, ready: Sequence[Ready], known: Known
    ) -> dict[SourceKey, Outcome]:
        busy = [each.job for each in ready if each.job.source in known.busy]
        if busy:
            async with self._ledger.transaction() as tx:
                waits = [_wait(job, "busy", due_in_ms=_BUSY_MS) for job in busy]
                await sources.wait(tx, waits)
        return {job.source: Outcome.WAITING for job in busy}

    async def _start_over(self, mine: Sequence[Ready]) -> dict[SourceKey, Outcome]:
        """Our claims ran out: what we wrote may stand over somebody else's. Look again."""
        async with self._ledger.transaction() as tx:
            waits = [
                replace(
                    _wait(each.job, "claim_lost", due_in_ms=_BUSY_MS),
                    suspect_for_ms=settling.SUSPECT_MS,
                )
                for each in mine
            ]
            await sources.wait(tx, waits)
        return {each.job.source: Outcome.WAITING for each in mine}

    def _renewal(self, owner: str, keys: frozenset[str]) -> Callable[[], Awaitable[None]]:
        """Before every call: hold the claims long enough that the call ends within them."""

        async def renew() -> None:
            async with self._ledger.transaction() as tx:
                await claims.renew(tx, owner=owner, keys=keys, lasts_ms=CLAIM_MS)

        return renew

    async def _worked_off(
        self, kind: str, mine: Sequence[Ready], known: Known, writer: Writer
    ) -> settling.Memory:
        """Write what is to be written; what became of everything."""
        memory = settling.Memory()
        gone: dict[SourceKey, datetime] = {}
        to_archive: list[Effort] = []
        to_apply: list[Effort] = []
        for each in mine:
            source = each.job.source
            row = known.rows.get(source)
            if each.gone_at is not None:
                gone[source] = each.gone_at
                to_archive.append(_effort(_empty_plan(source, row, kind), known))
            elif each.job.state is not None:
                self._sort_in(each.job, each.job.state, known, to_apply, memory)
        applier = Applier(writer, self._account.abilities)
        await applier.archive([e for e in to_archive if e.plan.head_type != plans.CONTACTS])
        await self._apply(kind, to_apply, known, applier, writer)
        _add(memory, settling.settled(to_apply, known.now))
        _add(memory, settling.deleted(to_archive, gone))
        return memory

    def _sort_in(
        self,
        job: Job,
        state: State,
        known: Known,
        to_apply: list[Effort],
        memory: settling.Memory,
    ) -> None:
        """Decide once more, now that nobody else can write, and plan."""
        row = known.rows.get(job.source)
        verdict = verdict_on_state(state.version, row)
        is_buried = is_before_tombstone(state.version, row)
        if is_buried or (verdict is not Verdict.APPLY and not job.is_due):
            if verdict is Verdict.SUPERSEDED and not is_buried:
                memory.outcomes[job.source] = Outcome.SUPERSEDED
            else:
                memory.waits.append(_wait(job, "changed_meanwhile"))
                memory.outcomes[job.source] = Outcome.WAITING
            return
        plan = self._planned(job, state, row, known)
        if plan.excluded or is_left_alone(row):
            _exclude(plan, row, job, memory)
            return
        to_apply.append(_effort(plan, known))

    def _planned(self, job: Job, state: State, row: SourceRow | None, known: Known) -> Plan:
        shop = job.source.shop
        around = Circumstances(
            shop=shop,
            now=known.now,
            abandoned_after=self._abandoned_after,
            mapped=self._account.mapped,
            products={
                variant: target
                for (host, variant), target in known.products.items()
                if host == shop
            },
            has_cart=row is not None and bool(row.target_id),
        )
        if job.source.kind == plans.GUESTS:
            return _guest_plan(job, state)
        return plan_for(job.source, state, around)

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
            await self._find_contacts(efforts, writer)
        await applier.apply(efforts)
        again = [effort for effort in efforts if people.lost_email(effort)]
        if again and HEAD_TYPE.get(kind) == plans.CONTACTS:
            await applier.apply(again)

    async def _find_contacts(self, efforts: Sequence[Effort], writer: Writer) -> None:
        found = await people.find(writer, efforts)
        if not found:
            return
        async with self._ledger.transaction() as tx:
            sharers = await sources.sharing(tx, ObjectType.CUSTOMERS, found.values())
        for effort in efforts:
            target_id = found.get(effort.plan.email)
            if target_id and effort.head and not effort.head.target_id:
                people.settle_on(effort, target_id, sharers)


_SHARED_REASONS = frozenset({"store_frozen", "store_locked"})


def _is_in_doubt(job: Job, row: SourceRow | None, done: Sorted) -> bool:
    """Whether ``job`` must be read; sorts it into ``done`` if not."""
    match verdict_on(job, row):
        case Verdict.READ:
            return True
        case Verdict.APPLY:
            done.ready.append(Ready(job=job))
        case Verdict.READ_AGAIN_LATER:
            done.waits.append(_contradiction(job))
            done.outcomes[job.source] = Outcome.WAITING
        case Verdict.SUPERSEDED:
            done.outcomes[job.source] = Outcome.SUPERSEDED
    return False


def _effort(plan: Plan, known: Known) -> Effort:
    row = known.rows.get(plan.source)
    effort = effort_for(plan, row, known.parts.get(plan.source, ()), known.targets)
    effort.is_suspect = plan.source in known.taken_over or bool(row and row.suspect_until)
    _adopt(effort, known)
    if effort.is_suspect:
        for piece in effort.pieces:
            piece.fingerprint = b""
    return effort


def _adopt(effort: Effort, known: Known) -> None:
    """Take over what stands in HubSpot already, known by Shopify's own id."""
    source = effort.plan.source
    head = effort.head
    if head and not head.target_id and head.object_type != plans.CONTACTS:
        native = (identities.native(head.object_type), f"{source.shop}/{source.id}")
        found = known.identities.get(native)
        if found and found.target_id:
            head.target_id = found.target_id
            effort.is_adopted = True
    for piece in effort.parts.values():
        if piece.object_type == plans.PRODUCTS and not piece.target_id:
            native = (identities.native(plans.PRODUCTS), f"{source.shop}/{piece.source.id}")
            found = known.identities.get(native)
            piece.target_id = (found.target_id if found else None) or ""


def _empty_plan(source: SourceKey, row: SourceRow | None, kind: str) -> Plan:
    """What HubSpot ought to show of a record that is gone."""
    version = row.version if row and row.version else Version(updated_at=BEGINNING)
    object_type = ObjectType(kind) if kind in PART_TYPE else None
    return Plan(
        source=source,
        version=version,
        head_type=HEAD_TYPE.get(kind, ""),
        part_type=PART_TYPE[object_type] if object_type else "",
        has_all_parts=True,
    )


def _guest_plan(job: Job, state: State) -> Plan:
    properties = {name: str(value) for name, value in state.record.fields.items()}
    return Plan(
        source=job.source,
        version=state.version,
        head_type=plans.CONTACTS,
        properties=properties,
        email=email_of(job),
    )


def _from_own_body(job: Job, row: SourceRow) -> Job:
    """A guest has no record in Shopify to read: what an order said of them waits in the ledger."""
    body = orjson.loads(row.body or b"{}")
    record = Record(kind=plans.GUESTS, id=job.source.id, fields=body)
    moment = row.waiting_since or BEGINNING
    return replace(job, state=State(record=record, version=Version(updated_at=moment)))


def _take_read(job: Job, row: SourceRow | None, hydrated: Hydrated, done: Sorted) -> None:
    """Sort a job by what reading it showed."""
    source = job.source
    # A tombstone is a claim that was proved once: what a late event says does not undo it.
    is_tombstone = row is not None and row.deleted_at is not None
    claims_deletion = job.claims_deletion or is_tombstone or bool(row and row.deletion_claimed)
    if source.id in hydrated.found:
        state = hydrated.found[source.id]
        body = job.state or _state_in_body(row)
        if body is not None:
            state = overlaid(state, body.record)
        done.ready.append(Ready(job=replace(job, state=state, claims_deletion=False)))
    elif source.id in hydrated.missing and claims_deletion:
        done.ready.append(Ready(job=job, gone_at=hydrated.missing[source.id]))
    elif job.state is not None:
        # Nothing to be read (an order older than we may see): the event itself is the best we have.
        done.ready.append(Ready(job=job))
    else:
        reason = UNREADABLE if source.id in hydrated.denied else NOT_FOUND
        done.settlements.append(_unread(job, row, reason))
        done.outcomes[source] = Outcome.EXCLUDED


def _state_in_body(row: SourceRow | None) -> State | None:
    if row is None or row.body is None:
        return None
    fields = orjson.loads(row.body)
    record = Record(kind=row.key.kind, id=row.key.id, fields=fields)
    return State(record=record, version=Version(updated_at=BEGINNING))


def _unread(job: Job, row: SourceRow | None, reason: str) -> Settlement:
    """A record that cannot be read and was never claimed to be deleted: left as it was."""
    is_known = row is not None and row.status is Status.IN_SYNC
    return Settlement(
        key=job.source,
        status=Status.IN_SYNC if is_known else Status.EXCLUDED,
        reason="" if is_known else reason,
        seen=row.wanted if row else 0,
        target_id=row.target_id if row else None,
        version=row.version if row else None,
        label=row.label if row else "",
    )


def _exclude(plan: Plan, row: SourceRow | None, job: Job, memory: settling.Memory) -> None:
    """Keep a record out, and let go of what it was in HubSpot."""
    reason = plan.excluded or ARCHIVED_IN_HUBSPOT
    memory.settlements.append(
        Settlement(
            key=plan.source,
            status=Status.EXCLUDED,
            reason=reason,
            seen=row.wanted if row else 0,
            version=plan.version,
            due_in_ms=plan.due_in_ms,
            label=plan.label,
            created_at=plan.created_at,
            body=_contact_in(job) if plan.due_in_ms is not None else None,
        )
    )
    memory.identities.extend(
        identities.Identity(kind=kind, value=value, source=plan.source)
        for kind, value in plan.tokens
    )
    if plan.head_type == plans.CONTACTS and row and row.target_id:
        memory.left_contacts.append(row.target_id)
    memory.outcomes[plan.source] = Outcome.EXCLUDED


def _contact_in(job: Job) -> bytes | None:
    """What a later read of a checkout cannot show: who to contact."""
    if job.state is None:
        return None
    fields = job.state.record.fields
    kept = {name: fields[name] for name in ("email", "phone") if name in fields}
    return orjson.dumps(kept)


def _contradiction(job: Job) -> Wait:
    return replace(_wait(job, CONTRADICTORY_READ), due_in_ms=LIST_LAG_MS)


def _wait(job: Job, reason: str, due_in_ms: int = 0) -> Wait:
    return Wait(
        key=job.source,
        reason=reason,
        due_in_ms=due_in_ms,
        claims_deletion=job.claims_deletion,
        changed_at=job.changed_at,
    )


def _add(memory: settling.Memory, more: settling.Memory) -> None:
    for name in memory.__slots__:
        mine, theirs = getattr(memory, name), getattr(more, name)
        if isinstance(mine, dict):
            mine.update(theirs)
        else:
            mine.extend(theirs)
