"""From finished efforts to what the ledger is to remember. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from services.shared.contract.errors import SyncError, WorldAtFaultError
from services.shared.contract.keys import SourceKey
from services.shared.ledger.identities import EMAIL, Identity, native
from services.shared.ledger.settlements import Settlement
from services.shared.ledger.sources import SourceRow, Status
from services.shared.ledger.targets import TargetRow
from services.shared.ledger.waits import Wait
from services.syncer import people, plans
from services.syncer.adopting import CENSUSED
from services.syncer.deciding import ARCHIVED_IN_HUBSPOT
from services.syncer.efforts import Effort, Failure, Piece
from services.syncer.memory import Memory
from services.syncer.outcomes import Outcome
from services.syncer.plans import Plan

SUSPECT_MS = 20_000
"""How long a call whose answer never came may still be applied: the HTTP time-out, and more."""

_FIRST_RETRY_MS = 1_000
_LONGEST_RETRY_MS = 300_000


def settled(efforts: Iterable[Effort], now: datetime, causes: Mapping[SourceKey, int]) -> Memory:
    """What is to be remembered of efforts that ended; ``causes`` are the shared ones they await."""
    memory = Memory()
    for effort in efforts:
        if effort.awaits or effort.unknown or _is_to_be_tried_again(effort):
            _put_off(effort, memory, causes.get(effort.plan.source))
        else:
            _settle(effort, now, memory)
        _remember_pieces(effort, memory)
    return memory


def deleted(
    efforts: Iterable[Effort],
    read_at: Mapping[SourceKey, datetime],
    causes: Mapping[SourceKey, int],
) -> Memory:
    """What is to be remembered of sources that a read proved gone."""
    memory = Memory()
    for effort in efforts:
        plan, row = effort.plan, effort.row
        if effort.awaits or effort.unknown or effort.removals:
            _put_off(effort, memory, causes.get(plan.source), claims_deletion=True)
            continue
        stays = plan.head_type == plans.CONTACTS
        memory.settlements.append(
            Settlement(
                key=plan.source,
                status=Status.DELETED,
                seen=row.wanted if row else 0,
                version=row.version if row else None,
                deleted_at=read_at[plan.source],
                is_acknowledged=True,
                label=row.label if row else "",
            )
        )
        for part in effort.known_parts.values():
            memory.settlements.append(
                Settlement(key=part.key, status=Status.DELETED, parent_id=part.parent_id)
            )
        if stays and row and row.target_id:
            memory.left_contacts.append(row.target_id)
        else:
            memory.forgotten.extend((p.object_type, p.target_id) for p in effort.pieces)
        memory.outcomes[plan.source] = Outcome.DELETED
        memory.touched.append(plan.source)
    return memory


def exclude(plan: Plan, row: SourceRow | None, memory: Memory) -> None:
    """Keep a record out, and let go of what it was in HubSpot."""
    reason = plan.excluded or ARCHIVED_IN_HUBSPOT
    memory.settlements.append(
        Settlement(
            key=plan.source,
            status=Status.EXCLUDED,
            reason=reason,
            seen=row.wanted if row else 0,
            target_id=row.target_id if row and not plan.excluded else None,
            version=plan.version,
            due_in_ms=plan.due_in_ms,
            label=plan.label,
            created_at=plan.created_at,
            body=plan.kept if plan.due_in_ms is not None else None,
        )
    )
    memory.identities.extend(
        Identity(kind=kind, value=value, source=plan.source) for kind, value in plan.tokens
    )
    if plan.head_type == plans.CONTACTS and row and row.target_id:
        memory.left_contacts.append(row.target_id)
    memory.outcomes[plan.source] = Outcome.EXCLUDED


def retry_in_ms(attempts: int, cause: SyncError | None = None) -> int:
    """When to try again: doubling, or when the other side said."""
    if isinstance(cause, WorldAtFaultError) and cause.retry_after is not None:
        return int(cause.retry_after * 1000)
    return int(min(_FIRST_RETRY_MS * 2 ** min(attempts, 20), _LONGEST_RETRY_MS))


def _is_to_be_tried_again(effort: Effort) -> bool:
    """A contact somebody else made meanwhile: adopt it next time."""
    head = effort.head
    if head is None or head.object_type != plans.CONTACTS or head.target_id:
        return False
    return bool(head.refused and head.refused.existing_id)


def _put_off(
    effort: Effort, memory: Memory, cause_id: int | None, *, claims_deletion: bool = False
) -> None:
    attempts = effort.row.attempts if effort.row else 0
    cause = effort.unknown
    reason = effort.awaits or (cause.reason if cause else "found_in_hubspot")
    memory.waits.append(
        Wait(
            key=effort.plan.source,
            reason=reason,
            due_in_ms=retry_in_ms(attempts, cause) if cause else 0,
            cause_id=cause_id,
            is_news=False,
            claims_deletion=claims_deletion,
            suspect_for_ms=SUSPECT_MS if effort.may_be_applied or effort.is_taken_over else None,
            changed_at=effort.plan.version.updated_at,
            body=effort.plan.kept,
        )
    )
    memory.outcomes[effort.plan.source] = Outcome.WAITING
    memory.identities.extend(_made_already(effort))
    head = effort.head
    if head and head.refused and head.refused.existing_id:
        memory.identities.append(
            Identity(kind=EMAIL, value=effort.plan.email, target_id=head.refused.existing_id)
        )


def _made_already(effort: Effort) -> Iterable[Identity]:
    """What stands in HubSpot of an effort that is not done: found again by Shopify's id."""
    for piece in effort.pieces:
        if piece.is_written and piece.object_type in CENSUSED:
            value = f"{piece.source.shop}/{piece.source.id}"
            yield Identity(kind=native(piece.object_type), value=value, target_id=piece.target_id)


