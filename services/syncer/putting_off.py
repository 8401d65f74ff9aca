"""What cannot be done now: when it is tried again, and what is kept for then. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from services.shared.contract.errors import SyncError, WorldAtFaultError
from services.shared.ledger.identities import EMAIL, Identity, native
from services.shared.ledger.waits import Wait
from services.syncer import plans, unheard, webhook_only
from services.syncer.adopting import CENSUSED
from services.syncer.efforts import Effort
from services.syncer.memory import Memory
from services.syncer.outcomes import Outcome

SUSPECT_MS = 20_000
"""How long a call whose answer never came may still be applied: the HTTP time-out, and more."""

_FIRST_RETRY_MS = 1_000
_LONGEST_RETRY_MS = 300_000


def retry_in_ms(attempts: int, cause: SyncError | None = None) -> int:
    """When to try again: doubling, or when the other side said."""
    if isinstance(cause, WorldAtFaultError) and cause.retry_after is not None:
        return int(cause.retry_after * 1000)
    return int(min(_FIRST_RETRY_MS * 2 ** min(attempts, 20), _LONGEST_RETRY_MS))


def is_to_be_tried_again(effort: Effort) -> bool:
    """A contact somebody else made meanwhile: adopt it next time."""
    head = effort.head
    if head is None or head.object_type != plans.CONTACTS or head.target_id:
        return False
    return bool(head.refused and head.refused.existing_id)


def put_off(
    effort: Effort, memory: Memory, cause_id: int | None, *, claims_deletion: bool = False
) -> None:
    """Let ``effort`` wait, with what is known of it: for its shared cause, or for a while."""
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
            body=webhook_only.kept(effort.plan.state) or unheard.kept(effort),
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
