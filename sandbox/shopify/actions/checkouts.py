"""What happens to checkouts before they are orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.shopify import pricing
from sandbox.shopify.actions.addresses import postal_address
from sandbox.shopify.actions.customers import find_customer
from sandbox.shopify.actions.lines import fill
from sandbox.shopify.actions.ordering import currency_of, place_order
from sandbox.shopify.model import Kind, Record, gid
from sandbox.shopify.store import Store

_EMPTY = (
    "gateway",
    "referring_site",
    "closed_at",
    "completed_at",
    "user_id",
    "location_id",
    "source_identifier",
    "source_url",
    "device_id",
    "customer_locale",
    "total_duties",
    "reservation_token",
    "sms_marketing_phone",
    "billing_address",
    "shipping_address",
    "landing_site",
    "source",
    "note",
)


def _blank(store: Store, basket: Mapping[str, Any]) -> Record:
    number, token = store.new_id("checkout"), store.new_token()
    at = basket.get("created_at") or store.now()
    url = f"https://{store.shop}/{number % 10**8}/checkouts/ac/{token}/recover"
    return {
        **dict.fromkeys(_EMPTY),
        "id": number,
        "admin_graphql_api_id": gid("AbandonedCheckout", number),
        "token": token,
        "cart_token": store.new_token(),
        "name": f"#{number}",
        "abandoned_checkout_url": f"{url}?key={store.new_token()}",
        "note": basket.get("note", ""),
        "note_attributes": list(basket.get("note_attributes", ())),
        "landing_site": basket.get("landing_site"),
        "referring_site": basket.get("referring_site"),
        "source_name": "web",
        "buyer_accepts_marketing": False,
        "buyer_accepts_sms_marketing": False,
        "taxes_included": store.taxes_included,
        "metafields": [],
        "refunds": [],
        "transactions": [],
        "created_at": at,
        "updated_at": at,
        **currency_of(store, basket),
    }


def _describe(store: Store, checkout: Record, basket: Mapping[str, Any]) -> None:
    known = basket.get("customer_id")
    if not known:
        found = find_customer(store, basket.get("email"), basket.get("phone"))
        known = found["id"] if found else None
    customer = store.customers.get(known or 0)
    address = basket.get("shipping_address")
    billing = basket.get("billing_address", address)
    checkout |= {
        "customer_id": known,
        "email": basket.get("email") or (customer["email"] if customer else None),
        "phone": basket.get("phone"),
        "shipping_address": postal_address(store, address) if address else None,
        "billing_address": postal_address(store, billing) if billing else None,
        "basket": dict(basket),
    }
    fill(store, checkout, basket)
    pricing.price(checkout)
    grams = sum(each["grams"] * each["quantity"] for each in checkout["line_items"])
    checkout["total_weight"] = grams
    for line in checkout["line_items"]:
        line["key"] = f"{line['id']:032x}"
        line["line_price"] = str(pricing.line_total(line))


def abandon_checkout(
    store: Store, lines: Sequence[Mapping[str, Any]] = (), **basket: Any
) -> Record:
    """Begin a checkout and leave it; ``lines`` and ``basket`` as in ``place_order``."""
    if not lines:
        raise ValueError("a checkout has at least one line")
    with store.action():
        checkout = _blank(store, basket)
        _describe(store, checkout, {**basket, "lines": [dict(each) for each in lines]})
        store.add(Kind.CHECKOUT, checkout)
        store.raises("checkouts/create", Kind.CHECKOUT, checkout)
    return checkout


def checkout_updated(store: Store, checkout: Record) -> None:
    """Move a checkout's ``updated_at`` and raise ``checkouts/update``."""
    store.touch(Kind.CHECKOUT, checkout)
    store.raises("checkouts/update", Kind.CHECKOUT, checkout)


def change_checkout(store: Store, checkout_id: int, **changes: Any) -> Record:
    """Go on with a checkout: whatever of its basket is given replaces what was there."""
    checkout = store.checkouts[checkout_id]
    if checkout["completed_at"]:
        raise ValueError("the checkout is completed")
    with store.action():
        _describe(store, checkout, {**checkout["basket"], **changes})
        checkout_updated(store, checkout)
    return checkout


def complete_checkout(store: Store, checkout_id: int, **more: Any) -> Record:
    """Buy what is in the checkout; ``more`` as in ``place_order``. Returns the order."""
    checkout = store.checkouts[checkout_id]
    if checkout["completed_at"]:
        raise ValueError("the checkout is completed already")
    with store.action():
        links = {
            "checkout_id": checkout_id,
            "checkout_token": checkout["token"],
            "cart_token": checkout["cart_token"],
        }
        basket = {**checkout["basket"], **more, **links}
        basket.pop("created_at", None)
        order = place_order(store, **basket)
        checkout["customer_id"] = order["customer_id"]
        store.touch(Kind.CHECKOUT, checkout)
        checkout["completed_at"] = checkout["updated_at"]
        store.raises("checkouts/update", Kind.CHECKOUT, checkout)
    return order


def delete_checkout(store: Store, checkout_id: int) -> Record:
    """Delete a checkout."""
    with store.action():
        checkout = store.remove(Kind.CHECKOUT, checkout_id)
        store.raises("checkouts/delete", Kind.CHECKOUT, checkout)
    return checkout
