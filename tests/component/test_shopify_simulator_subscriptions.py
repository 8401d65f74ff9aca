"""Webhook subscriptions made, changed, listed and deleted by the API."""

from typing import Any

import pytest

from sandbox.shopify import actions
from tests.support.shopify_calls import Calls

CREATE = """mutation ($topic: WebhookSubscriptionTopic!, $to: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $to) {
    webhookSubscription { id topic uri format includeFields filter name apiVersion { handle } }
    userErrors { field message } } }"""
URI = "https://example.com/webhooks/shopify"


async def create(calls: Calls, topic: str = "ORDERS_CREATE", **to: Any) -> dict[str, Any]:
    data = await calls.data(CREATE, topic=topic, to={"uri": URI, **to})
    created: dict[str, Any] = data["webhookSubscriptionCreate"]
    return created


async def test_a_subscription_is_made_listed_changed_and_deleted() -> None:
    calls = Calls()
    made = (await create(calls, includeFields=["id", "updated_at"], name="live"))[
        "webhookSubscription"
    ]
    await create(calls, "PRODUCTS_UPDATE")
    listed = await calls.data(
        "{ webhookSubscriptions(first: 9, topics: [ORDERS_CREATE]) { nodes { id topic uri } } }"
    )
    changed = await calls.data(
        """mutation ($id: ID!) { webhookSubscriptionUpdate(id: $id,
        webhookSubscription: {uri: "https://example.org/"}) { webhookSubscription { uri } } }""",
        id=made["id"],
    )
    delete = """mutation ($id: ID!) { webhookSubscriptionDelete(id: $id) {
        deletedWebhookSubscriptionId userErrors { message } } }"""
    gone = await calls.data(delete, id=made["id"])
    again = await calls.data(delete, id=made["id"])

    assert (made["apiVersion"], made["name"]) == ({"handle": "2026-10"}, "live")
    assert made["includeFields"] == ["id", "updated_at"]
    assert listed["webhookSubscriptions"]["nodes"] == [
        {"id": made["id"], "topic": "ORDERS_CREATE", "uri": URI}
    ]
    updated = changed["webhookSubscriptionUpdate"]["webhookSubscription"]
    assert updated["uri"] == "https://example.org/"
    assert gone["webhookSubscriptionDelete"]["deletedWebhookSubscriptionId"] == made["id"]
    assert again["webhookSubscriptionDelete"]["userErrors"] != []
    assert [each["topic"] for each in calls.store.subscriptions] == ["PRODUCTS_UPDATE"]


@pytest.mark.parametrize(
    ("to", "field"),
    [
        ({"uri": "http://example.com/"}, "uri"),
        ({"uri": ""}, "uri"),
        ({"name": "no spaces"}, "name"),
        ({"filter": 'status:"open'}, "filter"),
    ],
)
async def test_what_cannot_be_subscribed_is_a_user_error(to: dict[str, str], field: str) -> None:
    made = await create(Calls(), **to)

    assert made["webhookSubscription"] is None
    assert made["userErrors"][0]["field"] == ["webhookSubscription", field]


async def test_the_same_topic_and_address_twice_is_taken() -> None:
    calls = Calls()
    await create(calls)

    second = await create(calls)

    assert second["userErrors"][0]["message"] == "Address for this topic has already been taken"


async def test_a_topic_needs_its_scope() -> None:
    calls = Calls(scopes=("read_orders",))

    denied = await create(calls, "CUSTOMERS_UPDATE")
    allowed = await create(calls, "CHECKOUTS_CREATE")

    assert denied["userErrors"][0]["field"] == ["topic"]
    assert allowed["userErrors"] == []


async def test_an_uninstall_takes_the_subscriptions_away() -> None:
    calls = Calls()
    await create(calls)

    actions.uninstall(calls.store)
    actions.install(calls.store)

    data = await calls.data("{ webhookSubscriptions(first: 9) { nodes { id } } }")
    assert data["webhookSubscriptions"]["nodes"] == []
