"""What ``shopsync check`` finds in simulated stores and accounts."""

import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.hubspot.account import Account
from sandbox.hubspot.app import create_app as hubspot_app
from sandbox.shopify import given
from sandbox.shopify.app import create_app as shopify_app
from sandbox.shopify.shopify import Shopify
from services.cli.checking import examined
from services.cli.engines import engines
from services.cli.examining_hubspot import currency_findings, native_findings
from services.cli.examining_shopify import admin_of, scope_findings
from services.cli.findings import Finding, Level
from services.cli.settings import Settings
from services.reconciler.subscribing import Subscribing
from services.shared.hubspot.schema import OBJECT_TYPES

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


async def test_what_the_first_start_makes_is_said_once_for_each_object() -> None:
    found = [each for each in await World().found() if each.problem.startswith("missing: ")]
    assert [each.subject for each in found] == [f"HubSpot {each}" for each in OBJECT_TYPES]
    assert all("shopify_sync_key" in each.names for each in found)
    assert all("start shopsync" in each.to_do for each in found)


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


async def test_customer_data_that_shopify_withholds_is_found() -> None:
    world = World()
    given.customer(world.store)
    world.store.protected_data = False
    found = await world.found()
    (finding,) = [each for each in found if "protected customer data" in each.problem]
    assert finding.level is Level.ERROR
    assert "Dev Dashboard" in finding.to_do


async def test_an_account_without_an_order_pipeline_has_no_stages_and_is_told_so() -> None:
    world = World()
    world.account.pipelines["orders"].clear()
    found = await world.found()
    assert any("no pipeline" in each.problem and each.to_do for each in found)


async def test_scopes_granted_and_missing_are_both_shown() -> None:
    world = World()
    world.store.scopes = ("read_products", "write_orders")
    found = [each for each in await world.found() if each.subject == SHOP]
    (granted,) = [each for each in found if each.problem.startswith("scopes granted")]
    assert granted.level is Level.NOTE
    assert "read_orders" in granted.problem
    assert any("read_customers is missing" in each.problem for each in found)


async def test_subscriptions_that_are_there_are_shown() -> None:
    world = World()
    async with httpx.AsyncClient(mounts=world.mounts) as http:
        settings = world.settings(public_url="https://sync.test")
        admin = admin_of(http, settings, settings.stores[0])
        shop = settings.stores[0].shop
        await Subscribing(settings.webhook_url, lambda: 0.0).keep(shop, admin)
    found = await world.found(public_url="https://sync.test")
    (shown,) = [each for each in found if each.problem.startswith("subscribed to all")]
    assert "ORDERS_CREATE" in shown.names
    assert "ORDERS_CREATE" not in shown.problem
    assert settings.webhook_url in shown.problem
    assert not any(each.problem.startswith("not subscribed") for each in found)


async def test_topics_that_are_missing_are_named_and_no_others() -> None:
    world = World()
    async with httpx.AsyncClient(mounts=world.mounts) as http:
        settings = world.settings(public_url="https://sync.test")
        admin = admin_of(http, settings, settings.stores[0])
        await Subscribing(settings.webhook_url, lambda: 0.0).keep(SHOP, admin)
    world.store.subscriptions[:] = [
        each for each in world.store.subscriptions if each["topic"] != "ORDERS_CREATE"
    ]
    found = await world.found(public_url="https://sync.test")
    (missing,) = [each for each in found if each.subject == SHOP and each.names]
    assert missing.problem.startswith("not subscribed to ORDERS_CREATE, for")
    assert missing.names == ["ORDERS_CREATE"]


async def test_an_address_that_cannot_answer_yet_is_no_error_before_the_first_start(
    tmp_path: Path,
) -> None:
    world = World()
    found = await world.found(public_url="https://sync.test", data_dir=tmp_path)
    (before,) = [each for each in found if each.subject == "public address"]
    assert before.level is Level.WARNING
    (tmp_path / "ledger.sqlite").touch()
    found = await world.found(public_url="https://sync.test", data_dir=tmp_path)
    assert Level.ERROR in {each.level for each in found if each.subject == "public address"}


async def test_a_key_that_does_not_open_the_ledger_is_found_with_the_rest(tmp_path: Path) -> None:
    world = World()
    async with engines(world.settings(data_dir=tmp_path), transport=httpx.MockTransport(_none)):
        pass
    found = await world.found(
        data_dir=tmp_path, encryption_key="another-key-long-enough", hubspot_token="wrong"
    )
    errors = {each.subject: each for each in found if each.level is Level.ERROR}
    assert errors.keys() == {"ledger", "HubSpot"}
    assert "SHOPSYNC_ENCRYPTION_KEY" in errors["ledger"].to_do


async def test_a_database_that_cannot_be_reached_is_told_from_a_wrong_key() -> None:
    found = await World().found(ledger_url="postgresql://someone:opensesame@127.0.0.1:1/x")
    (finding,) = [each for each in found if each.level is Level.ERROR]
    assert "the database at 127.0.0.1:1 cannot be reached" in finding.problem
    assert "PostgreSQL runs" in finding.to_do
    assert "SHOPSYNC_LEDGER_URL" in finding.to_do
    assert "ENCRYPTION_KEY" not in finding.to_do
    assert "opensesame" not in str(finding)


async def test_a_database_with_nothing_in_it_yet_stands_in_nobody_s_way(
    empty_postgresql_url: str,
) -> None:
    found = await World().found(ledger_url=empty_postgresql_url)
    assert [each for each in found if each.level is Level.ERROR] == []


async def test_a_data_directory_that_cannot_be_written_to_is_found(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    found = await World().found(data_dir=tmp_path / "file" / "data")
    (finding,) = [each for each in found if each.level is Level.ERROR]
    assert finding.subject == "data directory"
    assert "SHOPSYNC_DATA_DIR" in finding.to_do


@pytest.mark.skipif(sys.platform != "linux", reason="there is no folder like it elsewhere")
async def test_a_folder_that_takes_no_files_is_found_even_for_who_may_write_everywhere() -> None:
    found = await World().found(data_dir=Path("/proc/somewhere"))
    (finding,) = [each for each in found if each.level is Level.ERROR]
    assert finding.subject == "data directory"
    assert "/proc" in finding.problem


async def test_a_data_directory_that_can_be_made_is_not_made_by_a_look_at_it(
    tmp_path: Path,
) -> None:
    found = await World().found(data_dir=tmp_path / "some" / "data")
    assert not [each for each in found if each.level is Level.ERROR]
    assert _names_in(tmp_path) == []


def _names_in(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


def _none(_request: httpx.Request) -> httpx.Response:
    return BAD


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
    missing = [e for e in scope_findings(SHOP, frozenset()) if "is missing" in e.problem]
    levels = {each.problem.split()[1]: each.level for each in missing}
    assert levels["read_orders"] is Level.ERROR
    assert levels["read_all_orders"] is Level.WARNING
    held = scope_findings(SHOP, frozenset({"write_orders", "read_customers", "read_products"}))
    assert all(each.level is not Level.ERROR for each in held)


def test_a_store_in_a_currency_the_account_lacks_is_found() -> None:
    stores = {SHOP: "SEK", "other.myshopify.com": "EUR", "unread.myshopify.com": ""}
    (finding,) = currency_findings(frozenset({"EUR"}), stores)
    assert "SEK" in finding.problem
    assert SHOP in finding.problem
