"""Whom a batch concerns besides those it was about: who shares, takes over or waits for a contact.

It depends on what the batch has just written, in the same transaction, and is seldom anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import orjson

from services.shared.contract.keys import SourceKey
from services.shared.contract.topics import ObjectType
from services.shared.ledger import identities, links, sources, targets, waits
from services.shared.ledger.engine import Transaction
from services.shared.ledger.identities import Identity
from services.shared.ledger.sources import Status
from services.shared.ledger.stores import ACCOUNT
from services.shared.ledger.waits import Wait
from services.syncer import plans
from services.syncer.people import EMAIL_TAKEN
from services.syncer.planning import guest_id
from services.syncer.plans import Guest

if TYPE_CHECKING:
    from services.syncer.memory import Memory

# Suspect, but of nothing that is still on its way.
_AT_ONCE_MS = 1


async def pass_on(tx: Transaction, memory: Memory) -> None:
    """Make due, or let follow, whom ``memory`` concerns; it has been written down already."""
    await _introduce(tx, memory.guests)
    await waits.retarget(tx, (ObjectType.CUSTOMERS, plans.GUESTS), memory.moved)
    await identities.retarget(tx, ACCOUNT, identities.EMAIL, memory.moved)
    await links.merged(tx, memory.left_merged)
    await _to_the_next(tx, memory.left_contacts)
    await _look_at_orders_of(tx, memory.moved_customers)
    await _offer_emails(tx, memory.renamed)
    await _let_guests_go(tx, memory.renamed)
    await targets.forget(tx, ACCOUNT, [(plans.CONTACTS, each) for each in memory.moved.values()])
    await _let_newest_win(tx, memory)
    await waits.wait(tx, [_anew(key, "merged_in_hubspot") for key in set(memory.overwritten)])


async def _introduce(tx: Transaction, guests: Sequence[Guest]) -> None:
    """Make guests known who were not, or were let go; what is known of them waits with them."""
    by_key = {guest.source: guest for guest in guests}
    known = await sources.look(tx, by_key)
    await waits.wait(
        tx,
        [
            Wait(key=key, reason="referred_to", body=orjson.dumps(dict(guest.properties)))
            for key, guest in by_key.items()
            if key not in known or known[key].status is Status.DELETED
        ],
    )


async def _to_the_next(tx: Transaction, contacts: Sequence[str]) -> None:
    """A contact whose winner left shows the next customer behind it."""
    for sharers in (await sources.sharing(tx, ObjectType.CUSTOMERS, contacts)).values():
        await waits.wait(tx, [Wait(key=sharers[0].key, reason="next_in_line")])


async def _look_at_orders_of(tx: Transaction, customers: Sequence[SourceKey]) -> None:
    """Whose contact an order is linked to changes with its customer, of which no event tells.

    One that is merged leaves its orders to another; one without email leaves them to whoever has
    the order's own, until there is an email again.
    """
    orders = await links.leading_to(tx, customers)
    await waits.wait(tx, [Wait(key=each, reason="customer_moved") for each in orders])


async def _offer_emails(tx: Transaction, renamed: Sequence[Identity]) -> None:
    """Whoever could not have the email of a contact that has another now is tried again."""
    holders = [each.target_id for each in renamed if each.target_id]
    await waits.try_again(tx, ACCOUNT, EMAIL_TAKEN, holders)


async def _let_guests_go(tx: Transaction, renamed: Sequence[Identity]) -> None:
    """Who bought by the email that a contact had is somebody else than whose it is now, perhaps.

    Their orders are read again, and what those say of them makes a contact of their own.
    """
    emails = {each.target_id: guest_id(each.value) for each in renamed if each.target_id}
    await _look_at_orders_of(tx, await waits.let_go(tx, plans.GUESTS, emails))


async def _let_newest_win(tx: Transaction, memory: Memory) -> None:
    """A contact we wrote may be that of a newer customer as well, as we have only now learned.

    Two contacts that people merged were two when their writes began: whose came last is unknown,
    so the newest is written again, in full.
    """
    contacts = {*memory.stood_behind, *memory.moved.values()}
    again: list[Wait] = []
    for target_id, sharers in (await sources.sharing(tx, ObjectType.CUSTOMERS, contacts)).items():
        newest = sharers[0].key
        is_moved = target_id in memory.moved.values()
        if is_moved or memory.shown.get(target_id, newest) != newest:
            again.append(_anew(newest, "next_in_line"))
        if len(sharers) > 1:
            # It can leave to the contact whose email it has, now that it is not alone here.
            apart = [each.key for each in sharers if each.reason == EMAIL_TAKEN]
            again += [Wait(key=each, reason="email_given_up") for each in apart]
    await waits.wait(tx, again)


def _anew(key: SourceKey, reason: str) -> Wait:
    """Write it again, in full."""
    return Wait(key=key, reason=reason, suspect_for_ms=_AT_ONCE_MS)
