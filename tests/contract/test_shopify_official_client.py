"""Shopify's own Python library talks to the simulator, unpatched, over a socket."""

import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import shopify
import uvicorn

from sandbox.shopify import given
from sandbox.shopify.app import create_app
from sandbox.shopify.shopify import Shopify
from sandbox.shopify.store import Store

ORDERS = """query Orders($first: Int!) {
  orders(first: $first, sortKey: UPDATED_AT) {
    nodes { id name totalPriceSet { shopMoney { amount } } lineItems(first: 2) { nodes { sku } } }
  }
}"""


class Served(uvicorn.Server):
    """A server that says when it is ready, and on which port."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self.port = 0

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.port = self.servers[0].sockets[0].getsockname()[1]
        self.ready.set()


@pytest.fixture(scope="module")
def simulator() -> Shopify:
    return Shopify(seed=5)


@pytest.fixture(scope="module")
def store(simulator: Shopify) -> Store:
    store = simulator.open_store("acme.myshopify.com")
    given.order(store, lines=2)
    return store


@pytest.fixture(scope="module")
def port(simulator: Shopify, store: Store) -> Iterator[int]:
    app = create_app(simulator)
    options: dict[str, Any] = {"lifespan": "off", "log_level": "error", "date_header": False}
    server = Served(uvicorn.Config(app, host="127.0.0.1", port=0, **options))
    thread = threading.Thread(target=asyncio.run, args=(server.serve(),))
    thread.start()
    assert server.ready.wait(10)
    yield server.port
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def session(store: Store, port: int) -> Iterator[Any]:
    shopify.Session.setup(api_key=store.client_id, secret=store.client_secret, protocol="http")
    session = shopify.Session("acme.myshopify.com", "2026-07", next(iter(store.tokens)))
    session.url = f"127.0.0.1:{port}"
    shopify.ShopifyResource.activate_session(session)
    yield session
    shopify.ShopifyResource.clear_session()


def version_known(version: str) -> bool:
    return version in {str(each) for each in shopify.ApiVersion.versions}


@pytest.fixture(autouse=True)
def versions() -> None:
    shopify.ApiVersion.define_known_versions()
    if not version_known("2026-07"):
        shopify.ApiVersion.define_version(shopify.Release("2026-07"))


def test_the_official_client_reads_orders(session: Any, store: Store) -> None:
    answer = json.loads(shopify.GraphQL().execute(ORDERS, {"first": 5}))

    (order,) = store.orders.values()
    (shown,) = answer["data"]["orders"]["nodes"]
    assert shown["id"] == order["admin_graphql_api_id"]
    assert shown["totalPriceSet"]["shopMoney"]["amount"] == order["total_price"]
    assert [each["sku"] for each in shown["lineItems"]["nodes"]] == [
        each["sku"] for each in order["line_items"]
    ]
    assert answer["extensions"]["cost"]["throttleStatus"]["maximumAvailable"] == 2000


def test_the_official_client_subscribes_to_webhooks(session: Any, store: Store) -> None:
    query = """mutation Subscribe($topic: WebhookSubscriptionTopic!, $to: WebhookSubscriptionInput!)
    { webhookSubscriptionCreate(topic: $topic, webhookSubscription: $to) {
        webhookSubscription { id topic uri } userErrors { field message } } }"""
    to = {"uri": "https://example.com/webhooks", "format": "JSON"}

    answer = json.loads(shopify.GraphQL().execute(query, {"topic": "ORDERS_CREATE", "to": to}))

    assert answer["data"]["webhookSubscriptionCreate"]["userErrors"] == []
    assert [each["topic"] for each in store.subscriptions] == ["ORDERS_CREATE"]


def test_the_official_client_meets_a_refused_token_as_an_error(session: Any, port: int) -> None:
    stranger = shopify.Session("acme.myshopify.com", "2026-07", "shpat_stranger")
    stranger.url = f"127.0.0.1:{port}"
    shopify.ShopifyResource.activate_session(stranger)

    with pytest.raises(Exception, match="401") as refusal:
        shopify.GraphQL().execute("{ shop { name } }")

    assert getattr(refusal.value, "code", None) == 401
