"""From a Shopify record to what HubSpot ought to show of it. Pure and total.

What an order or a checkout is linked to, who a guest is, and when a checkout counts as abandoned
is decided here; which property gets which value is the mapping's business.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import msgspec

from services.shared.contract.keys import SourceKey
from services.shared.contract.records import Record, State
from services.shared.contract.topics import ObjectType
from services.shared.ledger import identities
from services.shared.ledger.links import Link
from services.syncer import plans
from services.syncer.mapping.parts import parts_to_write
from services.syncer.mapping.people import has_contact_information
from services.syncer.plans import Guest, Part, Plan

NO_EMAIL = "no_email"
NO_CONTACT_INFORMATION = "no_contact_information"
NOT_YET_ABANDONED = "not_yet_abandoned"
COMPLETED = "completed"
WITHOUT_CONTACT = "without_contact"

# A record that others point at usually brings its own event within seconds; a read of ours before
# that would be wasted.
REFERRED_DUE_MS = 3_000

Mapped = Callable[[str, str, Record, Record | None], dict[str, str]]
"""Properties for (HubSpot type, shop, record, the record it is part of), made for who asks."""


class Circumstances(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan depends on besides the record.

    ``products`` are the HubSpot ids of variants, by variant id; ``has_cart`` says that HubSpot
    shows this checkout as a cart already, ``may_have_cart`` that nobody knows: a call that was to
    make one was never settled.
    """

    shop: str
    now: datetime
    abandoned_after: timedelta
    mapped: Mapped
    products: Mapping[str, str]
    has_cart: bool = False
    may_have_cart: bool = False


def plan_for(source: SourceKey, state: State, around: Circumstances) -> Plan:
    """What HubSpot ought to show of ``state``."""
    return _PLANNERS[ObjectType(source.kind)](source, state, around)


def guest_key(shop: str, email: str) -> SourceKey:
    """The source that stands for a person of whom only an email is known."""
    return SourceKey(shop, plans.GUESTS, guest_id(email))


def guest_id(email: str) -> str:
    """By what a guest is known in each store; nobody reads the email out of it."""
    return hashlib.sha256(email.encode()).hexdigest()[:32]


def normal_email(value: object) -> str:
    """An email as HubSpot compares it; empty if there is none."""
    return _kept(value).strip().lower() if isinstance(value, str) else ""


def _customer(source: SourceKey, state: State, around: Circumstances) -> Plan:
    record = state.record
    email = normal_email(record.fields.get("email"))
    return Plan(
        source=source,
        version=state.version,
        head_type=plans.CONTACTS,
        properties=around.mapped(plans.CONTACTS, source.shop, record, None),
        email=email,
        excluded="" if email else NO_EMAIL,
        created_at=_moment(record, "created_at"),
    )


def _product(source: SourceKey, state: State, around: Circumstances) -> Plan:
    record = state.record
    parts = tuple(
        Part(
            source=SourceKey(source.shop, plans.VARIANTS, variant.id),
            properties=around.mapped(plans.PRODUCTS, source.shop, variant, record),
        )
        for variant in parts_to_write(record)
    )
    return Plan(
        source=source,
        version=state.version,
        part_type=plans.PRODUCTS,
        part_kind=plans.VARIANTS,
        parts=parts,
        has_all_parts="variants" in record.complete_parts,
        label=_text(record, "title")[:200],
        created_at=_moment(record, "created_at"),
    )


def _order(source: SourceKey, state: State, around: Circumstances) -> Plan:
    record = state.record
    parts, links, refers = _lines(source, plans.ORDER_LINES, record, around)
    person = _person(source, record, around)
    token = _text(record, "checkout_token")
    return Plan(
        source=source,
        version=state.version,
        head_type=plans.ORDERS,
        properties=around.mapped(plans.ORDERS, source.shop, record, None),
        part_type=plans.LINE_ITEMS,
        part_kind=plans.ORDER_LINES,
        parts=parts,
        has_all_parts="line_items" in record.complete_parts,
        links=(*links, *person.links),
        mentions=person.mentions,
        refers_to={**refers, **person.refers_to},
        guest=person.guest,
        keeps_links=person.is_unknown,
        note=WITHOUT_CONTACT if person.is_nobody else "",
        tokens=((identities.ORDER_OF_CHECKOUT, f"{source.shop}/{token}"),) if token else (),
        label=_text(record, "name"),
        created_at=_moment(record, "created_at"),
        state=state,
    )


def _checkout(source: SourceKey, state: State, around: Circumstances) -> Plan:
    record = state.record
    person = _person(source, record, around)
    parts, links, refers = _lines(source, plans.CART_LINES, record, around)
    excluded, due_in_ms = _why_no_cart(state, around)
    token = _text(record, "token")
    return Plan(
        source=source,
        version=state.version,
        head_type=plans.CARTS,
        properties=around.mapped(plans.CARTS, source.shop, record, None),
        part_type=plans.LINE_ITEMS,
        part_kind=plans.CART_LINES,
        parts=parts,
        has_all_parts="line_items" in record.complete_parts,
        links=(*links, *person.links),
        mentions=person.mentions,
        refers_to={} if excluded else {**refers, **person.refers_to},
        guest=None if excluded else person.guest,
        keeps_links=person.is_unknown,
        tokens=((identities.CHECKOUT_TOKEN, f"{source.shop}/{token}"),) if token else (),
        excluded=excluded,
        due_in_ms=due_in_ms,
        label=_text(record, "name"),
        created_at=_moment(record, "created_at"),
        state=state,
    )


