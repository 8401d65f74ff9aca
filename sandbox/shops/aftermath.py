"""What becomes of an order in the days after it was placed."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

from sandbox.shopify import actions
from sandbox.shopify.model import Record
from sandbox.shopify.store import Store
from sandbox.shops.odds import happens

CANCELLED, EDITED, SHIPPED, DELIVERED, RETURNED = 0.04, 0.06, 0.85, 0.7, 0.12
CANCEL_REASONS = ("customer", "declined", "fraud", "inventory", "other", "staff")
Later = list[tuple[timedelta, Callable[[], object]]]


def parcel(rng: random.Random) -> list[dict[str, str]]:
    """One tracking number with its address."""
    number = f"JJFI{rng.randrange(10**12, 10**13)}"
    return [{"number": number, "url": f"https://tracking.example.com/{number}", "company": "Posti"}]


def aftermath(rng: random.Random, store: Store, order_id: int) -> Later:
    """What will happen to an order, and how long after it was placed."""
    if happens(rng, CANCELLED):
        reason = rng.choice(CANCEL_REASONS)
        return [(_days(rng, 0.1, 2), lambda: actions.cancel(store, order_id, reason))]
    shipping = _days(rng, 0.6, 3)
    delivery = shipping + _days(rng, 1, 4)
    back = shipping + _days(rng, 5, 12)
    later: Later = []
    if happens(rng, EDITED):
        editing = _days(rng, 0.02, 0.5)
        later.append((editing, lambda: edit(rng, store, store.orders[order_id])))
    if happens(rng, SHIPPED):
        later.append((shipping, lambda: ship(rng, store, store.orders[order_id])))
    if later and happens(rng, DELIVERED):
        later.append((delivery, lambda: deliver(store, store.orders[order_id])))
    if later and happens(rng, RETURNED):
        later.append((back, lambda: give_back(rng, store, store.orders[order_id])))
    return later


def _days(rng: random.Random, least: float, most: float) -> timedelta:
    return timedelta(days=rng.uniform(least, most))


def edit(rng: random.Random, store: Store, order: Record) -> Record | None:
    """Take a line's last piece out, or add one of its variants again."""
    if order["cancelled_at"] or order["fulfillments"]:
        return None
    line = rng.choice(order["line_items"])
    others = sum(each["current_quantity"] for each in order["line_items"] if each is not line)
    if others and line["fulfillable_quantity"] and happens(rng, 0.5):
        return actions.edit_order(store, order["id"], set_quantities={str(line["id"]): 0})
    more = {"title": "Gift wrapping", "price": "3.50", "quantity": 1}
    return actions.edit_order(store, order["id"], add=[more])


def ship(rng: random.Random, store: Store, order: Record) -> Record | None:
    """Ship what is left, now and then only one line of several."""
    left = [each for each in order["line_items"] if each["fulfillable_quantity"]]
    if not left or order["cancelled_at"]:
        return None
    first = {str(left[0]["id"]): left[0]["fulfillable_quantity"]}
    part = first if len(left) > 1 and happens(rng, 0.12) else None
    return actions.fulfil(store, order["id"], part, tracking=parcel(rng))


def deliver(store: Store, order: Record) -> Record | None:
    """Let the carrier say that the first parcel under way has arrived."""
    for each in order["fulfillments"]:
        if each["shipment_status"] != "delivered":
            return actions.track(store, order["id"], each["id"], "delivered")
    return None


def give_back(rng: random.Random, store: Store, order: Record) -> Record | None:
    """Refund a piece, an amount, or all of it, as far as something was paid and is left."""
    received = [each for each in order["transactions"] if each["kind"] in ("sale", "capture")]
    lines = [each for each in order["line_items"] if each["current_quantity"]]
    if not received or not lines or order["financial_status"] == "refunded":
        return None
    match rng.choice(("piece", "amount", "all")):
        case "piece":
            return actions.refund(store, order["id"], {str(rng.choice(lines)["id"]): 1})
        case "amount":
            return actions.refund(store, order["id"], amount="1.00")
        case _:
            return actions.refund(store, order["id"])
