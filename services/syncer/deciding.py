"""What is to become of a job, given what the ledger remembers. Pure.

In doubt, read: what versions cannot decide, the record itself does.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum, auto

from services.shared.contract.versions import Standing, Version, standing
from services.shared.ledger.sources import SourceRow, Status
from services.syncer.jobs import Job

ARCHIVED_IN_HUBSPOT = "archived_in_hubspot"
MERGED_INTO_ANOTHER = "merged_into_another"
CONTRADICTORY_READ = "contradictory_read"
_BY_PEOPLE = frozenset({ARCHIVED_IN_HUBSPOT, MERGED_INTO_ANOTHER})


class Verdict(Enum):
    """What to do with a job."""

    APPLY = auto()
    READ = auto()
    SUPERSEDED = auto()
    READ_AGAIN_LATER = auto()


def verdict_on(job: Job, row: SourceRow | None) -> Verdict:
    """What to do with ``job`` before anything of it was read."""
    if row is not None and row.deleted_at is not None:
        return _against_tombstone(job, row.deleted_at)
    # A claimed deletion stays claimed until a read decides: no late update covers it up.
    if job.is_due or is_claimed_deleted(job, row):
        return Verdict.READ
    by_hint = _of_hint(job, row) if job.hinted else Verdict.SUPERSEDED
    if by_hint is Verdict.READ or job.state is None:
        return by_hint
    return verdict_on_state(job.state.version, row)


def verdict_on_state(version: Version, row: SourceRow | None) -> Verdict:
    """What to do with a state of ``version``, read or delivered."""
    applied = row.version if row else None
    match standing(version, applied):
        case Standing.LATER:
            return Verdict.APPLY
        case Standing.UNDECIDED:
            return Verdict.READ
        case Standing.CONTRADICTORY:
            has_been_repeated = row is not None and row.reason == CONTRADICTORY_READ
            return Verdict.SUPERSEDED if has_been_repeated else Verdict.READ_AGAIN_LATER
        case Standing.SUPERSEDED:
            return Verdict.SUPERSEDED


def verdict_on_due(version: Version, row: SourceRow | None) -> Verdict:
    """What to do with a state read because its record was due.

    It is written again even if nothing changed: something was left to do. A read that shows less
    than what was applied proves nothing if it was made before that change, and is repeated once
    after the lag if it was made later.
    """
    verdict = verdict_on_state(version, row)
    if verdict is not Verdict.READ_AGAIN_LATER or row is None or row.version is None:
        return Verdict.APPLY
    read_at = version.observed_at
    if read_at is not None and read_at < row.version.updated_at:
        return Verdict.READ
    return verdict


def is_claimed_deleted(job: Job, row: SourceRow | None) -> bool:
    """Whether something claims a deletion that no read has decided yet."""
    return job.claims_deletion or (row is not None and row.deletion_claimed)


def is_left_alone(row: SourceRow | None) -> bool:
    """Whether people took the record out of HubSpot: it is not put back behind their backs."""
    return row is not None and row.status is Status.EXCLUDED and row.reason in _BY_PEOPLE


def is_before_tombstone(version: Version, row: SourceRow | None) -> bool:
    """Whether the record was proved gone after ``version`` was seen: only a later read lifts it."""
    if row is None or row.deleted_at is None:
        return False
    return version.observed_at is None or version.observed_at <= row.deleted_at


def _of_hint(job: Job, row: SourceRow | None) -> Verdict:
    if job.hinted_at is None:
        return Verdict.READ
    hinted = Version(updated_at=job.hinted_at)
    applied = row.version if row else None
    return Verdict.SUPERSEDED if standing(hinted, applied) is Standing.SUPERSEDED else Verdict.READ


def _against_tombstone(job: Job, deleted_at: datetime) -> Verdict:
    """Only a read lifts a tombstone, and only what happened after it is worth one."""
    if job.is_due:
        return Verdict.READ
    if job.claims_deletion:
        return Verdict.SUPERSEDED
    moment = job.state.version.updated_at if job.state else job.hinted_at
    if moment is None:
        return Verdict.READ
    # Whole seconds: what may have happened in the tombstone's own second counts as later.
    return Verdict.READ if moment >= deleted_at.replace(microsecond=0) else Verdict.SUPERSEDED
