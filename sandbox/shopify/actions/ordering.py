"""Orders come into being."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sandbox.shopify import pricing
from sandbox.shopify.actions.addresses import postal_address
from sandbox.shopify.actions.customers import find_customer, new_customer, updated
from sandbox.shopify.actions.lines import fill
from sandbox.shopify.actions.products import take_from_stock
from sandbox.shopify.model import Kind, Record, gid, joined_tags
from sandbox.shopify.money import text
from sandbox.shopify.store import Store

_EMPTY = (
    "app_id",
    "browser_ip",
    "cancel_reason",
    "cancelled_at",
    "cart_token",
    "checkout_id",
    "checkout_token",
    "client_details",
    "closed_at",
    "device_id",
    "landing_site_ref",
    "location_id",
    "merchant_of_record_app_id",
    "original_total_additional_fees_set",
    "original_total_duties_set",
    "current_total_additional_fees_set",
    "current_total_duties_set",
    "po_number",
    "reference",
    "referring_site",
    "source_identifier",
    "source_url",
    "user_id",
    "payment_terms",
    "billing_address",
    "shipping_address",
    "fulfillment_status",
)

# The same for every new order.
_AT_FIRST = {
    "confirmed": True,
    "customer_locale": "en",
    "tax_exempt": False,
    "estimated_taxes": False,
    "duties_included": False,
    "merchant_business_entity_id": "MTU0ODM4MDAwOQ",
    "total_tip_received": "0.00",
    "edited": False,
}
_LISTS = (
    "metafields",
    "fulfillments",
    "refunds",
    "returns",
    "transactions",
    "line_item_groups",
)


def buyer(store: Store, basket: Mapping[str, Any]) -> Record | None:
    """Who buys: ``customer_id``; else found or made by ``email`` or ``phone``.

    ``guest: true`` makes no customer: then the order has the email alone, or nothing.
    """
    if basket.get("customer_id"):
        return store.customers[basket["customer_id"]]
    email, phone = basket.get("email"), basket.get("phone")
    if basket.get("guest") or not (email or phone):
        return None
    known = find_customer(store, email, phone)
    if known:
        return known
    address = basket.get("shipping_address") or {}
    names = {name: address.get(name) for name in ("first_name", "last_name")}
    asked = {name: basket[name] for name in ("first_name", "last_name") if basket.get(name)}
    addresses = [address] if address else []
    given = {"email": email, "phone": phone, "addresses": addresses, **names, **asked}
    customer = new_customer(store, given)
    store.add(Kind.CUSTOMER, customer)
    store.raises("customers/create", Kind.CUSTOMER, customer)
    return customer


def currency_of(store: Store, basket: Mapping[str, Any]) -> dict[str, str]:
    """The currencies of a basket: ``presentment_currency``, at the store's rate."""
    shown = basket.get("presentment_currency", store.currency)
    rate = Decimal(1) if shown == store.currency else store.presentment_rates[shown]
    return {
        "currency": store.currency,
        "presentment_currency": shown,
        "presentment_rate": str(rate),
    }


def transaction(store: Store, order: Record, kind: str, amount: Decimal) -> Record:
    """A transaction of an order, successful at once."""
    number, now = store.new_id("transaction"), store.now()
    written = text(amount, order["currency"])
    return {
        "id": number,
        "admin_graphql_api_id": gid("OrderTransaction", number),
        "order_id": order["id"],
        "kind": kind,
        "gateway": "bogus",
        "status": "success",
        "message": "Bogus Gateway: Forced success",
        "created_at": now,
        "processed_at": now,
        "test": order["test"],
        "authorization": None,
        "location_id": None,
        "user_id": None,
        "parent_id": None,
        "device_id": None,
        "error_code": None,
        "source_name": "web",
        "receipt": {},
        "amount": written,
        "currency": order["currency"],
        "payment_id": f"{order['name']}.{len(order['transactions']) + 1}",
        "manual_payment_gateway": False,
        "amount_rounding": None,
    }


