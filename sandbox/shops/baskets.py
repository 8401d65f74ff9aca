"""What people put into a basket, and who they are: draws from what a store has."""

from __future__ import annotations

import random
from typing import Any

from sandbox.shopify.model import Record
from sandbox.shopify.store import Store
from sandbox.shops.odds import happens
from sandbox.shops.stores import Plan


def lines(rng: random.Random, store: Store, count: int) -> list[dict[str, Any]]:
    """So many lines of the store's variants, as ``place_order`` takes them."""
    goods = list(store.products.values())
    # Squaring favours the first products: every shop has its best sellers.
    chosen = [goods[int(rng.random() ** 2 * len(goods))] for _ in range(count)]
    return [
        {"variant_id": rng.choice(each["variants"])["id"], "quantity": rng.choice((1, 1, 1, 2, 3))}
        for each in chosen
    ]


def basket(rng: random.Random, plan: Plan, store: Store) -> dict[str, Any]:
    """A basket without a buyer: one to five lines, shipping, now and then a discount or a note."""
    taken: dict[str, Any] = {
        "lines": lines(rng, store, rng.choice((1, 1, 1, 2, 2, 3, 5))),
        "shipping": rng.choice(plan.shipping),
        "tax_rate": plan.tax_rate,
        "landing_site": rng.choice(tuple(plan.landings)),
        "buyer_accepts_marketing": happens(rng, 0.4),
    }
    taken["referring_site"] = plan.landings[taken["landing_site"]]
    if happens(rng, 0.25):
        taken["discounts"] = [rng.choice(plan.codes)]
    if happens(rng, 0.1):
        taken["note"] = rng.choice(("Kiitos!", "Please leave it with the neighbours.", "Merci ☕"))
    if happens(rng, 0.15):
        taken["tags"] = rng.choice(("gift", "wholesale, priority", "newsletter"))
    if plan.presentment and happens(rng, 0.2):
        taken["presentment_currency"] = rng.choice(plan.presentment)
    return taken


def bought_by(rng: random.Random, plan: Plan, customer: Record) -> dict[str, Any]:
    """The part of a basket that a known customer brings."""
    name = {part: customer[part] or "" for part in ("first_name", "last_name")}
    address = customer["default_address"] or plan.crowd.address(rng, name)
    return {"customer_id": customer["id"], "shipping_address": address}


def bought_by_guest(rng: random.Random, plan: Plan, email: str | None) -> dict[str, Any]:
    """The part of a basket of somebody without an account; over the counter without an email."""
    if email is None:
        return {"guest": True, "shipping": None, "source_name": "pos"}
    address = plan.crowd.address(rng, plan.crowd.name(rng))
    return {"guest": True, "email": email, "shipping_address": address}
