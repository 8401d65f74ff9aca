"""Webhook subscriptions: which we want, which are missing, and making them.

Shopify removes a subscription after eight failed deliveries in a row, and lists only those made by
this API, not those of an app's configuration file.
https://shopify.dev/docs/apps/build/webhooks/subscribe
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.shared.contract.errors import OursToFixError, OutcomeUnknownError
from services.shared.shopify.admin import Admin
from services.shared.shopify.reads import pages
from services.shared.shopify.shops import implied_scopes

SUBSCRIPTIONS_DOCUMENT = """
query Subscriptions($first: Int!, $after: String) {
  webhookSubscriptions(first: $first, after: $after) {
    nodes { id topic uri format filter includeFields }
    pageInfo { hasNextPage endCursor }
  }
}
"""
CREATE_DOCUMENT = """
mutation Subscribe($topic: WebhookSubscriptionTopic!, $subscription: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $subscription) {
    webhookSubscription { id }
    userErrors { field }
  }
}
"""


@dataclass(frozen=True, slots=True)
class WantedTopic:
    """A topic as GraphQL names it, and the scopes any of which lets an app subscribe to it."""

    name: str
    any_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A subscription there is. ``is_whole`` says nothing is filtered out or cut from its bodies."""

    id: str
    topic: str
    uri: str
    is_whole: bool


_CUSTOMERS = ("read_customers",)
_PRODUCTS = ("read_products",)
_ORDERS = ("read_orders", "read_marketplace_orders")
_ORDERS_CHANGED = (*_ORDERS, "read_buyer_membership_orders")

# The three compliance topics are set in the app's configuration only; no API subscribes to them.
WANTED_TOPICS: Sequence[WantedTopic] = (
    WantedTopic("CUSTOMERS_CREATE", _CUSTOMERS),
    WantedTopic("CUSTOMERS_UPDATE", _CUSTOMERS),
    WantedTopic("CUSTOMERS_DELETE", _CUSTOMERS),
    WantedTopic("CUSTOMERS_ENABLE", _CUSTOMERS),
    WantedTopic("CUSTOMERS_DISABLE", _CUSTOMERS),
    WantedTopic("CUSTOMERS_MERGE", ("read_customer_merge",)),
    WantedTopic("CUSTOMERS_PURCHASING_SUMMARY", _CUSTOMERS),
    WantedTopic("CUSTOMERS_EMAIL_MARKETING_CONSENT_UPDATE", _CUSTOMERS),
    WantedTopic("CUSTOMERS_MARKETING_CONSENT_UPDATE", _CUSTOMERS),
    WantedTopic("CUSTOMER_TAGS_ADDED", _CUSTOMERS),
    WantedTopic("CUSTOMER_TAGS_REMOVED", _CUSTOMERS),
    WantedTopic("PRODUCTS_CREATE", _PRODUCTS),
    WantedTopic("PRODUCTS_UPDATE", _PRODUCTS),
    WantedTopic("PRODUCTS_DELETE", _PRODUCTS),
    WantedTopic("ORDERS_CREATE", _ORDERS),
    WantedTopic("ORDERS_UPDATED", _ORDERS_CHANGED),
    WantedTopic("ORDERS_CANCELLED", _ORDERS_CHANGED),
    WantedTopic("ORDERS_EDITED", _ORDERS_CHANGED),
    WantedTopic("ORDERS_DELETE", ("read_orders",)),
    WantedTopic("REFUNDS_CREATE", ("read_orders",)),
    WantedTopic("CHECKOUTS_CREATE", ("read_orders",)),
    WantedTopic("CHECKOUTS_UPDATE", ("read_orders",)),
    WantedTopic("CHECKOUTS_DELETE", ("read_orders",)),
    WantedTopic("APP_UNINSTALLED"),
    WantedTopic("APP_SCOPES_UPDATE"),
    WantedTopic("SHOP_UPDATE"),
)


def permitted(
    wanted: Iterable[WantedTopic], granted: frozenset[str]
) -> tuple[list[WantedTopic], list[WantedTopic]]:
    """The topics the ``granted`` scopes allow, and those that must be done without."""
    scopes = implied_scopes(granted)
    allowed: list[WantedTopic] = []
    without: list[WantedTopic] = []
    for topic in wanted:
        is_allowed = not topic.any_of or not scopes.isdisjoint(topic.any_of)
        (allowed if is_allowed else without).append(topic)
    return allowed, without


def missing(
    wanted: Iterable[WantedTopic], existing: Iterable[Subscription], uri: str
) -> list[WantedTopic]:
    """The ``wanted`` topics of which no whole subscription delivers to ``uri``."""
    there = {each.topic for each in existing if each.uri == uri and each.is_whole}
    return [topic for topic in wanted if topic.name not in there]


async def subscriptions(admin: Admin) -> list[Subscription]:
    """The subscriptions our app made in the shop by this API.

    Raises:
        SyncError: a call failed.
    """
    found: list[Subscription] = []
    async for page in pages(admin, SUBSCRIPTIONS_DOCUMENT, "webhookSubscriptions", {}):
        found += [_subscription_in(node) for node in page.nodes]
    return found


async def subscribe(admin: Admin, topic: WantedTopic, uri: str) -> None:
    """Have ``topic`` delivered to ``uri`` as JSON. Not repeatable: a second one is refused.

    Raises:
        OursToFixError: ``subscription_refused``, with the topic: an address Shopify does not take,
            a scope it wants, or a subscription that is there already.
        SyncError: the call failed.
    """
    settings = {"uri": uri, "format": "JSON"}
    answer = await admin.query(CREATE_DOCUMENT, {"topic": topic.name, "subscription": settings})
    made: Mapping[str, Any] = answer.data.get("webhookSubscriptionCreate") or {}
    if made.get("userErrors") or answer.denied:
        raise OursToFixError("subscription_refused", detail=topic.name)
    if not made.get("webhookSubscription"):
        raise OutcomeUnknownError("garbled_answer")


def _subscription_in(node: Mapping[str, Any]) -> Subscription:
    is_cut = node.get("filter") or node.get("includeFields") or node.get("format") != "JSON"
    return Subscription(
        id=str(node.get("id", "")),
        topic=str(node.get("topic", "")),
        uri=str(node.get("uri", "")),
        is_whole=not is_cut,
    )
