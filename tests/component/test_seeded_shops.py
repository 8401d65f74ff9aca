"""The seeded stores have everything a real one has, the same each time, and go on living."""

from __future__ import annotations

import random
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from sandbox.expected.comparison import compare
from sandbox.expected.verdict import Settings
from sandbox.shopify.model import written
from sandbox.shopify.shopify import Shopify
from sandbox.shops.past import open_shops
from sandbox.shops.trickle import DEEDS, WEIGHTS, trickle
from tests.support.ideal_hubspot import IdealHubSpot

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def opened(seed: int = 1) -> Shopify:
    shopify = Shopify(now=lambda: NOW, seed=seed)
    open_shops(shopify, seed)
    return shopify


def dump_of(shopify: Shopify) -> dict[str, Any]:
    stores = shopify.stores.values()
    return {each.shop: orjson.loads(written(each.records())) for each in stores}


@pytest.fixture(scope="module")
def shops() -> dict[str, Any]:
    return dump_of(opened())


def every(shops: dict[str, Any], kind: str) -> list[Any]:
    return [each for dump in shops.values() for each in dump[kind]]


def test_there_is_as_much_in_them_as_the_demo_promises(shops: dict[str, Any]) -> None:
    assert 295 <= len(every(shops, "customers")) <= 305
    assert 115 <= len(every(shops, "products")) <= 125
    assert 795 <= len(every(shops, "orders")) <= 805
    assert len(every(shops, "checkouts")) == 60


def test_the_awkward_cases_are_there(shops: dict[str, Any]) -> None:
    first, second = (
        {each["email"] for each in dump["customers"] if each["email"]} for dump in shops.values()
    )
    customers, orders = every(shops, "customers"), every(shops, "orders")
    checkouts, products = every(shops, "checkouts"), every(shops, "products")

    assert len(first & second) >= 10
    assert any(each["phone"] and not each["email"] for each in customers)
    assert any(not each["first_name"].isascii() for each in customers)
    assert any(each["email"] != each["email"].lower() for each in customers if each["email"])
    assert any(each["metafields"] for each in customers)
    assert max(len(each["line_items"]) for each in orders) == 120
    assert max(len(each["variants"]) for each in products) == 150
    assert any(each["customer"] is None and each["email"] for each in orders)
    assert any(each["customer"] is None and not each["email"] for each in orders)
    assert any(each["presentment_currency"] != each["currency"] for each in orders)
    assert {each["currency"] for each in orders} == {"EUR", "USD"}
    assert any(each["discount_codes"] for each in orders)
    assert any(each["cancelled_at"] for each in orders)
    assert any(each["shipping_lines"] and each["tax_lines"] for each in orders)
    assert {"paid", "pending", "authorized", "partially_refunded", "refunded"} <= {
        each["financial_status"] for each in orders
    }
    assert {None, "partial", "fulfilled"} == {each["fulfillment_status"] for each in orders}
    shipments = [each for order in orders for each in order["fulfillments"]]
    assert {"delivered", None} <= {each["shipment_status"] for each in shipments}
    assert any(line["current_quantity"] == 0 for each in orders for line in each["line_items"])
    assert Counter(bool(each["completed_at"]) for each in checkouts)[True] >= 8
    assert any(not each["email"] and not each["customer"] for each in checkouts)


def test_their_past_is_of_fifty_days_and_a_few_older(shops: dict[str, Any]) -> None:
    placed = [datetime.fromisoformat(each["created_at"]) for each in every(shops, "orders")]
    older = [each for each in placed if each < NOW - timedelta(days=60)]

    assert max(placed) < NOW
    assert 4 <= len(older) <= 10
    assert max(datetime.fromisoformat(each["updated_at"]) for each in every(shops, "orders")) < NOW


def test_one_seed_gives_one_past_and_another_seed_another(shops: dict[str, Any]) -> None:
    assert dump_of(opened()) == shops
    assert dump_of(opened(seed=2)) != shops


def test_they_are_open_within_seconds() -> None:
    began = time.perf_counter()

    opened()

    assert time.perf_counter() - began < 20


def test_everything_that_can_happen_happens_and_is_said() -> None:
    shopify = opened()
    rng = random.Random(7)
    heard: list[str] = []
    for store in shopify.stores.values():
        store.listeners.append(lambda change: heard.append(change.topic))

    deeds = {trickle(shopify, rng, dict.fromkeys(WEIGHTS, 1)).deed for _ in range(1000)}

    assert deeds == set(DEEDS) == set(WEIGHTS)
    assert {"orders/create", "orders/delete", "checkouts/update", "products/delete"} <= set(heard)


def test_what_happens_follows_from_the_seed() -> None:
    def story() -> list[object]:
        shopify, rng = opened(), random.Random(3)
        return [trickle(shopify, rng) for _ in range(100)]

    assert story() == story()


def test_in_empty_stores_people_can_only_appear() -> None:
    shopify = Shopify(now=lambda: NOW)
    shopify.open_store("new.myshopify.com")

    assert trickle(shopify, random.Random(1)).deed == "customer met"
    with pytest.raises(LookupError):
        trickle(shopify, random.Random(1), {"order shipped": 1})


def test_after_a_thousand_changes_the_tables_can_still_tell_what_must_be_shown() -> None:
    shopify, rng = opened(), random.Random(5)
    for _ in range(1000):
        trickle(shopify, rng)
    settings = Settings(now=NOW + timedelta(hours=1))
    ideal = IdealHubSpot(dump_of(shopify), settings)

    verdict = compare(dump_of(shopify), ideal.dump, settings)

    assert verdict.differences == []
    assert verdict.counts["orders"] > 800
