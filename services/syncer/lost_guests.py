"""Guests whose contact is gone: nobody writes to it, so only a refused link shows that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.shared.contract.keys import SourceKey
from services.shared.ledger import identities, settlements, sources, waits
from services.shared.ledger.engine import Ledger
from services.shared.ledger.identities import EMAIL
from services.shared.ledger.open_links import OpenLink
from services.shared.ledger.settlements import Settlement
from services.shared.ledger.sources import Status
from services.shared.ledger.stores import ACCOUNT
from services.syncer import plans
from services.syncer.deciding import ARCHIVED_IN_HUBSPOT
from services.syncer.writing import Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fates:
    """What became of contacts: ``moved`` leads to another with the same email."""

    moved: Mapping[str, str] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()


async def look_after(ledger: Ledger, writer: Writer, refused: Sequence[OpenLink]) -> None:
    """Let guests among the ends of ``refused`` links have the contact that has their email now.

    Those whose contact people archived are excluded, as a customer is.

    Raises:
        SyncError: HubSpot or the ledger does not answer; nothing was changed.
    """
    guests = {
        SourceKey(each.link.shop, each.link.to_kind, each.link.to_id): each.to_target
        for each in refused
        if each.link.to_kind == plans.GUESTS and each.to_target
    }
    if not guests:
        return
    fates = await _fates(ledger, writer, set(guests.values()))
    async with ledger.transaction() as tx:
        rows = await sources.look(tx, guests)
        await waits.retarget(tx, (plans.GUESTS,), fates.moved)
        await identities.retarget(tx, ACCOUNT, EMAIL, fates.moved)
        await settlements.settle(
            tx,
            [
                Settlement(
                    key=key,
                    status=Status.EXCLUDED,
                    reason=ARCHIVED_IN_HUBSPOT,
                    seen=row.wanted,
                    target_id=row.target_id,
                    version=row.version,
                )
                for key, row in rows.items()
                if row.target_id in fates.gone
            ],
        )


async def _fates(ledger: Ledger, writer: Writer, contacts: set[str]) -> _Fates:
    there = await writer.read(plans.CONTACTS, sorted(contacts), (EMAIL,))
    lost = sorted(contacts & there.missing)
    if not lost:
        return _Fates()
    async with ledger.transaction() as tx:
        emails = await identities.leading_to(tx, ACCOUNT, EMAIL, lost)
    named = [email for some in emails.values() for email in some]
    found = (await writer.read(plans.CONTACTS, named, (EMAIL,), EMAIL)).found
    moved = {
        contact: found[email].id
        for contact, some in emails.items()
        for email in some
        if email in found
    }
    return _Fates(moved=moved, gone=frozenset(lost) - moved.keys())
