"""What happens to orders once they are placed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sandbox.shopify import pricing
from sandbox.shopify.actions.customers import count_orders, updated
from sandbox.shopify.actions.lines import new_line
from sandbox.shopify.actions.order_state import derive_fulfillment, line_of, order_updated
from sandbox.shopify.actions.products import take_from_stock
from sandbox.shopify.model import Kind, Record, joined_tags
from sandbox.shopify.store import Store

CHANGEABLE = ("email", "phone", "note", "note_attributes", "po_number")


def change_order(store: Store, order_id: int, **changes: Any) -> Record:
    """Change ``CHANGEABLE``, ``tags``, or ``shipping_address`` in part."""
    order = store.orders[order_id]
    unknown = set(changes) - {*CHANGEABLE, "tags", "shipping_address"}
    if unknown:
        raise ValueError(f"an order has no {', '.join(sorted(unknown))} to change")
    with store.action():
        order.update({name: changes[name] for name in CHANGEABLE if name in changes})
        if "email" in changes:
            order["contact_email"] = changes["email"]
        if "shipping_address" in changes:
            order["shipping_address"] = {
                **(order["shipping_address"] or {}),
                **changes["shipping_address"],
            }
        tags_only = set(changes) == {"tags"}
        if "tags" in changes:
            order["tags"] = joined_tags(changes["tags"])
        if not tags_only or store.tag_edits_bump:
            order_updated(store, order)
    return order


def edit_order(
    store: Store,
    order_id: int,
    add: Sequence[Mapping[str, Any]] = (),
    set_quantities: Mapping[str, int] | None = None,
) -> Record:
    """Edit lines: ``add`` as in ``place_order``; ``set_quantities`` by line id, 0 removes.

    A lowered quantity lowers ``current_quantity`` only, a raised one ``quantity`` too.
    """
    order = store.orders[order_id]
    if order["cancelled_at"]:
        raise ValueError("a cancelled order can't be edited")
    rate = Decimal(order["tax_rate"])
    additions: list[Record] = []
    removals: list[Record] = []
    with store.action():
        for key, wanted in (set_quantities or {}).items():
            line = line_of(order, int(key))
            delta = wanted - line["current_quantity"]
            if delta:
                changed = additions if delta > 0 else removals
                changed.append({"id": line["id"], "delta": abs(delta)})
                _resize(store, order, line, delta)
        for given in add:
            line = new_line(store, order, given)
            order["line_items"].append(line)
            pricing.price_line(order, line, rate)
            additions.append({"id": line["id"], "delta": line["quantity"]})
            take_from_stock(store, [line])
        order["edited"] = True
        pricing.price(order)
        derive_fulfillment(order)
        order_updated(store, order)
        store.raises("orders/edited", Kind.ORDER_EDIT, _edit(store, order, additions, removals))
    return order


def _resize(store: Store, order: Record, line: Record, delta: int) -> None:
    if delta < -line["fulfillable_quantity"]:
        raise ValueError("what is fulfilled can't be removed")
    line["current_quantity"] += delta
    line["fulfillable_quantity"] += delta
    if delta > 0:
        line["quantity"] += delta
        pricing.price_line(order, line, Decimal(order["tax_rate"]))
    take_from_stock(store, [{**line, "quantity": delta}])


def _edit(
    store: Store, order: Record, additions: Sequence[Record], removals: Sequence[Record]
) -> Record:
    return {
        "id": store.new_id("order_edit"),
        "app_id": None,
        "created_at": store.now(),
        "committed_at": store.now(),
        "notify_customer": False,
        "order_id": order["id"],
        "staff_note": "",
        "user_id": None,
        "line_items": {"additions": list(additions), "removals": list(removals)},
        "discounts": {"line_item": {"additions": [], "removals": []}},
        "shipping_lines": {"additions": [], "removals": []},
    }


def close_order(store: Store, order_id: int, *, closed: bool = True) -> Record:
    """Archive an order, or take it back."""
    order = store.orders[order_id]
    with store.action():
        order_updated(store, order)
        order["closed_at"] = order["updated_at"] if closed else None
    return order


def delete_order(store: Store, order_id: int) -> Record:
    """Delete an order."""
    with store.action():
        order = store.remove(Kind.ORDER, order_id)
        customer = store.customers.get(order["customer_id"] or 0)
        if customer:
            count_orders(store, customer)
            updated(store, customer)
        store.raises("orders/delete", Kind.ORDER, order)
    return order
