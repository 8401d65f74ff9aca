"""What happens to orders once they are placed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sandbox.shopify import pricing
from sandbox.shopify.actions.customers import count_orders, updated
from sandbox.shopify.actions.lines import new_line
from sandbox.shopify.actions.ordering import spend, transaction
from sandbox.shopify.actions.products import take_from_stock
from sandbox.shopify.model import Kind, Record, copied, gid, joined_tags
from sandbox.shopify.money import ZERO, bag, decimal, text
from sandbox.shopify.store import Store

CHANGEABLE = ("email", "phone", "note", "note_attributes", "po_number")
CANCEL_REASONS = ("customer", "declined", "fraud", "inventory", "other", "staff")


def order_updated(store: Store, order: Record) -> None:
    """Move an order's ``updated_at`` and raise ``orders/updated``."""
    store.touch(Kind.ORDER, order)
    store.raises("orders/updated", Kind.ORDER, order)


def line_of(order: Record, line_id: int) -> Record:
    """The line of an order with this id."""
    return _named(order["line_items"], line_id)


def _named(records: Sequence[Record], number: int) -> Record:
    for each in records:
        if each["id"] == number:
            return each
    raise KeyError(number)


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


def fulfil(
    store: Store,
    order_id: int,
    quantities: Mapping[str, int] | None = None,
    tracking: Sequence[Mapping[str, str]] = (),
    shipment_status: str | None = None,
) -> Record:
    """Ship lines (``quantities`` by line id; everything left unless given).

    ``tracking`` is a list of ``{number, url}``; ``shipment_status`` as in ``track``.
    """
    order = store.orders[order_id]
    left = {each["id"]: each["fulfillable_quantity"] for each in order["line_items"]}
    asked = {int(key): each for key, each in quantities.items()} if quantities else left
    shipped = {key: each for key, each in asked.items() if each}
    if not shipped or any(each > left[key] for key, each in shipped.items()):
        raise ValueError("there is not that much left to fulfil")
    with store.action():
        fulfillment = _fulfillment(store, order, shipped, tracking)
        fulfillment["shipment_status"] = shipment_status
        order["fulfillments"].append(fulfillment)
        derive_fulfillment(order)
        order_updated(store, order)
        store.raises("fulfillments/create", Kind.FULFILLMENT, fulfillment)
        whole = order["fulfillment_status"] == "fulfilled"
        topic = "orders/fulfilled" if whole else "orders/partially_fulfilled"
        store.raises(topic, Kind.ORDER, order)
        if whole and order["financial_status"] == "paid":
            order["closed_at"] = order["updated_at"]
    return order


def _fulfillment(
    store: Store, order: Record, shipped: Mapping[int, int], tracking: Sequence[Mapping[str, str]]
) -> Record:
    number, now = store.new_id("fulfillment"), store.now()
    lines = []
    for key, quantity in shipped.items():
        line = line_of(order, key)
        line["fulfillable_quantity"] -= quantity
        lines.append({**copied(line), "quantity": quantity})
    numbers = [each["number"] for each in tracking if each.get("number")]
    urls = [each["url"] for each in tracking if each.get("url")]
    return {
        "id": number,
        "admin_graphql_api_id": gid("Fulfillment", number),
        "order_id": order["id"],
        "name": f"{order['name']}.{len(order['fulfillments']) + 1}",
        "status": "success",
        "created_at": now,
        "updated_at": now,
        "service": "manual",
        "location_id": None,
        "origin_address": None,
        "receipt": {},
        "shipment_status": None,
        "delivered_at": None,
        "tracking_company": tracking[0].get("company", "DHL") if tracking else None,
        "tracking_number": numbers[0] if numbers else None,
        "tracking_numbers": numbers,
        "tracking_url": urls[0] if urls else None,
        "tracking_urls": urls,
        "line_items": lines,
    }


def track(store: Store, order_id: int, fulfillment_id: int, shipment_status: str) -> Record:
    """What the carrier says: ``in_transit``, ``out_for_delivery``, ``delivered``, ``failure``."""
    order = store.orders[order_id]
    fulfillment = _named(order["fulfillments"], fulfillment_id)
    with store.action():
        fulfillment["shipment_status"] = shipment_status
        fulfillment["updated_at"] = store.now()
        if shipment_status == "delivered":
            fulfillment["delivered_at"] = store.now()
        order_updated(store, order)
        store.raises("fulfillments/update", Kind.FULFILLMENT, fulfillment)
    return order


def capture(store: Store, order_id: int) -> Record:
    """Take the money of an authorised or pending order."""
    order = store.orders[order_id]
    owed = Decimal(order["total_outstanding"])
    if not owed:
        raise ValueError("nothing is outstanding")
    with store.action():
        held = any(each["kind"] == "authorization" for each in order["transactions"])
        done = transaction(store, order, "capture" if held else "sale", owed)
        order["transactions"].append(done)
        pricing.settle(order)
        order_updated(store, order)
        store.raises("order_transactions/create", Kind.TRANSACTION, done)
        store.raises("orders/paid", Kind.ORDER, order)
        _spent(store, order, owed)
    return order


