from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from sandbox.shopify import given
from sandbox.shopify.actions.shops import uninstall
from sandbox.shopify.storefront import create_storefront
from sandbox.shopify.storefront_deeds import DEEDS
from tests.support.virtual_time import in_virtual_time
from tests.support.webhook_world import SHOP, World, world

LOOPBACK = "http://127.0.0.1:8000/webhooks/shopify"


@asynccontextmanager
async def page(*topics: str, **settings: Any) -> AsyncIterator[tuple[World, httpx.AsyncClient]]:
    async with world(*topics, **settings) as it:
        transport = httpx.ASGITransport(create_storefront(it.shopify, it.deliveries))
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as browser:
            yield it, browser


async def press(browser: httpx.AsyncClient, deed: str, **asked: Any) -> httpx.Response:
    return await browser.post(f"/_sandbox/storefront/{SHOP}/{deed}", json=asked)


def test_the_page_shows_the_stores_and_the_newest_orders_first() -> None:
    async def story() -> None:
        async with page(name="Acme Outdoor") as (it, browser):
            it.shopify.open_store("other.myshopify.com", name="Other Shop")
            first = given.order(it.store)
            await it.shopify.sleep(1)
            second = given.order(it.store)
            html = (await browser.get("/_sandbox/")).text

            assert "Acme Outdoor" in html
            assert "Other Shop" in html
            assert 0 < html.index(f">{second['name']}<") < html.index(f">{first['name']}<")

    in_virtual_time(story())


def test_a_button_says_what_it_was_about_as_people_call_it() -> None:
    async def story() -> None:
        async with page() as (it, browser):
            person = given.customer(it.store, first_name="Zoë", last_name="Quine")
            mug = given.product(it.store, title="Quine mug")

            async def said(deed: str, number: int, value: str) -> object:
                return (await press(browser, deed, id=number, value=value)).json()["name"]

            assert await said("tag", person["id"], "vip") == "Zoë Quine"
            assert await said("reprice", mug["id"], "7.50") == "Quine mug"

    in_virtual_time(story())


@pytest.mark.parametrize("table", ["orders", "customers", "products", "checkouts"])
def test_every_table_can_be_searched(table: str) -> None:
    async def story() -> None:
        async with page() as (it, browser):
            person = given.customer(it.store, first_name="Zoë", last_name="Quine")
            given.order(it.store, customer=person)
            given.checkout(it.store, customer=person)
            given.product(it.store, title="Quine mug")
            for _ in range(3):
                given.order(it.store)
                given.checkout(it.store)

            asked = {"shop": SHOP, "table": table, "q": "quine"}
            view = (await browser.get("/_sandbox/storefront/view", params=asked)).json()
            assert view["records"].count("<tr") == 1
            assert view["counts"][table] > 1

    in_virtual_time(story())


def test_what_people_typed_is_never_markup() -> None:
    async def story() -> None:
        async with page() as (it, browser):
            given.customer(it.store, first_name="<script>alert(1)</script>")
            html = (await browser.get("/_sandbox/?table=customers")).text

            assert "<script>alert" not in html
            assert "&lt;script&gt;alert" in html

    in_virtual_time(story())


def test_an_order_lives_its_life_by_buttons_and_every_step_is_delivered() -> None:
    async def story() -> None:
        topics = ("orders/create", "orders/edited", "orders/fulfilled", "refunds/create")
        async with page(*topics, "orders/cancelled", "orders/delete") as (it, browser):
            placed = (await press(browser, "place-order")).json()
            number = placed["id"]
            for deed in ("edit-order", "fulfil-order", "refund-order", "cancel-order"):
                assert (await press(browser, deed, id=number)).status_code == 200
            assert it.store.orders[number]["cancelled_at"]
            await press(browser, "delete-order", id=number)
            await it.deliveries.idle()

            assert it.store.orders == {}
            wanted = {*topics, "orders/cancelled", "orders/delete"}
            assert set(it.receiver.topics) == wanted

    in_virtual_time(story())


def test_a_checkout_is_abandoned_and_completed_by_buttons() -> None:
    async def story() -> None:
        async with page("checkouts/create", "orders/create") as (it, browser):
            abandoned = (await press(browser, "abandon-checkout")).json()
            order = (await press(browser, "complete-checkout", id=abandoned["id"])).json()
            again = await press(browser, "complete-checkout", id=abandoned["id"])
            await it.deliveries.idle()

            assert it.store.checkouts[abandoned["id"]]["completed_at"]
            assert order["id"] in it.store.orders
            assert again.status_code == 422
            assert it.receiver.topics == ["checkouts/create", "orders/create"]

    in_virtual_time(story())


def test_a_customer_is_changed_by_buttons() -> None:
    async def story() -> None:
        async with page() as (it, browser):
            number = (await press(browser, "add-customer")).json()["id"]
            await press(browser, "change-name", id=number, value="Zoë O'Connor")
            await press(browser, "change-email", id=number, value="zoe@example.com")
            await press(browser, "subscribe", id=number)
            await press(browser, "tag", id=number, value="vip")

            customer = it.store.customers[number]
            assert (customer["first_name"], customer["last_name"]) == ("Zoë", "O'Connor")
            assert customer["email"] == "zoe@example.com"
            assert customer["email_marketing_consent"]["state"] == "subscribed"
            assert customer["tags"] == "vip"

    in_virtual_time(story())