def _settle(effort: Effort, now: datetime, memory: Memory) -> None:
    plan, row = effort.plan, effort.row
    problem = effort.problem
    status, reason = _standing_of(effort, problem)
    suspect_ms = _still_suspect_ms(effort, now)
    target_id = (effort.head.target_id if effort.head else None) or None
    memory.settlements.append(
        Settlement(
            key=plan.source,
            status=status,
            reason=reason,
            detail=_detail(problem),
            seen=row.wanted if row else 0,
            target_id=target_id,
            version=plan.version,
            due_in_ms=suspect_ms,
            suspect_for_ms=suspect_ms,
            is_acknowledged=status is Status.IN_SYNC,
            label=plan.label,
            created_at=plan.created_at,
            body=plan.kept if status is Status.FAILING else None,
        )
    )
    memory.outcomes[plan.source] = _OUTCOMES[status]
    if not plan.keeps_links:
        memory.link_owners.append(plan.source)
    memory.links.extend(plan.links)
    memory.refers_to.update(plan.refers_to)
    if plan.guest:
        memory.guests.append(plan.guest)
    memory.touched.append(plan.source)
    if effort.left_target:
        memory.left_contacts.append(effort.left_target)
    memory.identities.extend(
        Identity(kind=kind, value=value, source=plan.source) for kind, value in plan.tokens
    )


def _remember_pieces(effort: Effort, memory: Memory) -> None:
    plan = effort.plan
    head = effort.head
    if head and head.target_id and not head.is_gone:
        memory.targets.extend(_target(head, effort) if effort.writes else ())
        if head.object_type == plans.CONTACTS and plan.email and _shows_its_email(effort):
            _remember_contact(effort, head, memory)
        if head.merged_from:
            memory.moved[head.merged_from] = head.target_id
    for piece in effort.parts.values():
        if piece.target_id:
            memory.targets.extend(_target(piece, effort))
            memory.touched.append(piece.source)
        if piece.target_id or piece.refused:
            memory.settlements.append(_part_settlement(piece, plan.source))
    for part in effort.known_parts.values():
        if part.target_id in effort.removed and part.key.id not in effort.parts:
            memory.settlements.append(
                Settlement(key=part.key, status=Status.DELETED, parent_id=part.parent_id)
            )
            memory.forgotten.append((plan.part_type, part.target_id or ""))


def _shows_its_email(effort: Effort) -> bool:
    """Whether the contact has the email: a rename that was refused or never arrived is still to do.

    Remembered too early it would look done, and the email be left out of every later write.
    """
    is_settled = effort.head is not None and effort.head.is_settled
    return is_settled and not effort.awaits and not effort.failure


def _remember_contact(effort: Effort, head: Piece, memory: Memory) -> None:
    email = Identity(kind=EMAIL, value=effort.plan.email, target_id=head.target_id)
    memory.identities.append(email)
    if effort.renames:
        memory.renamed.append(email)
    if head.is_written and people.is_customer(effort):
        memory.shown[head.target_id] = effort.plan.source


def _part_settlement(piece: Piece, parent: SourceKey) -> Settlement:
    if piece.is_gone:
        status, reason = Status.EXCLUDED, ARCHIVED_IN_HUBSPOT
    elif piece.refused:
        status, reason = Status.FAILING, piece.refused.code or "refused"
    else:
        status, reason = Status.IN_SYNC, ""
    return Settlement(
        key=piece.source,
        status=status,
        reason=reason,
        parent_id=parent.id,
        target_id=piece.target_id or None,
        is_acknowledged=status is Status.IN_SYNC,
    )


def _target(piece: Piece, effort: Effort) -> Iterable[TargetRow]:
    if not piece.is_written:
        return ()
    return (
        TargetRow(
            object_type=piece.object_type,
            id=piece.target_id,
            fingerprint=piece.fingerprint,
            winner=effort.plan.source,
            winner_updated_at=effort.plan.version.updated_at,
        ),
    )


def _standing_of(effort: Effort, problem: Failure | None) -> tuple[Status, str]:
    if effort.is_excluded:
        return Status.EXCLUDED, ARCHIVED_IN_HUBSPOT
    if problem:
        return Status.FAILING, problem.reason
    return Status.IN_SYNC, effort.note


def _detail(problem: Failure | None) -> str:
    if problem is None:
        return ""
    return " ".join(each for each in (problem.part, problem.detail) if each)


def _still_suspect_ms(effort: Effort, now: datetime) -> int | None:
    """How long until the last look: a late write of another may come until then."""
    row: SourceRow | None = effort.row
    if row and row.suspect_until:
        left = (row.suspect_until - now) // timedelta(milliseconds=1)
        return left + 1 if left > 0 else None
    return SUSPECT_MS if effort.is_suspect else None


_OUTCOMES: Mapping[Status, Outcome] = {
    Status.IN_SYNC: Outcome.APPLIED,
    Status.FAILING: Outcome.FAILING,
    Status.EXCLUDED: Outcome.EXCLUDED,
}
