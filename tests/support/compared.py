"""Two stores, a HubSpot as it must be, and what the judge says of both."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from sandbox.expected.comparison import compare
from sandbox.expected.rules import Shops
from sandbox.expected.verdict import Difference, Problem, Settings
from sandbox.shopify import actions, given
from sandbox.shopify.model import written
from sandbox.shopify.shopify import Shopify
from sandbox.shopify.store import Store
from tests.support.ideal_hubspot import IdealHubSpot

SHOP, OTHER = "acme.myshopify.com", "blue.myshopify.com"


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 24, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def advance(self, **by: float) -> None:
        self.time += timedelta(**by)


class World:
    """Two small stores in which a bit of everything has happened."""

    def __init__(self) -> None:
        self.clock = Clock()
        shopify = Shopify(now=self.clock)
        self.acme = shopify.open_store(SHOP, currency="EUR")
        self.blue = shopify.open_store(OTHER, currency="USD")
        for store in (self.acme, self.blue):
            self.ana = given.customer(store, email="Ana@Example.com", first_name=store.shop)
            given.order(store, lines=2, customer=self.ana, discounts=[{"code": "A", "percent": 10}])
            self.clock.advance(minutes=1)
        given.customer(self.acme, email=None, phone="+491")
        given.order(self.acme, guest=True, email="guest@example.com")
        given.order(self.acme, guest=True)
        checkout = given.checkout(self.acme, lines=2, customer=next(iter(self.customers(SHOP))))
        actions.complete_checkout(self.acme, checkout["id"])
        given.checkout(self.acme, customer=next(iter(self.customers(SHOP))))
        self.clock.advance(hours=1)
        given.checkout(self.blue, customer=self.ana)

    def customers(self, shop: str) -> list[dict[str, Any]]:
        store = self.acme if shop == SHOP else self.blue
        return list(store.customers.values())

    def shops(self) -> Shops:
        return {each.shop: dump_of(each) for each in (self.acme, self.blue)}

    def settings(self, **others: Any) -> Settings:
        return Settings(now=self.clock(), **others)

    def ideal(self, **settings: Any) -> IdealHubSpot:
        """HubSpot as it must be by now."""
        return IdealHubSpot(self.shops(), self.settings(**settings))


def dump_of(store: Store) -> dict[str, Any]:
    """Everything in a store, as the simulator gives it out."""
    dump: dict[str, Any] = orjson.loads(written(store.records()))
    return dump


def differences(world: World, ideal: IdealHubSpot, **settings: Any) -> list[Difference]:
    """What the judge finds."""
    return list(compare(world.shops(), ideal.dump, world.settings(**settings)).differences)


def found(world: World, ideal: IdealHubSpot) -> list[tuple[Problem, str, str]]:
    """What it finds: which problem, of what, in which property."""
    return [(each.problem, each.kind, each.property) for each in differences(world, ideal)]