def _why_no_cart(state: State, around: Circumstances) -> tuple[str, int | None]:
    """Why a checkout is no cart (empty if it is one), and when to look again.

    There is no event of abandonment: a checkout is abandoned when it has contact information, has
    not completed, and nothing happened to it for a while.
    https://shopify.dev/docs/api/admin-graphql/latest/objects/AbandonedCheckout
    """
    fields = state.record.fields
    is_completed = bool(fields.get("completed_at"))
    if around.has_cart or (is_completed and around.may_have_cart):
        return "", None
    if is_completed:
        return COMPLETED, None
    if not has_contact_information(state.record):
        return NO_CONTACT_INFORMATION, None
    left = state.version.updated_at + around.abandoned_after - around.now
    if left > timedelta():
        return NOT_YET_ABANDONED, left // timedelta(milliseconds=1) + 1
    return "", None


class _Person(msgspec.Struct, frozen=True, kw_only=True):
    """Who an order or a checkout belongs to, as far as the record tells."""

    links: tuple[Link, ...] = ()
    mentions: tuple[Link, ...] = ()
    refers_to: Mapping[SourceKey, int]
    guest: Guest | None = None
    is_unknown: bool = False
    is_nobody: bool = False


def _person(source: SourceKey, record: Record, around: Circumstances) -> _Person:
    """The customer if they have an email, else whoever the email belongs to, else nobody."""
    fields = record.fields
    customer_id = _text(record, "customer_id")
    if customer_id and (fields.get("customer_email") or "customer_email" not in fields):
        customer = SourceKey(source.shop, ObjectType.CUSTOMERS, customer_id)
        return _Person(links=(_link(source, customer),), refers_to={customer: REFERRED_DUE_MS})
    mentions: tuple[Link, ...] = ()
    if customer_id:
        mentions = (_link(source, SourceKey(source.shop, ObjectType.CUSTOMERS, customer_id)),)
    email = normal_email(fields.get("email"))
    if not email:
        is_unknown = "email" not in fields
        return _Person(
            mentions=mentions, refers_to={}, is_unknown=is_unknown, is_nobody=not is_unknown
        )
    guest = guest_key(source.shop, email)
    snapshot = around.mapped(plans.GUESTS, source.shop, record, None)
    return _Person(
        links=(_link(source, guest),),
        mentions=mentions,
        refers_to={},
        guest=Guest(source=guest, email=email, properties={**snapshot, "email": email}),
    )


def _lines(
    source: SourceKey,
    kind: str,
    record: Record,
    around: Circumstances,
) -> tuple[tuple[Part, ...], tuple[Link, ...], dict[SourceKey, int]]:
    """Line items, links to the products HubSpot does not have yet, and those products."""
    parts: list[Part] = []
    links: list[Link] = []
    refers: dict[SourceKey, int] = {}
    for line in parts_to_write(record):
        part_id = line.id if kind == plans.ORDER_LINES else f"{source.id}/{line.id}"
        part = SourceKey(source.shop, kind, part_id)
        properties = around.mapped(plans.LINE_ITEMS, source.shop, line, record)
        variant = _text(line, "variant_id")
        if variant in around.products:
            properties["hs_product_id"] = around.products[variant]
        elif variant:
            product = _text(line, "product_id")
            links.append(_link(part, SourceKey(source.shop, plans.VARIANTS, variant), product))
            if product:
                refers[SourceKey(source.shop, ObjectType.PRODUCTS, product)] = REFERRED_DUE_MS
        parts.append(Part(source=part, properties=properties))
    return tuple(parts), tuple(links), refers


def _link(one: SourceKey, other: SourceKey, other_parent: str = "") -> Link:
    return Link(
        shop=one.shop,
        from_kind=one.kind,
        from_id=one.id,
        to_kind=other.kind,
        to_id=other.id,
        to_parent_id=other_parent or None,
    )


def _text(record: Record, name: str) -> str:
    value = record.fields.get(name)
    return _kept(value) if isinstance(value, str) else ""


def _kept(text: str) -> str:
    """``text`` as every ledger can keep it: PostgreSQL has no NUL."""
    return text.replace("\0", "") if "\0" in text else text


def _moment(record: Record, name: str) -> datetime | None:
    value = record.fields.get(name)
    return value if isinstance(value, datetime) else None


_PLANNERS: Mapping[ObjectType, Callable[[SourceKey, State, Circumstances], Plan]] = {
    ObjectType.CUSTOMERS: _customer,
    ObjectType.PRODUCTS: _product,
    ObjectType.ORDERS: _order,
    ObjectType.CHECKOUTS: _checkout,
}
