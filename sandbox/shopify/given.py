"""Short factories for tests: what a store holds before the story begins.

>>> store = given.store()
>>> given.order(store, lines=2, customer=given.customer(store, email="ana@example.com"))
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.shopify import actions
from sandbox.shopify.model import Record
from sandbox.shopify.shopify import Shopify
from sandbox.shopify.store import Store

_FIRST = ("Ana", "Zoë", "Jürgen", "Chloé", "Søren", "María", "Bob", "Aiko", "José", "Łukasz")
_LAST = ("Müller", "O'Connor", "García", "Smith", "Dvořák", "Nuñez", "Tanaka", "Lefèvre")
_GOODS = ("Shirt", "Mug", "Lamp", "Notebook", "Scarf", "Kettle", "Backpack", "Poster")
_CITIES = (("Ottawa", "K1A 0B1"), ("Málaga", "29001"), ("Köln", "50667"), ("Austin", "73301"))


def store(shop: str = "acme.myshopify.com", **settings: Any) -> Store:
    """A store in a simulator of its own."""
    return Shopify().open_store(shop, **settings)


def address(store: Store, **given: Any) -> dict[str, Any]:
    """A postal address."""
    city, code = store.rng.choice(_CITIES)
    return {
        "first_name": store.rng.choice(_FIRST),
        "last_name": store.rng.choice(_LAST),
        "address1": f"{store.rng.randrange(1, 200)} Main Street",
        "city": city,
        "zip": code,
        "country_code": store.country_code,
        **given,
    }


def customer(store: Store, **given: Any) -> Record:
    """A customer with a name, and an email unless one (or None) is given."""
    first, last = store.rng.choice(_FIRST), store.rng.choice(_LAST)
    email = f"person-{store.new_id('email') % 10**9}@example.com"
    named = {"first_name": first, "last_name": last, "email": email}
    return actions.create_customer(store, **{**named, **given})


def product(store: Store, variants: int | Sequence[Mapping[str, Any]] = 1, **given: Any) -> Record:
    """A product with so many variants, or with those described."""
    title = given.pop("title", store.rng.choice(_GOODS))
    if isinstance(variants, int):
        number = store.new_id("sku") % 10**6
        variants = [
            {
                "price": f"{store.rng.randrange(300, 20000) / 100:.2f}",
                "sku": f"{title[:3].upper()}-{number}-{each}",
                "option1": f"Size {each}" if variants > 1 else None,
                "cost": "2.50",
            }
            for each in range(1, variants + 1)
        ]
    options = given.pop("options", ("Size",) if len(variants) > 1 else ("Title",))
    return actions.create_product(store, title, variants, options, **given)


def lines(store: Store, count: int = 1) -> list[dict[str, Any]]:
    """So many lines of variants the store has, as ``place_order`` takes them."""
    while not store.products:
        product(store, variants=3)
    goods = list(store.products.values())
    chosen = (store.rng.choice(store.rng.choice(goods)["variants"]) for _ in range(count))
    return [{"variant_id": each["id"], "quantity": store.rng.randrange(1, 4)} for each in chosen]


def order(
    store: Store,
    lines: int | Sequence[Mapping[str, Any]] = 1,
    customer: Record | None = None,
    **basket: Any,
) -> Record:
    """An order of ``customer``, else of a new person with an email unless the basket says who."""
    return actions.place_order(store, **_basket(store, lines, customer, basket))


def checkout(
    store: Store,
    lines: int | Sequence[Mapping[str, Any]] = 1,
    customer: Record | None = None,
    **basket: Any,
) -> Record:
    """An abandoned checkout; arguments as of ``order``."""
    return actions.abandon_checkout(store, **_basket(store, lines, customer, basket))


def _basket(
    store: Store,
    count: int | Sequence[Mapping[str, Any]],
    known: Record | None,
    basket: Mapping[str, Any],
) -> dict[str, Any]:
    chosen = lines(store, count) if isinstance(count, int) else count
    whole: dict[str, Any] = {"lines": chosen, "shipping_address": address(store), **basket}
    if known:
        whole["customer_id"] = known["id"]
    elif not {"email", "phone", "customer_id", "guest"} & set(basket):
        whole["email"] = f"buyer-{store.new_id('email') % 10**9}@example.com"
    return whole
