"""What ``shopsync check`` finds in simulated stores and accounts."""

from typing import Any

import httpx
import pytest

from sandbox.hubspot.account import Account
from sandbox.hubspot.app import create_app as hubspot_app
from sandbox.shopify.app import create_app as shopify_app
from sandbox.shopify.shopify import Shopify
from services.cli.checking import examined
from services.cli.examining_hubspot import currency_findings, native_findings
from services.cli.examining_shopify import scope_findings
from services.cli.findings import Finding, Level
from services.shared.runtime.settings import Settings

SHOP = "acme.myshopify.com"
BAD = httpx.Response(502)


class World:
    """Both vendors behind one transport, by the name of the host."""

    def __init__(self) -> None:
        self.account = Account(seed=7)
        self.shopify = Shopify(seed=7)
        self.store = self.shopify.open_store(SHOP)
        self.mounts = {
            "http://shopify.test": httpx.ASGITransport(shopify_app(self.shopify)),
            "http://hubspot.test": httpx.ASGITransport(hubspot_app(self.account)),
            "https://sync.test": httpx.MockTransport(lambda _: BAD),
        }

    def settings(self, **changed: Any) -> Settings:
        given = {
            "encryption_key": "a-key-long-enough",
            "hubspot_token": self.account.token,
            "hubspot_url": "http://hubspot.test",
            "shopify_url": "http://shopify.test",
            "shop": SHOP,
            "client_id": self.store.client_id,
            "client_secret": self.store.client_secret,
        }
        return Settings(**given | changed)

    async def found(self, **changed: Any) -> list[Finding]:
        async with httpx.AsyncClient(mounts=self.mounts) as http:
            return await examined(self.settings(**changed), lambda: http)


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


async def test_a_store_and_an_account_that_let_us_work_have_no_errors() -> None:
    found = await World().found()
    assert [each for each in found if each.level is Level.ERROR] == []
    assert any(each.problem.startswith("shopify_sync_key: missing") for each in found)


async def test_refused_credentials_on_both_sides_are_found_at_once_and_not_quoted() -> None:
    found = await World().found(client_secret="wrong-secret", hubspot_token="wrong-token")
    errors = [each for each in found if each.level is Level.ERROR]
    assert {each.subject for each in errors} == {SHOP, "HubSpot"}
    assert "wrong-" not in str(found)


async def test_a_public_address_that_leads_nowhere_is_found_with_the_topics_missing() -> None:
    found = await World().found(public_url="https://sync.test")
    problems = [each.problem for each in found]
    assert any("502" in each for each in problems)
    assert any(each.startswith("not subscribed to") for each in problems)


async def test_orders_another_sync_wrote_for_our_shop_are_found() -> None:
    world = World()
    async with httpx.AsyncClient(mounts=world.mounts) as http:
        made = await http.post(
            "http://hubspot.test/crm/objects/2026-09/orders",
            headers={"Authorization": f"Bearer {world.account.token}"},
            json={"properties": {"hs_external_order_id": "1", "hs_source_store": SHOP}},
        )
    assert made.status_code == 201, made.text
    found = await world.found()
    (finding,) = [each for each in found if "another sync" in each.problem]
    assert "Connected apps" in finding.to_do


def test_another_sync_is_told_by_the_shop_it_names() -> None:
    orders: list[dict[str, Any]] = [
        {"hs_source_store": "Acme"},
        {"hs_source_store": None},
        {"hs_source_store": "zen"},
    ]
    (finding,) = native_findings(orders, [SHOP])
    assert finding.level is Level.ERROR
    assert "1 orders" in finding.problem
    assert native_findings(orders, ["other.myshopify.com"]) == []


def test_a_missing_scope_is_an_error_where_an_object_is_lost() -> None:
    levels = {each.problem.split()[1]: each.level for each in scope_findings(SHOP, frozenset())}
    assert levels["read_orders"] is Level.ERROR
    assert levels["read_all_orders"] is Level.WARNING
    held = scope_findings(SHOP, frozenset({"write_orders", "read_customers", "read_products"}))
    assert all(each.level is Level.WARNING for each in held)


def test_a_store_in_a_currency_the_account_lacks_is_found() -> None:
    stores = {SHOP: "SEK", "other.myshopify.com": "EUR", "unread.myshopify.com": ""}
    (finding,) = currency_findings(frozenset({"EUR"}), stores)
    assert "SEK" in finding.problem
    assert SHOP in finding.problem
