"""Which HubSpot records must exist for what is in Shopify, as subjects of the tables.

A subject is the Shopify record (or the pair of parent and part) with its ``shop``, as the tables'
paths read it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.expected.forms import instant

Json = Mapping[str, Any]
Shops = Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What one HubSpot record must show.

    ``table`` names its table, ``kind`` its HubSpot object. ``required`` is False for what may
    exist, and must be right if it does. ``customer`` (a key) and ``emails`` lead to its contact,
    the better one first.
    """

    kind: str
    table: str
    shop: str
    key: str
    record: Json
    required: bool = True
    customer: str = ""
    emails: tuple[str, ...] = ()


def email_of(person: Json | None) -> str:
    """A customer's, order's or checkout's email in lower case, empty for none."""
    return str((person or {}).get("email") or "").strip().lower()


def customers(shops: Shops) -> Iterator[Subject]:
    """Every customer with an email; several may be one contact."""
    for shop, dump in shops.items():
        for each in dump["customers"]:
            if email_of(each):
                yield _subject("contacts", shop, each, emails=(email_of(each),))


def products(shops: Shops) -> Iterator[Subject]:
    """Every variant of every product."""
    for shop, dump in shops.items():
        for product in dump["products"]:
            for variant in product["variants"]:
                yield Subject(
                    kind="products",
                    table="products",
                    shop=shop,
                    key=f"{shop}/{variant['id']}",
                    record={"shop": shop, "product": product, "variant": variant},
                )


def orders(shops: Shops) -> Iterator[Subject]:
    """Every order."""
    for shop, dump in shops.items():
        known = _by_id(dump)
        for each in dump["orders"]:
            yield _subject("orders", shop, each, emails=_emails(known, each))


def order_lines(order: Subject) -> Iterator[Subject]:
    """What is left of an order's lines after edits and refunds."""
    for line in order.record["line_items"]:
        if line["current_quantity"] > 0:
            yield Subject(
                kind="line_items",
                table="line_items",
                shop=order.shop,
                key=f"{order.shop}/{line['id']}",
                record={"shop": order.shop, "order": order.record, "line": line},
            )


def checkouts(shops: Shops, now: datetime, abandoned_after: timedelta) -> Iterator[Subject]:
    """Checkouts of somebody, and whether they must be carts.

    One that is young or completed need not be, nor one whose customer can no longer be reached: it
    is a cart only if it was one before. Nor need one whose email or phone is not a customer's,
    because Shopify's GraphQL does not show it.
    """
    for shop, dump in shops.items():
        known = _by_id(dump)
        for each in dump["checkouts"]:
            customer = each.get("customer") or {}
            if has_contact(each) or customer:
                rested = instant(each["updated_at"]) + abandoned_after <= now
                open_still = each["completed_at"] is None
                yield _subject(
                    "carts",
                    shop,
                    each,
                    emails=_emails(known, each),
                    required=rested and open_still and has_contact(customer),
                )


def is_out_of_reach(cart: Subject) -> bool:
    """Whether neither the checkout nor its customer has email or phone any more."""
    return not (has_contact(cart.record) or has_contact(cart.record.get("customer") or {}))


def cart_lines(cart: Subject) -> Iterator[Subject]:
    """The lines of a checkout."""
    for line in cart.record["line_items"]:
        yield Subject(
            kind="line_items",
            table="cart_line_items",
            shop=cart.shop,
            key=f"{cart.key}/{line['key']}",
            record={"shop": cart.shop, "checkout": cart.record, "line": line},
        )


def has_contact(person: Json) -> bool:
    """Whether a checkout or customer says how to reach them."""
    return bool(person.get("email") or person.get("phone"))


def _by_id(dump: Json) -> Mapping[int, Json]:
    return {each["id"]: each for each in dump["customers"]}


def _emails(known: Mapping[int, Json], record: Json) -> tuple[str, ...]:
    customer = known.get((record.get("customer") or {}).get("id", 0))
    return tuple(each for each in (email_of(customer), email_of(record)) if each)


def _subject(
    kind: str, shop: str, record: Json, *, emails: tuple[str, ...], required: bool = True
) -> Subject:
    customer = record if kind == "contacts" else record.get("customer") or {}
    return Subject(
        kind=kind,
        table=kind,
        shop=shop,
        key=f"{shop}/{record['id']}",
        record={**record, "shop": shop},
        required=required,
        customer=f"{shop}/{customer['id']}" if customer else "",
        emails=emails,
    )