def _blank_order(store: Store, basket: Mapping[str, Any], at: datetime) -> Record:
    store.order_number += 1
    number, token = store.new_id("order"), store.new_token()
    return {
        **dict.fromkeys(_EMPTY),
        **_AT_FIRST,
        "id": number,
        "admin_graphql_api_id": gid("Order", number),
        "name": f"#{store.order_number}",
        "number": store.order_number - 1000,
        "order_number": store.order_number,
        "token": token,
        "order_status_url": f"https://{store.shop}/{number % 10**8}/orders/{token}/authenticate",
        "confirmation_number": store.new_token(9).upper(),
        "created_at": at,
        "updated_at": at,
        "processed_at": at,
        "test": basket.get("test", False),
        "buyer_accepts_marketing": basket.get("buyer_accepts_marketing", False),
        "note": basket.get("note"),
        "note_attributes": list(basket.get("note_attributes", ())),
        "tags": joined_tags(basket.get("tags", "")),
        "landing_site": basket.get("landing_site", "/"),
        "referring_site": basket.get("referring_site"),
        "source_name": basket.get("source_name", "web"),
        "payment_gateway_names": ["bogus"],
        "taxes_included": store.taxes_included,
        **{name: [] for name in _LISTS},
        **currency_of(store, basket),
    }


def _address(store: Store, given: Mapping[str, Any] | None) -> Record | None:
    return postal_address(store, given) if given else None


def place_order(store: Store, lines: Sequence[Mapping[str, Any]] = (), **basket: Any) -> Record:
    """Place an order.

    Args:
        store: Where.
        lines: ``{variant_id, quantity}`` or ``{title, price, quantity}``, one or more.
        **basket: ``customer_id | email | phone | guest``; ``shipping_address``,
            ``billing_address``, ``shipping {title, price}``, ``discounts [{code, percent |
            amount | target}]``, ``tax_rate``, ``presentment_currency``, ``tags``, ``note``,
            ``note_attributes``, ``payment`` (``paid``, ``authorized``, ``pending``), ``test``,
            ``created_at`` (for history), ``checkout_token``, ``cart_token``.
    """
    if not lines:
        raise ValueError("an order has at least one line")
    with store.action():
        customer = buyer(store, basket)
        order = _blank_order(store, basket, basket.get("created_at") or store.now())
        email = basket.get("email") or (customer["email"] if customer else None)
        order |= {
            "customer_id": customer["id"] if customer else None,
            "email": email,
            "contact_email": email,
            "phone": basket.get("phone"),
            "shipping_address": _address(store, basket.get("shipping_address")),
            "billing_address": _address(
                store, basket.get("billing_address", basket.get("shipping_address"))
            ),
            "checkout_token": basket.get("checkout_token"),
            "cart_token": basket.get("cart_token"),
            "checkout_id": basket.get("checkout_id"),
        }
        fill(store, order, {**basket, "lines": lines})
        order["total_weight"] = sum(
            each["grams"] * each["quantity"] for each in order["line_items"]
        )
        pricing.price(order)
        order["original_total_price"] = order["total_price"]
        order["original_total_price_set"] = order["total_price_set"]
        _take_payment(store, order, basket.get("payment", "paid"))
        _announce(store, order, customer)
    return order


def _take_payment(store: Store, order: Record, payment: str) -> None:
    kinds = {"paid": "sale", "authorized": "authorization", "pending": None}
    kind = kinds[payment]
    if kind:
        amount = Decimal(order["total_price"])
        order["transactions"].append(transaction(store, order, kind, amount))
    pricing.settle(order)


def _announce(store: Store, order: Record, customer: Record | None) -> None:
    store.add(Kind.ORDER, order)
    if customer:
        customer["orders_count"] += 1
        customer["last_order_id"], customer["last_order_name"] = order["id"], order["name"]
        spend(customer, pricing.paid(order))
        updated(store, customer)
        store.raises("customers/purchasing_summary", Kind.CUSTOMER, customer)
    store.raises("orders/create", Kind.ORDER, order)
    store.raises("orders/updated", Kind.ORDER, order)
    for each in order["transactions"]:
        store.raises("order_transactions/create", Kind.TRANSACTION, each)
    if order["financial_status"] == "paid":
        store.raises("orders/paid", Kind.ORDER, order)
    take_from_stock(store, order["line_items"])


def spend(customer: Record, amount: Decimal) -> None:
    """Add to what a customer has spent."""
    customer["total_spent"] = f"{Decimal(customer['total_spent']) + amount:.2f}"
