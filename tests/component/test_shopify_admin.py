"""The Admin client, tokens, reads and subscriptions against the Shopify simulator."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from sandbox.shopify import given
from sandbox.shopify.app import create_app
from sandbox.shopify.shopify import Shopify
from services.shared.contract.errors import OursToFixError, OutcomeUnknownError, SyncError
from services.shared.shopify.address import address_of
from services.shared.shopify.admin import Admin
from services.shared.shopify.answers import StoreUnavailableError
from services.shared.shopify.reads import nodes, pages
from services.shared.shopify.shops import shop
from services.shared.shopify.subscriptions import (
    WANTED_TOPICS,
    missing,
    permitted,
    subscribe,
    subscriptions,
)
from services.shared.shopify.tokens import (
    AdminToken,
    ClientCredentials,
    Credentials,
    MemoryTokenStore,
)
from tests.support.virtual_time import in_virtual_time

EPOCH = datetime(2026, 11, 24, 12, tzinfo=UTC)
SHOP = "acme.myshopify.com"
URI = "https://sync.example/webhooks/shopify"
PRODUCTS = """
query Products($first: Int!, $after: String) {
  products(first: $first, after: $after, sortKey: UPDATED_AT) {
    nodes { id updatedAt }
    pageInfo { hasNextPage endCursor }
  }
}
"""
CUSTOMERS = """
query Customers($ids: [ID!]!) {
  nodes(ids: $ids) { ... on Customer { id firstName updatedAt } }
}
"""
WIDE = """
query Products($first: Int!, $after: String) {
  products(first: $first, after: $after) {
    nodes { id variants(first: 20) { nodes { id } } }
    pageInfo { hasNextPage endCursor }
  }
}
"""


class Scenery:
    """One simulated store, and the product's client for it."""

    def __init__(self) -> None:
        clock = asyncio.get_running_loop().time
        self.shopify = Shopify(now=self.now)
        self.clock = clock
        self.store = self.shopify.open_store(SHOP)
        transport = httpx.ASGITransport(create_app(self.shopify))
        self.http = httpx.AsyncClient(transport=transport)
        self.address = address_of(SHOP, "http://shopify.test")
        self.admin = Admin(self.http, self.address, AdminToken(next(iter(self.store.tokens))))

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=asyncio.get_running_loop().time())

    def by_credentials(self, secret: str = "") -> ClientCredentials:
        credentials = Credentials(
            client_id=self.store.client_id, client_secret=secret or self.store.client_secret
        )
        return ClientCredentials(
            self.http, self.address, credentials, store=MemoryTokenStore(), now=self.now
        )


def played(scene: Callable[[Scenery], Awaitable[None]]) -> None:
    async def main() -> None:
        await scene(Scenery())

    in_virtual_time(main())


def test_a_shop_tells_its_currency_and_what_it_granted() -> None:
    async def scene(stage: Scenery) -> None:
        stage.shopify.faults.slow_seconds = 2.0
        found = await shop(stage.admin)

        assert found.host == SHOP
        assert found.currency == stage.store.shop_record()["currency"]
        assert found.scopes == frozenset(stage.store.scopes)

    played(scene)


def test_a_read_is_never_dated_later_than_what_it_saw() -> None:
    async def scene(stage: Scenery) -> None:
        stage.shopify.faults.slow_seconds = 3.0
        sent_at = stage.now()

        answer = await stage.admin.query("{ shop { id } }")

        assert sent_at - timedelta(seconds=2) <= answer.observed_at <= sent_at

    played(scene)


def test_every_record_is_read_by_id_and_a_deleted_one_is_missing() -> None:
    async def scene(stage: Scenery) -> None:
        people = [given.customer(stage.store) for _ in range(60)]
        ids = [f"gid://shopify/Customer/{each['id']}" for each in people]

        found = await nodes(stage.admin, CUSTOMERS, [*ids, "gid://shopify/Customer/1"])

        assert [found[each].node["id"] for each in ids if found[each].node] == ids  # type: ignore[index]  # filtered
        gone = found["gid://shopify/Customer/1"]
        assert gone.node is None
        assert not gone.is_denied

    played(scene)


