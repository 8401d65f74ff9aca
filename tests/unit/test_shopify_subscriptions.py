"""Webhook subscriptions and scopes, as a shop tells them."""

from __future__ import annotations

import pytest

from services.shared.contract.errors import (
    OursToFixError,
    OutcomeUnknownError,
)
from services.shared.shopify.shops import shop
from services.shared.shopify.subscriptions import (
    WANTED_TOPICS,
    Subscription,
    WantedTopic,
    missing,
    permitted,
    subscribe,
    subscriptions,
)
from tests.support.shopify_replies import SHOP, Store, body_of, said
from tests.support.virtual_time import in_virtual_time

URI = "https://sync.example/webhooks/shopify"


def test_topics_without_their_scope_are_named_and_a_write_scope_implies_reading() -> None:
    allowed, without = permitted(WANTED_TOPICS, frozenset({"write_orders", "read_products"}))

    assert {"ORDERS_UPDATED", "CHECKOUTS_UPDATE", "PRODUCTS_DELETE", "APP_UNINSTALLED"} <= {
        topic.name for topic in allowed
    }
    assert {topic.name for topic in without} == {
        topic.name for topic in WANTED_TOPICS if topic.name.startswith("CUSTOMER")
    }


def test_only_a_whole_subscription_to_our_address_counts() -> None:
    wanted = [WantedTopic(name) for name in ("A", "B", "C", "D")]
    there = [
        Subscription(id="1", topic="A", uri=URI, is_whole=True),
        Subscription(id="2", topic="B", uri="https://other.example", is_whole=True),
        Subscription(id="3", topic="C", uri=URI, is_whole=False),
    ]

    assert [topic.name for topic in missing(wanted, there, URI)] == ["B", "C", "D"]


def test_subscriptions_are_listed_and_made() -> None:
    node = {"id": "1", "topic": "ORDERS_CREATE", "uri": URI, "format": "JSON", "filter": ""}
    listed = {"nodes": [node], "pageInfo": {"hasNextPage": False, "endCursor": "x"}}
    made = {"webhookSubscription": {"id": "2"}, "userErrors": []}
    store = Store(
        said(body_of({"webhookSubscriptions": listed})),
        said(body_of({"webhookSubscriptionCreate": made})),
        said(body_of({"webhookSubscriptionCreate": {"userErrors": [{"field": ["uri"]}]}})),
    )

    async def main() -> None:
        admin = store.admin()
        assert await subscriptions(admin) == [
            Subscription(id="1", topic="ORDERS_CREATE", uri=URI, is_whole=True)
        ]
        await subscribe(admin, WantedTopic("SHOP_UPDATE"), URI)
        with pytest.raises(OursToFixError, match="subscription_refused: SHOP_UPDATE"):
            await subscribe(admin, WantedTopic("SHOP_UPDATE"), URI)

    in_virtual_time(main())

    asked = store.variables[1]
    assert asked == {"topic": "SHOP_UPDATE", "subscription": {"uri": URI, "format": "JSON"}}


def test_a_shop_tells_its_scopes_and_half_an_answer_is_none() -> None:
    found = {
        "id": "gid://shopify/Shop/1",
        "name": "Acme",
        "myshopifyDomain": SHOP,
        "currencyCode": "EUR",
        "ianaTimezone": "Europe/Berlin",
        "plan": {"publicDisplayName": "Basic"},
    }
    installation = {"accessScopes": [{"handle": "read_orders"}]}
    whole = body_of({"shop": found, "currentAppInstallation": installation})

    acme = in_virtual_time(shop(Store(said(whole)).admin()))

    assert (acme.host, acme.scopes) == (SHOP, frozenset({"read_orders"}))
    with pytest.raises(OutcomeUnknownError):
        in_virtual_time(shop(Store(said(body_of({"shop": found}))).admin()))
