"""From finished efforts to what the ledger is to remember. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from services.shared.contract.keys import SourceKey
from services.shared.ledger.identities import Identity
from services.shared.ledger.settlements import Settlement
from services.shared.ledger.sources import SourceRow, Status
from services.shared.ledger.waits import Wait
from services.syncer import plans
from services.syncer.deciding import ARCHIVED_IN_HUBSPOT, MERGED_INTO_ANOTHER
from services.syncer.efforts import Effort, Failure
from services.syncer.memory import Memory
from services.syncer.outcomes import Outcome
from services.syncer.planning import NO_EMAIL
from services.syncer.plans import Plan
from services.syncer.putting_off import SUSPECT_MS, is_to_be_tried_again, put_off
from services.syncer.remembering import remember_pieces
from services.syncer.webhook_only import kept


def settled(efforts: Iterable[Effort], now: datetime, causes: Mapping[SourceKey, int]) -> Memory:
    """What is to be remembered of efforts that ended; ``causes`` are the shared ones they await."""
    memory = Memory()
    for effort in efforts:
        if effort.merged_into:
            _leave_to(effort.merged_into, effort, memory)
            continue
        if effort.awaits or effort.unknown or is_to_be_tried_again(effort):
            put_off(effort, memory, causes.get(effort.plan.source))
        else:
            _settle(effort, now, memory)
        remember_pieces(effort, memory)
    return memory


def deleted(
    efforts: Iterable[Effort],
    read_at: Mapping[SourceKey, datetime],
    now: datetime,
    causes: Mapping[SourceKey, int],
) -> Memory:
    """What is to be remembered of sources that a read proved gone."""
    memory = Memory()
    for effort in efforts:
        source = effort.plan.source
        late_ms = None if _leaves_a_contact(effort) else _still_suspect_ms(effort, now)
        if effort.awaits or effort.unknown or effort.removals:
            put_off(effort, memory, causes.get(source), claims_deletion=True)
        elif late_ms is not None:
            _look_for_it_again(effort, late_ms, memory)
        else:
            _let_go(effort, read_at[source], memory)
    return memory


def _leaves_a_contact(effort: Effort) -> bool:
    """A contact stays when its customer goes: it may stand for others, and for itself."""
    return effort.plan.head_type == plans.CONTACTS


def _look_for_it_again(effort: Effort, late_ms: int, memory: Memory) -> None:
    """A call that was to create it may be applied yet: then that is to go as well."""
    source, row = effort.plan.source, effort.row
    memory.waits.append(
        Wait(
            key=source,
            reason="may_come_late",
            due_in_ms=late_ms,
            is_news=False,
            claims_deletion=True,
            suspect_for_ms=None if row and row.suspect_until else late_ms,
        )
    )
    memory.outcomes[source] = Outcome.WAITING


def _let_go(effort: Effort, read_at: datetime, memory: Memory) -> None:
    source, row = effort.plan.source, effort.row
    memory.settlements.append(
        Settlement(
            key=source,
            status=Status.DELETED,
            seen=row.wanted if row else 0,
            version=row.version if row else None,
            deleted_at=read_at,
            is_acknowledged=True,
            label=row.label if row else "",
        )
    )
    for part in effort.known_parts.values():
        memory.settlements.append(
            Settlement(key=part.key, status=Status.DELETED, parent_id=part.parent_id)
        )
    if _leaves_a_contact(effort):
        memory.moved_customers.append(source)
        memory.left_contacts.extend([row.target_id] if row and row.target_id else ())
    else:
        memory.forgotten.extend((p.object_type, p.target_id) for p in effort.pieces)
    memory.outcomes[source] = Outcome.DELETED
    memory.touched.append(source)


def exclude(plan: Plan, row: SourceRow | None, memory: Memory) -> None:
    """Keep a record out, and let go of what it was in HubSpot."""
    before = row.reason if row else ARCHIVED_IN_HUBSPOT
    # A contact stays when its customer has no email any more, and is renamed to the next one.
    keeps_target = not plan.excluded or plan.head_type == plans.CONTACTS
    memory.settlements.append(
        Settlement(
            key=plan.source,
            status=Status.EXCLUDED,
            reason=plan.excluded or before,
            detail="" if plan.excluded or row is None else row.detail,
            seen=row.wanted if row else 0,
            target_id=row.target_id if row and keeps_target else None,
            version=plan.version,
            due_in_ms=plan.due_in_ms,
            label=plan.label,
            created_at=plan.created_at,
            body=kept(plan.state) if plan.due_in_ms is not None else None,
            heard_at=plan.heard_at,
        )
    )
    memory.identities.extend(
        Identity(kind=kind, value=value, source=plan.source) for kind, value in plan.tokens
    )
    if plan.head_type == plans.CONTACTS and row and row.target_id:
        memory.left_contacts.append(row.target_id)
        memory.moved_customers.append(plan.source)
    memory.outcomes[plan.source] = Outcome.EXCLUDED


def _came_in(effort: Effort) -> bool:
    """Whether a customer who had no email has a contact now."""
    row = effort.row
    was_out = row is not None and row.status is Status.EXCLUDED and row.reason == NO_EMAIL
    return was_out and effort.plan.head_type == plans.CONTACTS


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
            body=kept(plan.state) if status is Status.FAILING else None,
            heard_at=plan.heard_at,
        )
    )
    memory.outcomes[plan.source] = _OUTCOMES[status]
    _relate(effort, memory)
    memory.moved.update(effort.merged)
    if effort.left_target:
        memory.left_contacts.append(effort.left_target)
        memory.left_merged.extend((plan.source, *each) for each in effort.merged.items())
    memory.identities.extend(
        Identity(kind=kind, value=value, source=plan.source) for kind, value in plan.tokens
    )
    memory.touched.append(plan.source)


def _leave_to(holder: SourceKey, effort: Effort, memory: Memory) -> None:
    """Let go of a record that is another source's by now, with its parts; that shows itself again.

    Learning it took a write to that record.
    """
    plan, row, head = effort.plan, effort.row, effort.head
    memory.settlements.append(
        Settlement(
            key=plan.source,
            status=Status.EXCLUDED,
            reason=MERGED_INTO_ANOTHER,
            detail=f"{head.target_id if head else ''} {holder}",
            seen=row.wanted if row else 0,
            version=plan.version,
            label=plan.label,
            created_at=plan.created_at,
            heard_at=plan.heard_at,
        )
    )
    memory.settlements.extend(
        Settlement(
            key=SourceKey(plan.source.shop, plan.part_kind, part_id),
            status=Status.EXCLUDED,
            reason=MERGED_INTO_ANOTHER,
            parent_id=plan.source.id,
        )
        for part_id in {*effort.parts, *effort.known_parts}
    )
    memory.overwritten.append(holder)
    memory.outcomes[plan.source] = Outcome.EXCLUDED


def _relate(effort: Effort, memory: Memory) -> None:
    """Whom a settled record is to be linked to, and whom it speaks of."""
    plan = effort.plan
    if effort.row and not plan.keeps_links:  # what was never seen is linked to nobody yet
        memory.link_owners.append(plan.source)
    memory.links.extend(plan.links)
    memory.mentions.extend(plan.mentions)
    if _came_in(effort):
        memory.moved_customers.append(plan.source)
    memory.refers_to.update(plan.refers_to)
    if plan.guest:
        memory.guests.append(plan.guest)


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
    """How long until the last look: a late write, another's or our own, may come until then."""
    if effort.may_come_again:
        return SUSPECT_MS
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
