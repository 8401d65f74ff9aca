"""The judge: a Shopify dump and a HubSpot dump against the tables, both ways.

``compare`` is pure. It says what is missing, what is different, what is there twice and what
nothing in Shopify explains, for every record, property, line item and association.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from sandbox.expected import rules
from sandbox.expected.forms import Surroundings
from sandbox.expected.judging import Judging
from sandbox.expected.people import judge_contacts, kept_apart
from sandbox.expected.records import Found, HubSpotDump, Json, product_ids
from sandbox.expected.rules import Shops, Subject
from sandbox.expected.verdict import OBJECTS, Difference, Problem, Settings, Verdict


def compare(shops: Shops, hubspot: Json, settings: Settings) -> Verdict:
    """Judge what HubSpot shows.

    Args:
        shops: By shop, the Shopify simulator's ``/_sandbox/records``.
        hubspot: The HubSpot simulator's ``/_sandbox/records``.
        settings: How the product was told to work.
    """
    dump = HubSpotDump(hubspot)
    contacts = {email: each for each in dump.live("contacts") for email in each.emails}
    judging = Judging(
        settings=settings,
        shops=shops,
        hubspot=dump,
        around=Surroundings(
            currencies=settings.currencies,
            product_ids=product_ids(dump.live("products")),
            archived_product_ids=product_ids(dump.archived("products")),
        ),
        found={kind: dump.by_key(kind) for kind in (*OBJECTS, "line_items")},
        contacts=contacts,
        apart=kept_apart(shops, dump, contacts),
    )
    for kind, judge in _JUDGES.items():
        if kind in settings.objects:
            judge(judging)
    _judge_unexplained(judging)
    return Verdict(
        differences=judging.differences,
        counts=dict(judging.counts),
        kept_apart=frozenset(judging.apart),
    )


def _judge_products(judging: Judging) -> None:
    for each in rules.products(judging.shops):
        if record := judging.record_for(each):
            judging.properties(each, record)


def _judge_orders(judging: Judging) -> None:
    for order in rules.orders(judging.shops):
        if record := judging.record_for(order):
            judging.properties(order, record)
            _judge_lines(judging, order, record, rules.order_lines(order))
            _judge_contact_link(judging, order, record)


def _judge_carts(judging: Judging) -> None:
    settings = judging.settings
    placed = _orders_by_checkout(judging)
    for cart in rules.checkouts(judging.shops, settings.now, settings.abandoned_after):
        if record := judging.record_for(cart):
            judging.properties(cart, record)
            _judge_lines(judging, cart, record, rules.cart_lines(cart))
            # What a cart of one out of reach leads to is whoever it led to before.
            if not rules.is_out_of_reach(cart):
                _judge_contact_link(judging, cart, record)
            if "orders" in settings.objects:
                orders = placed.get((cart.shop, str(cart.record["token"])), ())
                judging.links(cart, record, "orders", orders)


def _judge_lines(
    judging: Judging, parent: Subject, record: Found, lines: Iterable[Subject]
) -> None:
    """Judge our line items of an order or cart; those without a key are people's."""
    expected = set()
    for line in lines:
        if found := judging.record_for(line):
            judging.properties(line, found)
            expected.add(found.id)
    theirs = judging.hubspot.linked(record, "line_items") & judging.hubspot.keyless_lines
    judging.links(parent, record, "line_items", expected | theirs)


def _judge_contact_link(judging: Judging, parent: Subject, record: Found) -> None:
    if "contacts" in judging.settings.objects:
        contact = judging.contact_of(parent)
        judging.links(parent, record, "contacts", [contact.id] if contact else [])


def _orders_by_checkout(judging: Judging) -> Mapping[tuple[str, str], Sequence[str]]:
    ids: dict[tuple[str, str], list[str]] = defaultdict(list)
    for order in rules.orders(judging.shops):
        group = judging.found["orders"].get(order.key, ())
        if group and (token := order.record.get("checkout_token")):
            ids[(order.shop, str(token))].append(group[0].id)
    return ids


def _judge_unexplained(judging: Judging) -> None:
    """Live records that claim to be of our shops and stand for nothing in Shopify.

    Contacts may: those of deleted customers stay.
    """
    objects = judging.settings.objects
    kinds = objects - {"contacts"} | ({"line_items"} if {"orders", "carts"} <= objects else set())
    for kind in sorted(kinds):
        for key, group in judging.found[kind].items():
            shop = key.partition("/")[0]
            if shop in judging.shops and key not in judging.explained[kind]:
                ids = frozenset(each.id for each in group)
                judging.differences.append(
                    Difference(problem=Problem.UNEXPECTED, kind=kind, shop=shop, id=key, found=ids)
                )


_JUDGES: Mapping[str, Callable[[Judging], None]] = {
    "contacts": judge_contacts,
    "products": _judge_products,
    "orders": _judge_orders,
    "carts": _judge_carts,
}
