"""What the storefront page shows of a store: pure views of its records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.shopify.delivery import Delivery
from sandbox.shopify.model import Kind, Record
from sandbox.shopify.store import Store

SHOWN = 60
TABLES: Mapping[str, Kind] = {
    "orders": Kind.ORDER,
    "customers": Kind.CUSTOMER,
    "products": Kind.PRODUCT,
    "checkouts": Kind.CHECKOUT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """Does ``deed`` to the row's record; ``ask`` is what to type first, if anything."""

    deed: str
    label: str
    ask: str = ""
    suggestion: str = ""
    danger: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A record in the page's table."""

    id: int
    title: str
    detail: str
    amount: str
    badges: tuple[tuple[str, str], ...]
    buttons: tuple[Button, ...]
    record: Record


def _person(record: Mapping[str, Any] | None) -> str:
    if not record:
        return ""
    return " ".join(each for each in (record["first_name"], record["last_name"]) if each)


def called(record: Mapping[str, Any]) -> str:
    """What people call a record: an order by its name, a product by its title, a person by theirs.

    Empty if it has nothing of the kind.
    """
    named = record.get("name") or record.get("title")
    person = _person(record) if "first_name" in record else ""
    return str(named or person or record.get("email") or "")


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _pieces(lines: Iterable[Mapping[str, Any]]) -> str:
    return _counted(sum(each.get("current_quantity", each["quantity"]) for each in lines), "item")


_TONES = {
    "paid": "good",
    "fulfilled": "good",
    "completed": "good",
    "active": "good",
    "subscribed": "good",
    "cancelled": "bad",
    "refunded": "bad",
    "voided": "bad",
    "partially_refunded": "warn",
    "partial": "warn",
    "pending": "warn",
    "authorized": "warn",
    "abandoned": "warn",
    "draft": "warn",
}


def _badges(*words: str | None) -> tuple[tuple[str, str], ...]:
    return tuple((each.replace("_", " "), _TONES.get(each, "plain")) for each in words if each)


def _order(store: Store, order: Record) -> Row:
    customer = store.customers.get(order["customer_id"] or 0)
    who = _person(customer) or order["email"] or "no email"
    open_order = not order["cancelled_at"]
    left = any(each["fulfillable_quantity"] for each in order["line_items"])
    paid = order["financial_status"] in ("paid", "partially_refunded", "partially_paid")
    owed = order["financial_status"] in ("pending", "authorized", "partially_paid")
    possible = (
        (open_order, Button(deed="edit-order", label="Edit")),
        (open_order and owed, Button(deed="capture-order", label="Capture")),
        (open_order and left, Button(deed="fulfil-order", label="Fulfil")),
        (paid, Button(deed="refund-order", label="Refund")),
        (open_order, Button(deed="cancel-order", label="Cancel", danger=True)),
        (True, Button(deed="delete-order", label="Delete", danger=True)),
    )
    return Row(
        id=order["id"],
        title=order["name"],
        detail=f"{who} · {_pieces(order['line_items'])}",
        amount=f"{order['current_total_price']} {order['currency']}",
        badges=_badges(
            "cancelled" if order["cancelled_at"] else None,
            order["financial_status"],
            order["fulfillment_status"] or "unfulfilled",
        ),
        buttons=tuple(button for wanted, button in possible if wanted),
        record=order,
    )


def _customer(_store: Store, customer: Record) -> Row:
    consent = (customer["email_marketing_consent"] or {}).get("state")
    name, email = _person(customer), customer["email"] or ""
    deletable = not customer["orders_count"]
    possible = (
        (True, Button(deed="change-name", label="Rename", ask="Name", suggestion=name)),
        (True, Button(deed="change-email", label="Email", ask="Email", suggestion=email)),
        (bool(email), Button(deed="subscribe", label="Consent")),
        (True, Button(deed="tag", label="Tag", ask="Tag", suggestion="vip")),
        (deletable, Button(deed="delete-customer", label="Delete", danger=True)),
    )
    return Row(
        id=customer["id"],
        title=name or email or customer["phone"] or "nameless",
        detail=" · ".join(each for each in (email, customer["phone"]) if each),
        amount=f"{_counted(customer['orders_count'], 'order')} · {customer['total_spent']}",
        badges=_badges(consent, *customer["tags"].split(", ")),
        buttons=tuple(button for wanted, button in possible if wanted),
        record=customer,
    )


def _product(store: Store, product: Record) -> Row:
    variants = product["variants"]
    stock = sum(each["inventory_quantity"] for each in variants)
    count = f"{len(variants)} variants" if len(variants) > 1 else variants[0]["sku"] or "no SKU"
    price = variants[0]["price"]
    return Row(
        id=product["id"],
        title=product["title"],
        detail=f"{product['vendor']} · {count} · {stock} in stock",
        amount=f"{price} {store.currency}",
        badges=_badges(product["status"]),
        buttons=(
            Button(deed="reprice", label="Price", ask="Price", suggestion=price),
            Button(deed="delete-product", label="Delete", danger=True),
        ),
        record=product,
    )


def _checkout(store: Store, checkout: Record) -> Row:
    customer = store.customers.get(checkout["customer_id"] or 0)
    who = _person(customer) or checkout["email"] or checkout["phone"] or "no contact"
    done = bool(checkout["completed_at"])
    complete = () if done else (Button(deed="complete-checkout", label="Complete"),)
    return Row(
        id=checkout["id"],
        title=checkout["name"],
        detail=f"{who} · {_pieces(checkout['line_items'])}",
        amount=f"{checkout['total_price']} {checkout['currency']}",
        badges=_badges("completed" if done else "abandoned"),
        buttons=(*complete, Button(deed="delete-checkout", label="Delete", danger=True)),
        record=checkout,
    )


_ROWS: Mapping[Kind, Callable[[Store, Record], Row]] = {
    Kind.ORDER: _order,
    Kind.CUSTOMER: _customer,
    Kind.PRODUCT: _product,
    Kind.CHECKOUT: _checkout,
}


def rows(store: Store, table: str, query: str = "") -> list[Row]:
    """The newest records of a table whose row shows every word of ``query``."""
    kind = TABLES[table]
    newest = sorted(
        store.table(kind).values(), key=lambda each: (each["created_at"], each["id"]), reverse=True
    )
    words, found = query.lower().split(), []
    for record in newest:
        row = _ROWS[kind](store, record)
        shown = f"{row.id} {row.title} {row.detail} {row.badges}".lower()
        if all(word in shown for word in words):
            found.append(row)
        if len(found) == SHOWN:
            break
    return found


def counts(store: Store) -> dict[str, int]:
    """How many records each table has."""
    return {name: len(store.table(kind)) for name, kind in TABLES.items()}


def delivery_json(delivery: Delivery) -> dict[str, Any]:
    """A delivery as the page and ``/_sandbox/deliveries`` show it; never its body."""
    last = delivery.attempts[-1] if delivery.attempts else None
    message = delivery.message
    return {
        "shop": message.shop,
        "topic": message.topic,
        "record": message.record_id,
        "webhook_id": message.webhook_id,
        "triggered_at": message.triggered_at,
        "api_version": message.api_version,
        "outcome": delivery.outcome,
        "attempts": len(delivery.attempts),
        "status": last.status if last else None,
        "problem": last.problem if last else None,
        "milliseconds": round(last.seconds * 1000, 1) if last else None,
    }
