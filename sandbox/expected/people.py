"""The judging of contacts: one for each email, whoever in Shopify it belongs to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sandbox.expected import rules
from sandbox.expected.forms import instant
from sandbox.expected.judging import Judging
from sandbox.expected.records import Found, HubSpotDump
from sandbox.expected.rules import Shops, Subject
from sandbox.expected.tables import tables
from sandbox.expected.verdict import Difference, Problem


def judge_contacts(judging: Judging) -> None:
    """Judge the contacts of customers and of guests, and that none is there twice."""
    for sources in _sources(judging):
        judging.counts["contacts"] += 1
        contact = judging.contact_of(sources[0])
        if contact is None:
            judging.say(Problem.MISSING, sources[0], "email", expected=sources[0].emails[0])
        else:
            _judge_contact(judging, contact, sources)
    _judge_guests(judging)
    _judge_doubles(judging)


def kept_apart(
    shops: Shops, hubspot: HubSpotDump, contacts: Mapping[str, Found]
) -> Mapping[str, Found]:
    """The contacts of customers who took an email that another contact holds, by customer.

    Two contacts cannot have one email, and which of them is the person nobody but people can say:
    the customer's keeps the email it had, and is their contact still. ``contacts`` are by email.
    """
    named = hubspot.by_key("contacts")
    apart: dict[str, Found] = {}
    for each in rules.customers(shops):
        holder, own = contacts.get(each.emails[0]), named.get(each.key, ())
        if holder and len(own) == 1 and own[0].id != holder.id:
            apart[each.key] = own[0]
    return apart


def _sources(judging: Judging) -> list[list[Subject]]:
    """The customers, those of one contact together: one email, or a contact's several."""
    groups: dict[str, list[Subject]] = defaultdict(list)
    for each in rules.customers(judging.shops):
        contact = judging.contact_of(each)
        groups[contact.id if contact else each.emails[0]].append(each)
    return list(groups.values())


def _judge_contact(judging: Judging, contact: Found, sources: Sequence[Subject]) -> None:
    """The newest source has the whole row; of two equally new, either."""
    newest = max(instant(each.record["updated_at"]) for each in sources)
    winners = [each for each in sources if instant(each.record["updated_at"]) == newest]
    named = contact.properties.get("shopify_sync_key")
    winner = next((each for each in winners if each.key == named), winners[0])
    for row in tables()["contacts"]:
        # After a merge a contact keeps one email and holds the others as additional ones.
        is_email_settled = winner.emails[0] in contact.emails or winner.key in judging.apart
        if row.property != "email" or not is_email_settled:
            judging.property(row, winner, contact)


def _judge_guests(judging: Judging) -> None:
    """An order's email has a contact; what else that shows is its own affair."""
    seen = {each.emails[0] for each in rules.customers(judging.shops)}
    for order in rules.orders(judging.shops):
        if not order.emails or order.emails[0] in seen:
            continue
        seen.add(order.emails[0])
        judging.counts["contacts"] += 1
        if order.emails[0] not in judging.contacts:
            judging.differences.append(
                Difference(
                    problem=Problem.MISSING,
                    kind="contacts",
                    shop=order.shop,
                    id=order.key,
                    property="email",
                    expected=order.emails[0],
                )
            )


def _judge_doubles(judging: Judging) -> None:
    holders: dict[str, set[str]] = defaultdict(set)
    for contact in judging.hubspot.live("contacts"):
        for name in {*contact.emails, contact.key}:
            if name:
                holders[name].add(contact.id)
    for name, ids in holders.items():
        if len(ids) > 1:
            judging.differences.append(
                Difference(problem=Problem.DOUBLED, kind="contacts", id=name, found=frozenset(ids))
            )
