"""A store in which everything happens at least once, and the changes it raises."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sandbox.shopify import actions, given
from sandbox.shopify.compliance import TOPICS, compliance_change
from sandbox.shopify.model import Change, Kind
from sandbox.shopify.shopify import Shopify
from sandbox.shopify.store import Store

STARTED = datetime(2026, 11, 23, 15, 0, 0, 250_000, tzinfo=UTC)
SHOP_OFFSET = timedelta(hours=-5)
Listener = Callable[[Store, Change], None]
ADDRESS = {
    "first_name": "Zoë",
    "last_name": "O'Connor",
    "company": "Acme",
    "address1": "151 O'Connor Street",
    "city": "Ottawa",
    "province": "Ontario",
    "province_code": "ON",
    "zip": "K2P 2L8",
    "country_code": "CA",
    "phone": "+16135550123",
}


class Clock:
    """Moves on by a second and a bit each time it is read."""

    def __init__(self) -> None:
        self.at = STARTED

    def __call__(self) -> datetime:
        self.at += timedelta(seconds=1, microseconds=1700)
        return self.at


def opened(listener: Listener) -> Store:
    """A store that tells its changes."""
    shopify = Shopify(now=Clock(), seed=3)
    store = shopify.open_store(
        "acme.myshopify.com",
        name="Acme",
        utc_offset=SHOP_OFFSET,
        timezone="America/New_York",
        presentment_currencies=("EUR",),
        presentment_rates={"EUR": Decimal("0.9")},
        tag_edits_bump=True,
    )
    store.listeners.append(lambda change: listener(store, change))
    return store


def _people(store: Store) -> dict[str, Any]:
    ana = actions.create_customer(
        store,
        email="zoe@example.com",
        phone="+16135550199",
        first_name="Zoë",
        last_name="O'Connor",
        note="likes ice cream",
        tags=["vip"],
        addresses=[ADDRESS],
    )
    other = given.customer(store, addresses=[ADDRESS], note="twin")
    actions.change_customer(store, ana["id"], state="enabled")
    actions.change_customer(store, ana["id"], state="disabled")
    actions.change_tags(store, ana["id"], add=["press"], remove=["vip"])
    actions.change_consent(store, ana["id"], email="subscribed", sms="subscribed")
    actions.merge_customers(store, ana["id"], other["id"])
    return ana


def _goods(store: Store) -> dict[str, Any]:
    product = given.product(store, variants=3, images=["https://cdn.example/a.jpg"], title="Mug")
    actions.change_product(store, product["id"], tags=["new", "blue"])
    actions.change_variant(store, product["variants"][1]["id"], price="12.50")
    gone = given.product(store, images=["https://cdn.example/b.jpg"])
    actions.delete_product(store, gone["id"])
    return product


def _lines(product: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"variant_id": each["id"], "quantity": 2} for each in product["variants"]]


def ordinary(listener: Listener) -> None:
    """A customer with everything known, who orders, changes their mind and gets money back."""
    store = opened(listener)
    ana, product = _people(store), _goods(store)
    basket: dict[str, Any] = {
        "lines": _lines(product),
        "shipping": {"title": "Express", "price": "9.00"},
        "discounts": [{"code": "TEN", "percent": "10"}],
        "tax_rate": "0.07",
        "customer_id": ana["id"],
        "email": ana["email"],
        "shipping_address": ADDRESS,
    }
    checkout = actions.abandon_checkout(store, **basket)
    actions.change_checkout(store, checkout["id"], lines=_lines(product)[:2])
    order = actions.complete_checkout(store, checkout["id"])
    first, second = (each["id"] for each in order["line_items"])
    actions.edit_order(store, order["id"], add=_lines(product)[2:], set_quantities={second: 1})
    tracking = [{"number": "1Z827", "url": "https://carrier.example/1Z827", "company": "UPS"}]
    actions.fulfil(store, order["id"], quantities={first: 1}, tracking=tracking)
    actions.track(store, order["id"], order["fulfillments"][0]["id"], "delivered")
    actions.refund(store, order["id"], quantities={first: 1})
    actions.fulfil(store, order["id"], tracking=tracking)
    dropped = actions.place_order(store, **basket)
    actions.cancel(store, dropped["id"])
    actions.delete_order(store, dropped["id"])
    forgotten = actions.abandon_checkout(store, **basket)
    actions.delete_checkout(store, forgotten["id"])
    actions.delete_customer(store, given.customer(store, addresses=[ADDRESS], note="")["id"])
    actions.change_shop(store, name="Acme & Co")
    actions.change_scopes(store, ["read_orders"])
    for topic in TOPICS:
        listener(store, compliance_change(store, topic, ana))
    listener(store, _bulk_operation(store))
    actions.uninstall(store)


def awkward(listener: Listener) -> None:
    """Guests, people without an email, custom items, a big product, two currencies."""
    store = opened(listener)
    product = given.product(store, variants=150)
    given.order(store, lines=1, email="guest@example.com")
    given.order(store, lines=1, guest=True)
    given.order(store, lines=1, phone="+34600000000", shipping_address=None)
    given.order(store, lines=[{"title": "Engraving", "price": "5.00", "quantity": 1}])
    given.checkout(store, lines=1, email=None, phone="+34600000001", shipping_address=None)
    given.checkout(store, lines=1, presentment_currency="EUR")
    actions.create_customer(store, phone="+34600000002")
    actions.change_variant(store, product["variants"][120]["id"], price="1.00")


def _bulk_operation(store: Store) -> Change:
    record = {
        "admin_graphql_api_id": "gid://shopify/BulkOperation/147595010",
        "created_at": store.now(),
        "completed_at": store.now(),
        "status": "completed",
    }
    return Change(
        shop=store.shop,
        topic="bulk_operations/finish",
        kind=Kind.APP,
        record=record,
        at=store.now(),
        event_id="b5a4a1b0-0000-4000-8000-000000000000",
    )