def test_a_list_is_paged_to_its_end_within_the_cost_of_a_query() -> None:
    async def scene(stage: Scenery) -> None:
        made = {f"gid://shopify/Product/{given.product(stage.store)['id']}" for _ in range(130)}
        for document in (PRODUCTS, WIDE):
            found = [
                node["id"]
                async for page in pages(stage.admin, document, "products", {})
                for node in page.nodes
            ]
            assert len(found) == len(set(found))
            assert set(found) == made

    played(scene)


def test_a_long_read_is_paced_by_the_store_s_bucket_and_never_fails() -> None:
    async def scene(stage: Scenery) -> None:
        for _ in range(30):
            given.product(stage.store, variants=20)

        for _ in range(12):
            pagewise = pages(stage.admin, WIDE, "products", {"first": 30})
            assert [len(page.nodes) async for page in pagewise] == [30]

        assert stage.clock() > 10

    played(scene)


def test_throttling_is_waited_out() -> None:
    async def scene(stage: Scenery) -> None:
        stage.shopify.faults.throttled = True
        stage.shopify.faults.times = 2

        await stage.admin.query("{ shop { id } }")

        assert stage.clock() >= 2

    played(scene)


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        (402, StoreUnavailableError, "store_frozen"),
        (403, OursToFixError, "access_denied"),
        (404, OursToFixError, "store_unknown"),
        (423, StoreUnavailableError, "store_locked"),
        (401, OursToFixError, "token_refused"),
        (500, OutcomeUnknownError, "unavailable"),
        (502, OutcomeUnknownError, "unavailable"),
        (503, OutcomeUnknownError, "unavailable"),
    ],
)
@pytest.mark.parametrize("not_json", [False, True])
def test_each_fault_of_the_api_is_met_as_its_kind_of_error(
    status: int, kind: type[SyncError], reason: str, *, not_json: bool
) -> None:
    async def scene(stage: Scenery) -> None:
        stage.shopify.faults.status = status
        stage.shopify.faults.not_json = not_json

        with pytest.raises(kind, match=reason):
            await stage.admin.query("{ shop { id } }")

    played(scene)


def test_a_429_is_repeated_after_what_shopify_says() -> None:
    async def scene(stage: Scenery) -> None:
        stage.shopify.faults.update({"status": 429, "retry_after": 4.0, "times": 1})

        await stage.admin.query("{ shop { id } }")

        assert stage.clock() >= 4

    played(scene)


def test_a_query_shopify_does_not_know_is_our_fault() -> None:
    async def scene(stage: Scenery) -> None:
        with pytest.raises(OursToFixError, match="bad_query"):
            await stage.admin.query("{ noSuchField }")

    played(scene)


def test_client_credentials_last_for_days_and_survive_a_revoked_token() -> None:
    async def scene(stage: Scenery) -> None:
        tokens = stage.by_credentials()
        admin = Admin(stage.http, stage.address, tokens)
        for _ in range(3):
            await admin.query("{ shop { id } }")
            await asyncio.sleep(20 * 3600)
        stage.store.tokens.clear()

        await admin.query("{ shop { id } }")

        assert len(stage.store.tokens) == 1

    played(scene)


def test_a_wrong_secret_and_an_app_of_another_organization_are_named() -> None:
    async def scene(stage: Scenery) -> None:
        with pytest.raises(OursToFixError, match="credentials_refused: invalid_client"):
            await stage.by_credentials("shpss_wrong").current()
        stage.store.credentials_permitted = False
        with pytest.raises(OursToFixError, match="credentials_refused: shop_not_permitted"):
            await stage.by_credentials().current()

    played(scene)


def test_the_topics_that_are_missing_are_subscribed_once() -> None:
    async def scene(stage: Scenery) -> None:
        found = await shop(stage.admin)
        allowed, _ = permitted(WANTED_TOPICS, found.scopes)
        assert allowed
        for topic in missing(allowed, await subscriptions(stage.admin), URI):
            await subscribe(stage.admin, topic, URI)

        there = await subscriptions(stage.admin)

        assert {each.topic for each in there} == {topic.name for topic in allowed}
        assert missing(allowed, there, URI) == []
        assert missing(allowed, there, "https://moved.example/") == allowed
        with pytest.raises(OursToFixError, match="subscription_refused"):
            await subscribe(stage.admin, allowed[0], URI)

    played(scene)
