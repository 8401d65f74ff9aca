"""What the storefront page's buttons do: one thing a person does, with made-up particulars."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sandbox.shopify import actions, given
from sandbox.shopify.model import Record
from sandbox.shopify.store import Store

_SHIPPING = {"title": "Standard", "price": "4.90"}
_TAX_RATE = "0.07"
_REGULARS = 0.7
"""How often the buyer is somebody the store knows."""


def _basket(store: Store) -> dict[str, Any]:
    known = list(store.customers.values())
    customer = store.rng.choice(known) if known and store.rng.random() < _REGULARS else None
    return {
        "lines": store.rng.randrange(1, 5),
        "customer": customer or given.customer(store),
        "shipping": _SHIPPING,
        "tax_rate": _TAX_RATE,
    }


def _place_order(store: Store, _number: int, _value: str) -> Record:
    return given.order(store, **_basket(store))


def _abandon_checkout(store: Store, _number: int, _value: str) -> Record:
    return given.checkout(store, **_basket(store))


def _add_customer(store: Store, _number: int, _value: str) -> Record:
    return given.customer(store, addresses=[given.address(store)])


def _edit_order(store: Store, number: int, _value: str) -> Record:
    return actions.edit_order(store, number, add=given.lines(store))


def _change_email(store: Store, number: int, value: str) -> Record:
    return actions.change_customer(store, number, email=value)


def _change_name(store: Store, number: int, value: str) -> Record:
    first, _, last = value.partition(" ")
    return actions.change_customer(store, number, first_name=first, last_name=last or None)


def _subscribe(store: Store, number: int, _value: str) -> Record:
    consent = store.customers[number]["email_marketing_consent"] or {}
    wanted = "unsubscribed" if consent.get("state") == "subscribed" else "subscribed"
    return actions.change_consent(store, number, email=wanted)


def _tag(store: Store, number: int, value: str) -> Record:
    return actions.change_tags(store, number, add=[value])


def _reprice(store: Store, number: int, value: str) -> Record:
    variant = store.products[number]["variants"][0]
    return actions.change_variant(store, variant["id"], price=str(Decimal(value)))


Deed = Callable[[Store, int, str], Record]
"""Takes the store, the number of the record it is about (0 for none), and what was typed."""

DEEDS: Mapping[str, Deed] = {
    "place-order": _place_order,
    "abandon-checkout": _abandon_checkout,
    "add-customer": _add_customer,
    "edit-order": _edit_order,
    "capture-order": lambda store, number, _: actions.capture(store, number),
    "fulfil-order": lambda store, number, _: actions.fulfil(store, number),
    "refund-order": lambda store, number, _: actions.refund(store, number),
    "cancel-order": lambda store, number, _: actions.cancel(store, number),
    "delete-order": lambda store, number, _: actions.delete_order(store, number),
    "complete-checkout": lambda store, number, _: actions.complete_checkout(store, number),
    "delete-checkout": lambda store, number, _: actions.delete_checkout(store, number),
    "change-email": _change_email,
    "change-name": _change_name,
    "subscribe": _subscribe,
    "tag": _tag,
    "delete-customer": lambda store, number, _: actions.delete_customer(store, number),
    "reprice": _reprice,
    "delete-product": lambda store, number, _: actions.delete_product(store, number),
    "rotate-secret": lambda store, _number, _: actions.rotate_secret(store),
}


def ago(at: datetime, now: datetime) -> str:
    """How long ago, as a person would say it."""
    seconds = int((now - at).total_seconds())
    for limit, unit, size in ((60, "s", 1), (3600, "min", 60), (86400, "h", 3600)):
        if seconds < limit:
            return f"{max(seconds, 0) // size} {unit}"
    return f"{at.astimezone(UTC):%d %b %Y}"
