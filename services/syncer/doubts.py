"""Jobs that versions cannot decide: Shopify is asked for the records as they are now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
import orjson
from msgspec.structs import replace

from services.shared.contract.errors import OursToFixError, SyncError
from services.shared.contract.keys import SourceKey
from services.shared.contract.records import Record, State
from services.shared.contract.versions import Version
from services.shared.ledger import causes
from services.shared.ledger.causes import NewCause
from services.shared.ledger.connections import NEWER_SETTINGS, newer_settings
from services.shared.ledger.engine import Ledger
from services.shared.ledger.settlements import Settlement
from services.shared.ledger.sources import SourceRow, Status
from services.shared.ledger.waits import Wait
from services.shared.shopify.hydrating import Hydrated, Hydrator
from services.syncer import plans, putting_off, unheard, webhook_only
from services.syncer.deciding import (
    CONTRADICTORY_READ,
    Verdict,
    is_claimed_deleted,
    is_left_alone,
    verdict_on,
)
from services.syncer.jobs import Job
from services.syncer.outcomes import Outcome

LIST_LAG_MS = 120_000
"""How long Shopify's replicas are given before a read that contradicts us is repeated."""

_PROBE_MS = 30_000
NOT_FOUND = "not_found_in_shopify"
# Why a record is due although nothing of it has changed.
_OF_OTHERS = frozenset({"customer_moved", "link_refused"})
UNREADABLE = "unreadable_in_shopify"
DELETION_UNPROVED = "deletion_unproved"
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

_SHARED_REASONS = frozenset({"store_frozen", "store_locked", NEWER_SETTINGS})


def never(_shop: str) -> bool:
    """Where all that is set for stores is known to be readable."""
    return False


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """A job whose record is at hand, or proved gone at ``gone_at``."""

    job: Job
    gone_at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class Sorted:
    """Jobs after reading: what can be written, what must wait, what is done already.

    ``rows`` are what the ledger knew of them before.
    """

    rows: Mapping[SourceKey, SourceRow]
    ready: list[Ready]
    waits: list[Wait]
    settlements: list[Settlement]
    outcomes: dict[SourceKey, Outcome]


class Doubts:
    """Sorts jobs, reading those that are in doubt, many records a call."""

    def __init__(
        self, ledger: Ledger, hydrator: Hydrator, is_newer: Callable[[str], bool] = never
    ) -> None:
        self._ledger = ledger
        self._hydrator = hydrator
        self._is_newer = is_newer

    async def sort(
        self, kind: str, jobs: Sequence[Job], rows: Mapping[SourceKey, SourceRow]
    ) -> Sorted:
        """What can be written, what must wait, what is done already."""
        done = Sorted(rows=rows, ready=[], waits=[], settlements=[], outcomes={})
        doubtful: dict[str, list[Job]] = {}
        beyond_us: dict[str, list[Job]] = {}
        for job in jobs:
            if self._is_newer(job.source.shop):
                beyond_us.setdefault(job.source.shop, []).append(job)
            elif kind == plans.GUESTS:
                done.ready.append(Ready(job=_from_own_body(job, rows[job.source])))
            elif _is_in_doubt(job, rows.get(job.source), done):
                doubtful.setdefault(job.source.shop, []).append(job)
        for shop, some in beyond_us.items():
            await self._wait_for_store(shop, kind, some, newer_settings(), done)
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
            due_in = putting_off.retry_in_ms(2, problem)
            wait = wait_for(job, problem.reason, due_in, done.rows.get(job.source))
            done.waits.append(replace(wait, cause_id=cause_id))
            done.outcomes[job.source] = Outcome.WAITING


def _is_in_doubt(job: Job, row: SourceRow | None, done: Sorted) -> bool:
    """Whether ``job`` must be read; sorts it into ``done`` if not."""
    match verdict_on(job, row):
        case Verdict.READ:
            return True
        case Verdict.APPLY:
            done.ready.append(Ready(job=_completed(job, row)))
        case Verdict.READ_AGAIN_LATER:
            done.waits.append(contradiction(job, row))
            done.outcomes[job.source] = Outcome.WAITING
        case Verdict.SUPERSEDED:
            late = late_news(job, row)
            done.waits.extend(late)
            done.outcomes[job.source] = Outcome.WAITING if late else Outcome.SUPERSEDED
    return False


def _from_own_body(job: Job, row: SourceRow) -> Job:
    """A guest has no record in Shopify to read: what an order said of them waits in the ledger."""
    body = orjson.loads(row.body or b"{}")
    record = Record(kind=plans.GUESTS, id=job.source.id, fields=body)
    moment = row.waiting_since or BEGINNING
    return replace(job, state=State(record=record, version=Version(updated_at=moment)))


