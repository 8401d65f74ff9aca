"""Money is taken and given back."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from sandbox.shopify import pricing
from sandbox.shopify.actions.customers import updated
from sandbox.shopify.actions.order_state import derive_fulfillment, line_of, order_updated
from sandbox.shopify.actions.ordering import spend, transaction
from sandbox.shopify.actions.products import take_from_stock
from sandbox.shopify.model import Kind, Record, copied, gid
from sandbox.shopify.money import ZERO, bag, decimal, text
from sandbox.shopify.store import Store

CANCEL_REASONS = ("customer", "declined", "fraud", "inventory", "other", "staff")


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