def _spent(store: Store, order: Record, amount: Decimal) -> None:
    customer = store.customers.get(order["customer_id"] or 0)
    if customer:
        spend(customer, amount)
        updated(store, customer)
        store.raises("customers/purchasing_summary", Kind.CUSTOMER, customer)


def refund(  # noqa: PLR0913 - the parts of one refund
    store: Store,
    order_id: int,
    quantities: Mapping[str, int] | None = None,
    amount: str | None = None,
    *,
    shipping: bool = False,
    restock: bool = True,
) -> Record:
    """Give money back.

    ``quantities`` by line id takes lines back (all that is left, and shipping, when neither it nor
    ``amount`` is given); ``amount`` replaces the sum that follows from them, or stands alone.
    """
    order = store.orders[order_id]
    whole = quantities is None and amount is None
    left = {each["id"]: each["current_quantity"] for each in order["line_items"]}
    asked = left if whole else {int(key): each for key, each in (quantities or {}).items()}
    back = {key: each for key, each in asked.items() if each}
    if any(each > left[key] for key, each in back.items()):
        raise ValueError("there is not that much left to refund")
    with store.action():
        before = Decimal(order["current_total_price"])
        record = _refund(store, order, back, restock=restock)
        if shipping or whole:
            _refund_shipping(store, order, record)
        order["refunds"].append(record)
        pricing.price(order)
        available = pricing.paid(order) - pricing.refunded(order)
        due = before - Decimal(order["current_total_price"]) if amount is None else decimal(amount)
        due = available if whole else min(due, available)
        if due:
            done = transaction(store, order, "refund", due)
            record["transactions"].append(done)
            order["transactions"].append(done)
        pricing.settle(order)
        derive_fulfillment(order)
        order_updated(store, order)
        store.raises("refunds/create", Kind.REFUND, record)
        for each in record["transactions"]:
            store.raises("order_transactions/create", Kind.TRANSACTION, each)
        if due:
            _spent(store, order, -due)
    return order


def _refund(store: Store, order: Record, back: Mapping[int, int], *, restock: bool) -> Record:
    number, now = store.new_id("refund"), store.now()
    return {
        "id": number,
        "admin_graphql_api_id": gid("Refund", number),
        "order_id": order["id"],
        "created_at": now,
        "processed_at": now,
        "note": None,
        "user_id": None,
        "restock": restock,
        "return": None,
        "duties": [],
        "total_duties_set": bag(order, ZERO),
        "order_adjustments": [],
        "refund_shipping_lines": [],
        "refund_line_items": [
            _refunded_line(store, order, line_of(order, key), each, restock=restock)
            for key, each in back.items()
        ],
        "transactions": [],
    }


def _refunded_line(
    store: Store, order: Record, line: Record, quantity: int, *, restock: bool
) -> Record:
    share = Decimal(quantity) / line["quantity"]
    subtotal = (pricing.line_total(line) - pricing.line_discount(line)) * share
    tax = pricing.line_tax(line) * share
    line["current_quantity"] -= quantity
    unsent = min(quantity, line["fulfillable_quantity"])
    line["fulfillable_quantity"] -= unsent
    if restock:
        take_from_stock(store, [{**line, "quantity": quantity}], sign=1)
    kind = ("cancel" if unsent else "return") if restock else "no_restock"
    return {
        "id": store.new_id("refund_line_item"),
        "line_item_id": line["id"],
        "line_item": copied(line),
        "location_id": None,
        "quantity": quantity,
        "restock_type": kind,
        "subtotal": text(subtotal, order["currency"]),
        "subtotal_set": bag(order, subtotal),
        "total_tax": text(tax, order["currency"]),
        "total_tax_set": bag(order, tax),
    }


def _refund_shipping(store: Store, order: Record, record: Record) -> None:
    for line in order["shipping_lines"]:
        left = pricing.shipping_left(order)
        if left:
            record["refund_shipping_lines"].append(
                {
                    "id": store.new_id("refund_shipping_line"),
                    "shipping_line": copied(line),
                    "subtotal_amount_set": bag(order, left),
                    "tax_amount_set": bag(order, pricing.line_tax(line)),
                }
            )
            line["current_discounted_price_set"] = bag(order, ZERO)


def cancel(
    store: Store, order_id: int, reason: str = "customer", *, refunded: bool = True
) -> Record:
    """Cancel an order; what was paid is refunded unless ``refunded`` is false."""
    order = store.orders[order_id]
    if reason not in CANCEL_REASONS:
        raise ValueError(f"no reason to cancel: {reason}")
    if order["cancelled_at"]:
        raise ValueError("the order is cancelled already")
    with store.action():
        if refunded and pricing.paid(order) - pricing.refunded(order) > 0:
            refund(store, order_id)
        elif order["financial_status"] in ("pending", "authorized"):
            order["transactions"].append(transaction(store, order, "void", ZERO))
        for line in order["line_items"]:
            line["fulfillable_quantity"] = 0
        pricing.settle(order)
        order_updated(store, order)
        order["cancel_reason"] = reason
        order["cancelled_at"] = order["closed_at"] = order["updated_at"]
        store.raises("orders/cancelled", Kind.ORDER, order)
    return order


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
