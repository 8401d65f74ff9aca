"""Why a record is not in HubSpot, as the command line tells it after the product has run."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sandbox.hubspot.faults import Fault
from sandbox.shopify import given
from sandbox.shopify.compliance import compliance_change
from services.cli.__main__ import app
from services.cli.engines import RECONCILER, SYNCER, Engines
from services.cli.places import PREFIX
from services.cli.processes import run_on
from services.cli.watching import snapshot
from services.shared.contract.events import Change, NewEvent, Origin, Provenance, headers_of
from services.shared.ledger import compliance
from services.shared.ledger.compliance import ComplianceRequest
from tests.support.both_vendors import SHOP, BothVendors


class Lived:
    """What is left on disk by a product that ran, and who is who in the store."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.world = BothVendors()
        store = self.world.store
        self.mail = mail = given.customer(store, email="ana@example.com")
        self.nameless = given.customer(store, email=None, phone="+34600000002")
        self.fine = given.order(store, lines=1, customer=mail)
        self.lonely = given.order(
            store, lines=1, customer=self.nameless, email=None, phone="+34600000002"
        )
        self.fresh = given.checkout(store, lines=1, customer=mail)

    async def lives(self) -> None:
        async with self.world.engines(self.folder) as base:
            await base.log.append([_garbage()])
            await _settled(base)
            asked = compliance_change(self.world.store, "customers/redact", self.mail)
            request = ComplianceRequest(
                shop=SHOP,
                shopify_topic="customers/redact",
                delivery_id="d-1",
                body=json.dumps(asked.record).encode(),
            )
            async with base.ledger.transaction() as tx:
                await compliance.keep(tx, base.vault, request)
            self.world.account.faults = [Fault(kind="status", status=414, path="*/orders/batch/*")]
            self.refused = given.order(self.world.store, lines=1, email="guest@example.com")
            await _settled(base, failing=1)


def _garbage() -> NewEvent:
    told = Provenance(
        shop=SHOP, origin=Origin.WEBHOOK, change=Change.STATE, shopify_topic="orders/create"
    )
    return NewEvent(
        topic="shopify.orders",
        key=f"{SHOP}/orders/777",
        value=b"not json",
        headers=headers_of(told),
    )


async def _settled(base: Engines, failing: int = 0) -> None:
    stopping = asyncio.Event()
    running = asyncio.create_task(run_on(base, frozenset({SYNCER, RECONCILER}), stopping))
    try:
        async with asyncio.timeout(90):
            while True:
                seen = await snapshot(base.settings)
                orders = seen.counts.get((SHOP, "orders"), {})
                if (
                    seen.windows == 8
                    and not (seen.behind or seen.waiting)
                    # A link of what HubSpot refuses stays open.
                    and (failing or not seen.open_links)
                    and orders.get("failing", 0) == failing
                    and orders.get("in_sync", 0) == 2
                ):
                    return
                await asyncio.sleep(0.2)
    finally:
        stopping.set()
        await running


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    made = Lived(tmp_path_factory.mktemp("data"))
    asyncio.run(made.lives())
    return made


@pytest.fixture(autouse=True)
def here(lived: Lived, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(f"{PREFIX}DATA_DIR", str(lived.folder))


def shown(record: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["records", "show", record])
    assert result.exit_code == code, result.output
    return " ".join(result.output.split())


def answered(*arguments: str, code: int = 0) -> Any:
    result = CliRunner().invoke(app, [*arguments, "--json"])
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def test_an_order_of_a_customer_without_email_is_there_and_its_lack_of_a_contact_is_explained(
    lived: Lived,
) -> None:
    said = shown(f"{SHOP}/orders/{lived.lonely['id']}")
    assert "in_sync" in said
    assert "no contact in HubSpot" in said
    assert "this customer has none" in shown(f"{SHOP}/customers/{lived.nameless['id']}")
    assert "no contact" not in shown(f"{SHOP}/orders/{lived.fine['id']}")


def test_an_order_is_found_by_the_name_people_call_it(lived: Lived) -> None:
    assert f"orders/{lived.fine['id']}" in shown(str(lived.fine["name"]))
    assert f"orders/{lived.fine['id']}" in shown(str(lived.fine["name"]).removeprefix("#"))
    assert "No record is called" in shown("#99999", code=1)


def test_an_order_that_hubspot_refuses_names_the_code_and_how_to_try_again(lived: Lived) -> None:
    key = f"{SHOP}/orders/{lived.refused['id']}"
    said = shown(key)
    assert "HubSpot refuses it" in said
    assert f"records retry {key}" in said
    (standing,) = answered("records", "list", "--status", "failing", "--kind", "orders")
    assert standing["key"] == key
    assert standing["reason"] in said


def test_a_checkout_not_yet_abandoned_says_so_and_when_it_is_due(lived: Lived) -> None:
    key = f"{SHOP}/checkouts/{lived.fresh['id']}"
    assert "too fresh" in shown(key)
    story = answered("records", "show", key)
    assert story["standing"]["reason"] == "not_yet_abandoned"
    assert story["standing"]["due_at"]


def test_an_order_never_seen_says_where_to_look(lived: Lived) -> None:
    said = shown(f"{SHOP}/orders/1", code=1)
    assert "never seen" in said
    assert "last complete scan of orders" in said
    assert "is not connected" in shown("stranger.myshopify.com/orders/1", code=1)


def test_an_order_whose_event_nobody_could_apply_leads_to_its_dead_letter(lived: Lived) -> None:
    absence = answered("records", "show", f"{SHOP}/orders/777", code=1)
    (place,) = absence["dead"]
    assert f"dead-letters show {place}" in absence["remarks"][0]
    assert answered("dead-letters", "show", place)["letter"]["headers"]["dead-reason"]


def test_status_shows_freshness_lag_quota_and_compliance_without_anybody_s_data(
    lived: Lived,
) -> None:
    picture = answered("status", code=1)
    assert {(each["shop"], each["kind"]) for each in picture["scans"]} >= {(SHOP, "orders")}
    assert all(each["age_seconds"] >= 0 for each in picture["scans"])
    assert picture["lag"] == []
    assert 0 <= picture["quota"]["window"] <= 1
    (request,) = picture["requests"]
    assert request["shopify_topic"] == "customers/redact"
    said = CliRunner().invoke(app, ["status"]).output
    assert "1 compliance requests pending" in said
    assert "fresh until" in said
    assert "ana@" not in said + json.dumps(picture)


def test_a_compliance_request_leads_to_the_contact_and_the_orders_in_hubspot(
    lived: Lived, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{PREFIX}ENCRYPTION_KEY", "a-key-long-enough")
    (request,) = answered("requests", "list")

    found = answered("requests", "show", str(request["id"]))

    people = lived.world.account.records["contacts"].by_id.values()
    hers = [each.id for each in people if each.properties.get("email") == "ana@example.com"]
    assert found["concern"]["contacts"] == hers
    shown = {each["key"]: each["target_id"] for each in found["concern"]["records"]}
    assert shown[f"{SHOP}/customers/{lived.mail['id']}"] == hers[0]
    assert shown[f"{SHOP}/orders/{lived.fine['id']}"] in lived.world.there("orders")
    assert f"{SHOP}/orders/{lived.lonely['id']}" not in shown
