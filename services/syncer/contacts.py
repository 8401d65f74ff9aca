"""Asks HubSpot about the contacts of people, as far as the ledger cannot tell which they are."""

from __future__ import annotations

from collections.abc import Sequence

from services.shared.contract.errors import SyncError
from services.shared.contract.topics import ObjectType
from services.shared.ledger import identities, sources
from services.shared.ledger.engine import Ledger
from services.shared.ledger.identities import EMAIL
from services.shared.ledger.stores import ACCOUNT
from services.syncer import people, plans
from services.syncer.efforts import Effort
from services.syncer.writing import Writer


async def look_up(ledger: Ledger, writer: Writer, efforts: Sequence[Effort]) -> None:
    """Point each effort at its contact; all are postponed if HubSpot could not be asked."""
    try:
        await _look_at_known(ledger, writer, efforts)
        await _find(ledger, writer, efforts)
    except SyncError as problem:
        for effort in efforts:
            effort.postpone(problem)


async def _look_at_known(ledger: Ledger, writer: Writer, efforts: Sequence[Effort]) -> None:
    """Look at contacts before they get another email: people may have merged or archived some."""
    ids = [e.head.target_id for e in efforts if e.head and people.wants_another_email(e)]
    if not ids:
        return
    ids += [effort.apart_from for effort in efforts if effort.apart_from]
    reading = await writer.read(plans.CONTACTS, ids, (EMAIL, people.MERGED_IDS))
    emails = [(EMAIL, people.email_shown(each)) for each in reading.found.values()]
    every = {each for record in reading.found.values() for each in people.ids_of(record)}
    async with ledger.transaction() as tx:
        holders = await identities.look(tx, ACCOUNT, emails)
        sharers = await sources.sharing(tx, ObjectType.CUSTOMERS, every)
    for effort in efforts:
        people.heed_archived(effort, reading.missing)
        people.heed_merges(effort, reading.found, holders, sharers)


async def _find(ledger: Ledger, writer: Writer, efforts: Sequence[Effort]) -> None:
    """Find contacts by email for those efforts whose contact the ledger does not know."""
    emails = [e.plan.email for e in efforts if e.head and not e.head.target_id and e.plan.email]
    if not emails:
        return
    reading = await writer.read(plans.CONTACTS, emails, (EMAIL,), EMAIL)
    found = {email: record.id for email, record in reading.found.items()}
    if not found:
        return
    async with ledger.transaction() as tx:
        sharers = await sources.sharing(tx, ObjectType.CUSTOMERS, found.values())
    for effort in efforts:
        target_id = found.get(effort.plan.email)
        if target_id and effort.head and not effort.head.target_id:
            people.settle_on(effort, target_id, sharers)
