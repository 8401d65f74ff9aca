"""What goes on in the stores: one plausible change at a time."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sandbox.shopify import actions
from sandbox.shopify.model import Record
from sandbox.shopify.shopify import Shopify
from sandbox.shopify.store import Store
from sandbox.shops import aftermath, baskets
from sandbox.shops.odds import happens
from sandbox.shops.people import email_for
from sandbox.shops.stores import COPPER, NORDLYS, Plan

PLANS: Mapping[str, Plan] = {each.shop: each for each in (NORDLYS, COPPER)}
RECENT = 60
TRIES = 1000

Deed = Callable[[random.Random, Plan, Store], Record | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """What ``trickle`` did: the store, the name of the deed, and the id of the changed record."""

    shop: str
    deed: str
    id: int


def trickle(
    shopify: Shopify, rng: random.Random, deeds: Mapping[str, int] | None = None
) -> Happening:
    """Let one thing happen in one of the stores, and say what.

    Args:
        shopify: Other stores than the seeded two are served as the coffee shop is.
        rng: Decides everything.
        deeds: Weights by name, ``WEIGHTS`` unless given; 0 or no entry for never.

    Raises:
        LookupError: None of the deeds can be done, however often one tries.
    """
    weights = WEIGHTS if deeds is None else deeds
    names = [name for name, weight in weights.items() if weight]
    for _ in range(TRIES):
        store = rng.choice(list(shopify.stores.values()))
        name = rng.choices(names, [weights[each] for each in names])[0]
        plan = PLANS.get(store.shop, COPPER)
        if (record := DEEDS[name](rng, plan, store)) is not None:
            return Happening(shop=store.shop, deed=name, id=record["id"])
    raise LookupError(f"none of {names} can be done in these stores")


def _recent(rng: random.Random, table: Mapping[int, Record]) -> Record | None:
    return rng.choice(list(table.values())[-RECENT:]) if table else None


def _any(rng: random.Random, table: Mapping[int, Record]) -> Record | None:
    return rng.choice(list(table.values())) if table else None


def _place(rng: random.Random, plan: Plan, store: Store) -> Record | None:
    """Buy: somebody known, somebody new, a guest, or a stranger at the counter."""
    if not store.products:
        return None
    name = plan.crowd.name(rng)
    email = email_for(rng, name, rng.randrange(10**5, 10**7))
    customer = _any(rng, store.customers)
    kind = rng.choice(("known", "known", "known", "new", "guest", "counter"))
    if kind == "known" and customer:
        buyer = baskets.bought_by(rng, plan, customer)
    elif kind == "new":
        buyer = {**name, "email": email, "shipping_address": plan.crowd.address(rng, name)}
    else:
        buyer = baskets.bought_by_guest(rng, plan, None if kind == "counter" else email)
    return actions.place_order(store, **{**baskets.basket(rng, plan, store), **buyer})


def _edit(rng: random.Random, _: Plan, store: Store) -> Record | None:
    order = _recent(rng, store.orders)
    return aftermath.edit(rng, store, order) if order else None


def _ship(rng: random.Random, _: Plan, store: Store) -> Record | None:
    order = _recent(rng, store.orders)
    return aftermath.ship(rng, store, order) if order else None


def _deliver(rng: random.Random, _: Plan, store: Store) -> Record | None:
    order = _recent(rng, store.orders)
    return aftermath.deliver(store, order) if order else None


def _give_back(rng: random.Random, _: Plan, store: Store) -> Record | None:
    order = _recent(rng, store.orders)
    return aftermath.give_back(rng, store, order) if order else None


def _pay(rng: random.Random, _: Plan, store: Store) -> Record | None:
    unpaid = [
        each
        for each in store.orders.values()
        if each["financial_status"] in ("authorized", "pending") and not each["cancelled_at"]
    ]
    return actions.capture(store, rng.choice(unpaid)["id"]) if unpaid else None


def _cancel(rng: random.Random, _: Plan, store: Store) -> Record | None:
    order = _recent(rng, store.orders)
    if not order or order["cancelled_at"] or order["fulfillments"]:
        return None
    return actions.cancel(store, order["id"], rng.choice(("customer", "fraud", "inventory")))


def _delete(rng: random.Random, _: Plan, store: Store) -> Record | None:
    order = _recent(rng, store.orders)
    return actions.delete_order(store, order["id"]) if order else None


def _note(rng: random.Random, _: Plan, store: Store) -> Record | None:
    order = _recent(rng, store.orders)
    note = f"Call before delivery, {rng.randrange(8, 18)}:00"
    return actions.change_order(store, order["id"], note=note, tags="called") if order else None


def _meet(rng: random.Random, plan: Plan, store: Store) -> Record | None:
    name = plan.crowd.name(rng)
    email = email_for(rng, name, rng.randrange(10**7, 10**9))
    return actions.create_customer(store, **name, email=email)


def _customer(rng: random.Random, plan: Plan, store: Store) -> Record | None:
    customer = _any(rng, store.customers)
    if not customer:
        return None
    name = plan.crowd.name(rng)
    changes = rng.choice(
        (
            {"last_name": name["last_name"]},
            {"note": f"Met at the fair in {rng.randrange(2015, 2026)}"},
            {"addresses": [plan.crowd.address(rng, name)]},
        )
    )
    return actions.change_customer(store, customer["id"], **changes)


def _email(rng: random.Random, plan: Plan, store: Store) -> Record | None:
    customer = _any(rng, store.customers)
    if not customer or not customer["email"]:
        return None
    email = email_for(rng, plan.crowd.name(rng), rng.randrange(10**9, 10**10))
    return actions.change_customer(store, customer["id"], email=email)


def _tags(rng: random.Random, _: Plan, store: Store) -> Record | None:
    customer = _any(rng, store.customers)
    return actions.change_tags(store, customer["id"], add=("loyal",)) if customer else None


def _consent(rng: random.Random, _: Plan, store: Store) -> Record | None:
    customer = _any(rng, store.customers)
    if not customer or not customer["email"]:
        return None
    state = rng.choice(("subscribed", "unsubscribed"))
    return actions.change_consent(store, customer["id"], email=state)


def _forget(rng: random.Random, _: Plan, store: Store) -> Record | None:
    idle = [each for each in store.customers.values() if not each["orders_count"]]
    return actions.delete_customer(store, rng.choice(idle)["id"]) if idle else None


def _product(rng: random.Random, _: Plan, store: Store) -> Record | None:
    product = _any(rng, store.products)
    if not product:
        return None
    if happens(rng, 0.5):
        title = f"{product['title'].split(' (')[0]} ({rng.randrange(2020, 2030)})"
        return actions.change_product(store, product["id"], title=title)
    variant = rng.choice(product["variants"])
    price = f"{rng.randrange(500, 90000) / 100:.2f}"
    return actions.change_variant(store, variant["id"], price=price)


def _variant(rng: random.Random, _: Plan, store: Store) -> Record | None:
    product = _any(rng, store.products)
    if not product or len(product["options"]) != 1 or len(product["variants"]) == 1:
        return None
    size = f"Size {rng.randrange(10**6)}"
    return actions.add_variant(store, product["id"], option1=size, price="79.90")


def _discontinue(rng: random.Random, _: Plan, store: Store) -> Record | None:
    if len(store.products) < 10:  # noqa: PLR2004 - a shop goes on selling something
        return None
    product = rng.choice(list(store.products.values()))
    if happens(rng, 0.5) and len(product["variants"]) > 1:
        return actions.delete_variant(store, rng.choice(product["variants"])["id"])
    return actions.delete_product(store, product["id"])


def _abandon(rng: random.Random, plan: Plan, store: Store) -> Record | None:
    customer = _any(rng, store.customers)
    if not customer or not store.products:
        return None
    taken = baskets.basket(rng, plan, store) | baskets.bought_by(rng, plan, customer)
    return actions.abandon_checkout(store, **taken)


def _complete(rng: random.Random, _: Plan, store: Store) -> Record | None:
    open_ones = [
        each
        for each in store.checkouts.values()
        if not each["completed_at"] and is_sellable(store, each)
    ]
    return actions.complete_checkout(store, rng.choice(open_ones)["id"]) if open_ones else None


def is_sellable(store: Store, checkout: Record) -> bool:
    """Whether its customer and all its goods are still there."""
    goods = {each["id"] for product in store.products.values() for each in product["variants"]}
    gone = checkout["customer_id"] not in store.customers
    return not gone and all(each["variant_id"] in goods for each in checkout["line_items"])


DEEDS: Mapping[str, Deed] = {
    "order placed": _place,
    "order edited": _edit,
    "order shipped": _ship,
    "order delivered": _deliver,
    "order refunded": _give_back,
    "order paid": _pay,
    "order cancelled": _cancel,
    "order deleted": _delete,
    "order noted": _note,
    "customer met": _meet,
    "customer changed": _customer,
    "customer's email changed": _email,
    "customer tagged": _tags,
    "consent changed": _consent,
    "customer deleted": _forget,
    "product changed": _product,
    "variant added": _variant,
    "product discontinued": _discontinue,
    "checkout abandoned": _abandon,
    "checkout completed": _complete,
}
WEIGHTS: Mapping[str, int] = {
    "order placed": 30,
    "order edited": 5,
    "order shipped": 12,
    "order delivered": 8,
    "order refunded": 4,
    "order paid": 4,
    "order cancelled": 2,
    "order deleted": 1,
    "order noted": 3,
    "customer met": 4,
    "customer changed": 6,
    "customer's email changed": 1,
    "customer tagged": 3,
    "consent changed": 3,
    "customer deleted": 1,
    "product changed": 5,
    "variant added": 1,
    "product discontinued": 1,
    "checkout abandoned": 6,
    "checkout completed": 4,
}