@pytest.mark.parametrize(
    ("deed", "asked", "status"),
    [
        ("no-such-button", {}, 404),
        ("fulfil-order", {"id": 1}, 404),
        ("reprice", {"id": "product", "value": "a lot"}, 422),
    ],
)
def test_what_cannot_be_done_is_said(deed: str, asked: dict[str, Any], status: int) -> None:
    async def story() -> None:
        async with page() as (it, browser):
            product = given.product(it.store)
            if asked.get("id") == "product":
                asked["id"] = product["id"]
            answer = await press(browser, deed, **asked)

            assert answer.status_code == status
            assert answer.json()["problem"]

    in_virtual_time(story())


def test_every_button_of_the_page_does_something() -> None:
    async def story() -> None:
        async with page() as (it, browser):
            given.order(it.store, payment="pending")
            given.order(it.store)
            given.checkout(it.store)
            given.customer(it.store)
            html = ""
            for table in ("orders", "customers", "products", "checkouts"):
                html += (await browser.get(f"/_sandbox/?table={table}")).text

            shown = {each for each in DEEDS if f'data-deed="{each}"' in html}
            assert shown == set(DEEDS)

    in_virtual_time(story())


def test_faults_are_switched_by_a_call_and_wrong_ones_refused() -> None:
    async def story() -> None:
        async with page() as (it, browser):
            at = "/_sandbox/faults"
            changed = await browser.put(at, json={"delivery": {"drop": 0.25}})
            assert changed.json()["delivery"]["drop"] == 0.25
            assert it.deliveries.faults.drop == 0.25
            assert (await browser.put(at, json={"delivery": {"drop": 7}})).status_code == 422
            assert (await browser.get(at)).json()["delivery"]["drop"] == 0.25
            view = (await browser.get("/_sandbox/storefront/view")).json()
            assert view["faults"]["delivery"]["drop"] == 0.25
            assert view["faults"]["api"]["status"] == 0

    in_virtual_time(story())


def test_recent_deliveries_show_status_attempts_and_latency_but_no_body() -> None:
    async def story() -> None:
        async with page("customers/create") as (it, browser):
            it.receiver.will_answer([503])
            it.receiver.seconds = 0.25
            given.customer(it.store, email="private@example.com")
            await it.deliveries.idle()
            answer = await browser.get("/_sandbox/deliveries")

            (delivery,) = answer.json()
            assert delivery["topic"] == "customers/create"
            assert (delivery["status"], delivery["attempts"]) == (200, 2)
            assert delivery["outcome"] == "delivered"
            assert delivery["milliseconds"] == pytest.approx(250)
            assert "private@example.com" not in answer.text

    in_virtual_time(story())


def test_a_record_is_shown_in_full_and_assets_by_name_only() -> None:
    async def story() -> None:
        async with page() as (it, browser):
            order = given.order(it.store)
            base = f"/_sandbox/storefront/{SHOP}/orders"
            shown = (await browser.get(f"{base}/{order['id']}")).json()
            assert shown["line_items"][0]["id"] == order["line_items"][0]["id"]
            assert (await browser.get(f"{base}/1")).status_code == 404
            css = await browser.get("/_sandbox/static/storefront.css")
            assert css.headers["content-type"].startswith("text/css")
            assert (await browser.get("/_sandbox/static/storefront.py")).status_code == 404

    in_virtual_time(story())


def test_a_page_without_stores_still_opens() -> None:
    async def story() -> None:
        async with page() as (it, browser):
            uninstall(it.store)
            it.shopify.stores.clear()
            assert (await browser.get("/_sandbox/")).status_code == 200
            it.shopify.stores[SHOP] = it.store

    in_virtual_time(story())


SUBSCRIBE = """
mutation ($topic: WebhookSubscriptionTopic!, $uri: String!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: {uri: $uri}) {
    webhookSubscription { id }
    userErrors { message }
  }
}
"""


@pytest.mark.parametrize("version", ["2026-07", "2026-10"])
def test_a_subscription_made_by_the_api_is_served_in_the_version_of_its_request(
    version: str,
) -> None:
    async def story() -> None:
        async with page() as (it, browser):
            for topic in ("ORDERS_CREATE", "CUSTOMER_TAGS_ADDED"):
                answer = await browser.post(
                    f"/admin/api/{version}/graphql.json",
                    headers={"X-Shopify-Access-Token": next(iter(it.store.tokens)), "Host": SHOP},
                    json={"query": SUBSCRIBE, "variables": {"topic": topic, "uri": LOOPBACK}},
                )
                made = answer.json()["data"]["webhookSubscriptionCreate"]
                assert made["userErrors"] == []
            given.order(it.store, customer=given.customer(it.store, tags=["vip"]))
            await it.deliveries.idle()

            assert it.receiver.topics == ["customer.tags_added", "orders/create"]
            versions = {each.headers["x-shopify-api-version"] for each in it.receiver.requests}
            assert versions == {version}

            it.receiver.judge = lambda _: 500
            given.order(it.store)
            await it.deliveries.idle()
            assert [each["topic"] for each in it.store.subscriptions] == ["CUSTOMER_TAGS_ADDED"]

    in_virtual_time(story())
