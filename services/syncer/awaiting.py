"""What efforts wait for together: one cause, one probe, and all of them are due when it is over."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from services.shared.contract.errors import OursToFixError, SyncError
from services.shared.contract.keys import SourceKey
from services.shared.hubspot.problems import QUOTA_SPENT
from services.shared.ledger import causes
from services.shared.ledger.causes import EVERY_STORE, NewCause
from services.shared.ledger.engine import Ledger
from services.syncer import plans
from services.syncer.efforts import Effort
from services.syncer.goods import SKUS_UNKNOWN
from services.syncer.putting_off import SUSPECT_MS

CENSUS = "census"

_PROBE_MS = 30_000
_FIRST_PROBE_MS: Mapping[str, int] = {
    # Only when no call under way can be applied any more does a census prove anything.
    CENSUS: SUSPECT_MS + 1_000,
    SKUS_UNKNOWN: 5_000,
}
_SHARED_REASONS = frozenset({"account_migrating", QUOTA_SPENT})


def mark(efforts: Iterable[Effort], keyed: Collection[str]) -> None:
    """Let those wait whose records may be there already, and cannot be found by our key."""
    for effort in efforts:
        if any(piece.may_exist and piece.object_type not in keyed for piece in effort.pieces):
            effort.awaits = CENSUS


async def shared_causes(ledger: Ledger, efforts: Sequence[Effort]) -> Mapping[SourceKey, int]:
    """The open cause of each effort that waits for one; raised where it is new.

    Raises:
        WorldAtFaultError: the ledger is not there.
    """
    named = {effort.plan.source: cause for effort in efforts if (cause := _cause_of(effort))}
    if not named:
        return {}
    async with ledger.transaction() as tx:
        raised = {
            cause: await causes.raise_cause(tx, cause, _FIRST_PROBE_MS.get(cause.reason, _PROBE_MS))
            for cause in set(named.values())
        }
    return {source: raised[cause] for source, cause in named.items()}


def is_shared(problem: SyncError) -> bool:
    """Whether ``problem`` stands in the way of many, until somebody or something ends it."""
    return isinstance(problem, OursToFixError) or problem.reason in _SHARED_REASONS


def _cause_of(effort: Effort) -> NewCause | None:
    problem = effort.unknown
    if effort.awaits:
        return _account_wide(effort, effort.awaits)
    if problem is not None and is_shared(problem):
        return _account_wide(effort, problem.reason, problem.detail)
    return None


def _account_wide(effort: Effort, reason: str, detail: str = "") -> NewCause:
    object_type = _concerned(effort)
    return NewCause(shop=EVERY_STORE, object_type=object_type, reason=reason, detail=detail)


def _concerned(effort: Effort) -> str:
    """The HubSpot type that is in the way: the one refused, else the head's or the parts'."""
    stuck = next((p.object_type for p in effort.pieces if p.unknown or p.may_exist), "")
    if not stuck and effort.unremoved:
        return effort.plan.part_type
    return stuck or effort.plan.head_type or effort.plan.part_type or plans.CONTACTS
