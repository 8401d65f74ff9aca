"""What HubSpot shows of an effort's records by now, for the ledger to remember. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from services.shared.contract.keys import SourceKey
from services.shared.ledger.identities import EMAIL, EMAIL_WANTED, Identity
from services.shared.ledger.settlements import Settlement
from services.shared.ledger.sources import Status
from services.shared.ledger.targets import TargetRow
from services.syncer import people, plans
from services.syncer.deciding import ARCHIVED_IN_HUBSPOT
from services.syncer.efforts import Effort, Piece
from services.syncer.memory import Memory


def remember_pieces(effort: Effort, memory: Memory) -> None:
    """What became of the head and the parts of ``effort``, and whom its contact stands for."""
    head = effort.head
    if head and head.target_id and not head.is_gone:
        _remember_head(effort, head, memory)
    _remember_parts(effort, memory)


def _remember_head(effort: Effort, head: Piece, memory: Memory) -> None:
    plan = effort.plan
    memory.targets.extend(_target(head, effort) if effort.writes else ())
    if head.object_type != plans.CONTACTS:
        return
    if plan.email and _shows_its_email(effort):
        _remember_contact(effort, head, memory)
    if effort.apart_from:
        wanted = Identity(
            kind=EMAIL_WANTED,
            value=str(plan.source),
            target_id=effort.apart_from,
            source=plan.source,
        )
        memory.identities.append(wanted)
    if head.merged_from:
        memory.moved[head.merged_from] = head.target_id


def _remember_parts(effort: Effort, memory: Memory) -> None:
    plan = effort.plan
    linked = {(link.from_kind, link.from_id) for link in plan.links}
    for piece in effort.parts.values():
        if piece.target_id:
            memory.targets.extend(_target(piece, effort))
            if _may_be_linked(piece, effort, linked):
                memory.touched.append(piece.source)
        if piece.target_id or piece.refused:
            memory.settlements.append(_part_settlement(piece, plan.source))
    for part in effort.known_parts.values():
        if part.target_id in effort.removed and part.key.id not in effort.parts:
            memory.settlements.append(
                Settlement(key=part.key, status=Status.DELETED, parent_id=part.parent_id)
            )
            memory.forgotten.append((plan.part_type, part.target_id or ""))
            memory.touched.append(part.key)


def _may_be_linked(piece: Piece, effort: Effort, linked: Collection[tuple[str, str]]) -> bool:
    """Whether a link may begin or end at a part: none ends at a line, and few begin there.

    Most of all parts are lines of new orders whose products are known.
    """
    if effort.plan.part_kind == plans.VARIANTS or piece.source.id in effort.known_parts:
        return True
    return (piece.source.kind, piece.source.id) in linked


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
    if people.is_customer(effort):
        memory.stood_behind.append(head.target_id)
        if head.is_written:
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
