"""What every action on an order needs."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.shopify.model import Kind, Record
from sandbox.shopify.store import Store


def order_updated(store: Store, order: Record) -> None:
    """Move an order's ``updated_at`` and raise ``orders/updated``."""
    store.touch(Kind.ORDER, order)
    store.raises("orders/updated", Kind.ORDER, order)


def line_of(order: Record, line_id: int) -> Record:
    """The line of an order with this id."""
    return record_of(order["line_items"], line_id)


def record_of(records: Sequence[Record], number: int) -> Record:
    """The record with this id."""
    for each in records:
        if each["id"] == number:
            return each
    raise KeyError(number)


def derive_fulfillment(order: Record) -> None:
    """``fulfillment_status`` of lines and order, from what is left to fulfil."""
    left = sum(each["fulfillable_quantity"] for each in order["line_items"])
    done = any(each["status"] == "success" for each in order["fulfillments"])
    for line in order["line_items"]:
        sent = line["current_quantity"] > line["fulfillable_quantity"]
        whole = "fulfilled" if not line["fulfillable_quantity"] else "partial"
        line["fulfillment_status"] = whole if sent else None
    order["fulfillment_status"] = (None if not done else "partial") if left else "fulfilled"
    if not done:
        order["fulfillment_status"] = None
