"""The past of the two stores: fifty days of customers, orders and what became of them.

It is made by the same actions that people take in the simulator, in the order of their times,
with the store's clock set to each.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

from sandbox.shopify import actions
from sandbox.shopify.model import Record
from sandbox.shopify.shopify import Shopify
from sandbox.shopify.store import Store
from sandbox.shops import baskets
from sandbox.shops.aftermath import aftermath
from sandbox.shops.goods import JACKET, product_for
from sandbox.shops.odds import happens
from sandbox.shops.people import NOTES, email_for
from sandbox.shops.stores import COPPER, NORDLYS, Plan

DAYS = 50
OLDER = (61, 75, 98, 120)
LONG_ORDER = 120
GUEST_SHARE, NAMELESS_SHARE = 0.06, 0.02

Person = Mapping[str, Any]
Deed = Callable[[], object]


class Past:
    """Deeds at their times, done in order: each may lead to later ones."""

    def __init__(self, store: Store, until: datetime) -> None:
        self.store = store
        self.until = until
        self._due: list[tuple[datetime, int, Deed]] = []
        self._order = count()

    def at(self, when: datetime, deed: Deed) -> None:
        """Do ``deed`` at ``when``; what would be later than now has not happened yet."""
        if when < self.until:
            heapq.heappush(self._due, (when, next(self._order), deed))

    def after(self, delay: timedelta, deed: Deed) -> None:
        """Do ``deed`` so long after what is being done."""
        self.at(self.store.now() + delay, deed)

    def live(self) -> None:
        """Do everything, with the store's clock at each deed's time."""
        clock = self.store.now
        try:
            while self._due:
                when, _, deed = heapq.heappop(self._due)
                self.store.now = partial(_stopped, when)
                deed()
        finally:
            self.store.now = clock


def _stopped(at: datetime) -> datetime:
    return at


def open_shops(
    shopify: Shopify, seed: int = 1, plans: Sequence[Plan] = (NORDLYS, COPPER)
) -> list[Store]:
    """Open the stores and give them their past, up to the simulator's now.

    The same seed and the same now give the same records. Several people shop in both stores.
    """
    rng = random.Random(f"{seed}/people")  # noqa: S311 - data, not secrets
    shared = [_person(rng, plans[0], number) for number in range(max(p.shared for p in plans))]
    return [_open(shopify, plan, seed, shared) for plan in plans]


def _open(shopify: Shopify, plan: Plan, seed: int, shared: Sequence[Person]) -> Store:
    store = shopify.open_store(plan.shop, **plan.settings)
    rng = random.Random(f"{seed}/{plan.shop}")  # noqa: S311 - data, not secrets
    past = Past(store, shopify.now())
    _stock(past, plan, rng)
    _meet(past, plan, rng, shared)
    past.live()
    _sell(past, plan, rng)
    _abandon(past, plan, rng)
    past.live()
    return store


def _some_time(past: Past, rng: random.Random, days: float = DAYS) -> datetime:
    return past.until - timedelta(seconds=rng.uniform(600, days * 86400))


def _stock(past: Past, plan: Plan, rng: random.Random) -> None:
    """Put the goods on the shelves, before anybody comes."""
    ranges = [*plan.ranges, *([JACKET] if plan is NORDLYS else [])]
    goods = [(title, each) for each in ranges for title in each.titles()]
    rng.shuffle(goods)
    for title, each in goods:
        given = product_for(rng, title, each)
        when = past.until - timedelta(days=200, minutes=-len(given["variants"]))
        past.at(when, partial(_display, past.store, rng, given))


def _display(store: Store, rng: random.Random, given: dict[str, Any]) -> None:
    product = actions.create_product(store, **given)
    if happens(rng, 0.2):
        care: dict[str, str | None] = {
            "namespace": "custom",
            "key": "care",
            "value": "Hand wash, 30 °C",
        }
        actions.set_metafield(store, "product", product["id"], care)


def _person(rng: random.Random, plan: Plan, number: int) -> Person:
    name = plan.crowd.name(rng)
    return {
        **name,
        "email": email_for(rng, name, number),
        "phone": plan.crowd.phone(rng) if happens(rng, 0.4) else None,
        "addresses": [plan.crowd.address(rng, name)] if happens(rng, 0.85) else [],
        "tags": rng.choice(("", "", "vip", "newsletter, member", "wholesale")),
        "note": rng.choice(NOTES) if happens(rng, 0.1) else None,
    }


def _meet(past: Past, plan: Plan, rng: random.Random, shared: Sequence[Person]) -> None:
    people: list[Person] = list(shared[: plan.shared])
    people += [_person(rng, plan, number) for number in range(100, 100 + plan.customers)]
    people = people[: plan.customers]
    for each in people[-plan.phone_only :]:
        phone = {**each, "email": None, "phone": plan.crowd.phone(rng)}
        people[people.index(each)] = phone
    for each in people:
        when = past.until - timedelta(days=rng.uniform(DAYS, DAYS + 90))
        past.at(when, partial(_greet, past, rng, each))


def _greet(past: Past, rng: random.Random, person: Person) -> None:
    customer = actions.create_customer(past.store, **person)
    consent = rng.choice((None, "subscribed", "subscribed", "unsubscribed", "pending"))
    if consent and customer["email"]:
        past.after(
            timedelta(days=rng.uniform(1, 60)),
            lambda: actions.change_consent(past.store, customer["id"], email=consent),
        )
    if customer["phone"] and happens(rng, 0.3):
        actions.change_consent(past.store, customer["id"], sms="subscribed")
    if happens(rng, 0.1):
        tier: dict[str, str | None] = {"namespace": "loyalty", "key": "tier", "value": "gold"}
        actions.set_metafield(past.store, "customer", customer["id"], tier)


def _sell(past: Past, plan: Plan, rng: random.Random) -> None:
    """Everything that is bought without having been left in a checkout first."""
    completed = plan.checkouts // 6
    times = [_some_time(past, rng) for _ in range(plan.orders - completed - len(OLDER))]
    times += [past.until - timedelta(days=days) for days in OLDER]
    buyers = list(past.store.customers.values())
    for number, when in enumerate(sorted(times)):
        given = baskets.basket(rng, plan, past.store)
        if plan is NORDLYS and number == len(times) // 2:
            given["lines"] = baskets.lines(rng, past.store, LONG_ORDER)
        given |= _buyer(rng, plan, buyers, number)
        given["payment"] = rng.choice(("paid",) * 14 + ("authorized", "pending"))
        past.at(when, partial(_order, past, rng, given))


def _buyer(rng: random.Random, plan: Plan, buyers: Sequence[Record], number: int) -> dict[str, Any]:
    chance = rng.random()
    if chance < NAMELESS_SHARE:
        return baskets.bought_by_guest(rng, plan, None)
    if chance < NAMELESS_SHARE + GUEST_SHARE:
        email = email_for(rng, plan.crowd.name(rng), 5000 + number)
        return baskets.bought_by_guest(rng, plan, email)
    return baskets.bought_by(rng, plan, rng.choice(buyers))


def _order(past: Past, rng: random.Random, given: Mapping[str, Any]) -> None:
    order = actions.place_order(past.store, **given)
    for delay, deed in aftermath(rng, past.store, order["id"]):
        past.after(delay, deed)


def _abandon(past: Past, plan: Plan, rng: random.Random) -> None:
    """Checkouts left; a sixth is completed later, and a few never said who they were."""
    buyers = list(past.store.customers.values())
    completed = plan.checkouts // 6
    for number in range(plan.checkouts):
        given = baskets.basket(rng, plan, past.store)
        nameless = number >= plan.checkouts - 3
        if not nameless:
            given |= baskets.bought_by(rng, plan, rng.choice(buyers))
        when = _some_time(past, rng, DAYS - 2) - timedelta(days=1)
        past.at(when, partial(_leave, past, rng, given, returns=number < completed))


def _leave(past: Past, rng: random.Random, given: Mapping[str, Any], *, returns: bool) -> None:
    checkout = actions.abandon_checkout(past.store, **given)
    if returns:
        past.after(
            timedelta(hours=rng.uniform(1, 20)),
            lambda: actions.complete_checkout(past.store, checkout["id"]),
        )
