"""What events ask for, one job a source: bursts on one record become one piece of work. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime

import msgspec

from services.shared.contract.events import Change
from services.shared.contract.keys import SourceKey
from services.shared.contract.records import Observation, State
from services.shared.contract.versions import Version
from services.syncer import webhook_only

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """One observation, with when a read made it (None for a webhook) and its event's bytes."""

    observation: Observation
    observed_at: datetime | None = None
    body: bytes | None = None


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known to have happened to one source, to be settled together.

    ``hinted`` says that ``state`` is not enough. ``hinted_at`` is how late the hints claim to be
    (by ``updated_at``), or None if one of them does not say. ``unheard`` are ids of variants that a
    call may have created, where the product is gone.
    """

    source: SourceKey
    state: State | None = None
    hinted: bool = False
    hinted_at: datetime | None = None
    claims_deletion: bool = False
    changed_at: datetime | None = None
    sightings: int = 1
    is_due: bool = False
    unheard: Collection[str] = ()


def jobs_for(sightings: Iterable[Sighting]) -> list[Job]:
    """One job for each source, in the order the sources first appear."""
    grouped: dict[SourceKey, list[Sighting]] = {}
    for each in sightings:
        grouped.setdefault(each.observation.source, []).append(each)
    return [_job(source, seen) for source, seen in grouped.items()]


def _job(source: SourceKey, seen: Sequence[Sighting]) -> Job:
    first = seen[0]
    if len(seen) == 1 and _is_state(first):  # as nearly always
        changed_at = first.observation.updated_at
        return Job(source=source, state=_alone(first), changed_at=changed_at)
    states = [each for each in seen if _is_state(each)]
    newest = max(states, key=_rank, default=None)
    hints = [each.observation for each in seen if not _is_state(each)]
    undecided = newest is not None and any(_ties(each, newest) for each in states)
    moments = [each.updated_at for each in hints]
    changes = [each.observation.updated_at for each in seen if each.observation.updated_at]
    heard = max((each for each in states if _is_heard(each)), key=_rank, default=None)
    return Job(
        source=source,
        state=_state(newest, heard) if newest else None,
        hinted=bool(hints) or undecided,
        hinted_at=None
        if undecided or None in moments
        else max(filter(None, moments), default=None),
        claims_deletion=any(each.claims_deletion for each in hints),
        changed_at=min(changes, default=None),
        sightings=len(seen),
    )


def _is_state(each: Sighting) -> bool:
    seen = each.observation
    return seen.change is Change.STATE and seen.record is not None and seen.updated_at is not None


def _rank(each: Sighting) -> tuple[datetime, datetime]:
    return each.observation.updated_at or _EPOCH, each.observed_at or _EPOCH


def _ties(each: Sighting, newest: Sighting) -> bool:
    """Whether two webhooks of one second differ, so that neither can be believed."""
    return (
        _rank(each) == _rank(newest)
        and each.observed_at is None
        and each.observation.record != newest.observation.record
    )


def _is_heard(each: Sighting) -> bool:
    return each.observed_at is None


def _state(newest: Sighting, heard: Sighting | None) -> State:
    """The newest state; if a read made it, with what only the newest webhook shows."""
    if heard is None or heard is newest:
        return _alone(newest)
    return webhook_only.completed(_alone(newest), webhook_only.heard_in(_alone(heard)))


def _alone(each: Sighting) -> State:
    seen = each.observation
    if seen.record is None or seen.updated_at is None:
        raise TypeError("a hint has no state")
    version = Version(updated_at=seen.updated_at, observed_at=each.observed_at)
    heard_at = seen.updated_at if _is_heard(each) else None
    return State(record=seen.record, version=version, body=each.body, heard_at=heard_at)
