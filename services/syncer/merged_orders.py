"""Records of one source each (orders, carts) that people merged in HubSpot into one.

The one that is left can show one source only. That is whose record it was before; if HubSpot gave
it a new id, the source that learned of it first. The other is kept out, as what people archived is.
HubSpot merges orders since 2026-03 (``POST /crm/objects/2026-03/orders/merge``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.shared.contract.keys import SourceKey
from services.shared.ledger import sources
from services.shared.ledger.engine import Ledger
from services.syncer import plans
from services.syncer.efforts import Effort

RETRIED = "retried"


async def settle(ledger: Ledger, kind: str, efforts: Sequence[Effort]) -> None:
    """Name in each effort that wrote to another source's record whose that is.

    Raises:
        WorldAtFaultError: the ledger is not there.
    """
    doubtful = [effort for effort in efforts if _may_be_anothers(effort)]
    if not doubtful:
        return
    targets = {each.head.target_id for each in doubtful if each.head}
    async with ledger.transaction() as tx:
        behind = await sources.sharing(tx, kind, targets)
    holders = {target_id: rows[-1].key for target_id, rows in behind.items()}
    _name_holders(doubtful, holders)


def _name_holders(doubtful: Sequence[Effort], holders: Mapping[str, SourceKey]) -> None:
    taken = dict(holders)
    for effort in sorted(doubtful, key=lambda each: each.plan.source):
        if effort.head:
            holder = taken.setdefault(effort.head.target_id, effort.plan.source)
            effort.merged_into = None if holder == effort.plan.source else holder


def _may_be_anothers(effort: Effort) -> bool:
    """Whether its record answered with another id, or may have been found by a merged one's key."""
    head, row = effort.head, effort.row
    if head is None or head.object_type == plans.CONTACTS or not head.target_id:
        return False
    was_let_go = row is not None and row.reason == RETRIED and not row.target_id
    return bool(head.merged_from) or was_let_go