def _take_read(job: Job, row: SourceRow | None, hydrated: Hydrated, done: Sorted) -> None:
    """Sort a job by what reading it showed."""
    source = job.source
    claims_deletion = is_claimed_deleted(job, row)
    is_repeated = job.is_due and row is not None and row.reason == CONTRADICTORY_READ
    if source.id in hydrated.found and claims_deletion and not is_repeated:
        done.waits.append(contradiction(replace(job, claims_deletion=True), row))
        done.outcomes[source] = Outcome.WAITING
    elif source.id in hydrated.found:
        state = webhook_only.completed(
            hydrated.found[source.id],
            webhook_only.heard_in(job.state),
            webhook_only.waiting_in(row),
            after=webhook_only.applied_at(row),
        )
        done.ready.append(Ready(job=replace(job, state=state, claims_deletion=False)))
    elif _is_gone(job, row, hydrated, claims_deletion=claims_deletion):
        gone = replace(job, unheard=unheard.variants_of(row, job.state))
        done.ready.append(Ready(job=gone, gone_at=hydrated.missing[source.id]))
    elif job.state is not None:
        # Nothing to be read (an order older than we may see): the event itself is the best we have.
        done.ready.append(Ready(job=_completed(job, row)))
    else:
        is_unproved = claims_deletion and source.id in hydrated.missing
        done.settlements.append(_unproved(job, row) if is_unproved else _unread(job, row, hydrated))
        done.outcomes[source] = Outcome.EXCLUDED


def _is_gone(job: Job, row: SourceRow | None, hydrated: Hydrated, *, claims_deletion: bool) -> bool:
    """Whether the record was proved gone, now or before: then it is still."""
    if row is not None and row.deleted_at is not None:
        return job.source.id in hydrated.missing
    return claims_deletion and hydrated.is_gone(job.source.id, _created_at(job, row))


def _created_at(job: Job, row: SourceRow | None) -> datetime | None:
    """When Shopify created the record, as far as anything has told."""
    said = job.state.record.fields.get("created_at") if job.state else None
    if isinstance(said, datetime):
        return said
    return row.created_at if row else None


def _completed(job: Job, row: SourceRow | None) -> Job:
    """A job that is not read, with what earlier events left with its record."""
    waiting = webhook_only.waiting_in(row)
    if job.state is None or waiting is None:
        return job
    after = webhook_only.applied_at(row)
    return replace(job, state=webhook_only.completed(job.state, waiting, after=after))


def _unread(job: Job, row: SourceRow | None, hydrated: Hydrated) -> Settlement:
    """A record that cannot be read and was never claimed to be deleted: left as it was."""
    if row is not None and (row.status is Status.IN_SYNC or _is_unchanged(job, row)):
        return _settled(job, row, Status.IN_SYNC, "")
    reason = UNREADABLE if job.source.id in hydrated.denied else NOT_FOUND
    return _settled(job, row, Status.EXCLUDED, reason)


def _is_unchanged(job: Job, row: SourceRow) -> bool:
    """Whether only a change of something else made it due."""
    return job.is_due and row.acknowledged_at is not None and row.reason in _OF_OTHERS


def _unproved(job: Job, row: SourceRow | None) -> Settlement:
    """A record said to be deleted that Shopify may be hiding: the claim stays, and is said."""
    settlement = _settled(job, row, Status.EXCLUDED, DELETION_UNPROVED)
    return replace(settlement, deletion_claimed=True)


def _settled(job: Job, row: SourceRow | None, status: Status, reason: str) -> Settlement:
    """Where a record stands that there was nothing to write of."""
    return Settlement(
        key=job.source,
        status=status,
        reason=reason,
        seen=row.wanted if row else 0,
        target_id=row.target_id if row else None,
        version=row.version if row else None,
        label=row.label if row else "",
    )


def late_news(job: Job, row: SourceRow | None) -> Sequence[Wait]:
    """The wait of a job that is superseded, but tells what no read shows; empty if it does not.

    It is read and written as what that read shows, with this added.
    """
    is_there = row is not None and row.deleted_at is None and not is_left_alone(row)
    if not (is_there and webhook_only.has_news(job.state, row)):
        return ()
    return (wait_for(job, "heard_late", row=row),)


def contradiction(job: Job, row: SourceRow | None) -> Wait:
    """The wait before a read that speaks against what we know is repeated."""
    return wait_for(job, CONTRADICTORY_READ, LIST_LAG_MS, row)


def wait_for(job: Job, reason: str, due_in_ms: int = 0, row: SourceRow | None = None) -> Wait:
    """The wait that puts ``job`` off, keeping what its events claim and no read would show."""
    return Wait(
        key=job.source,
        reason=reason,
        due_in_ms=due_in_ms,
        body=webhook_only.kept(job.state, row),
        claims_deletion=job.claims_deletion,
        changed_at=job.changed_at,
    )
