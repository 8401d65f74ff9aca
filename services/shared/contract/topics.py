"""The log's topics, and which of them a Shopify webhook topic belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class ObjectType(StrEnum):
    """The four objects we sync; their names are those of the log's topics and of the ledger."""

    CUSTOMERS = "customers"
    PRODUCTS = "products"
    ORDERS = "orders"
    CHECKOUTS = "checkouts"


# Whose offsets say how far the log is worked off.
SYNCER_GROUP = "syncer"

SHOPS = "shopify.shops"
UNKNOWN = "shopify.unknown"
BACKFILL_SUFFIX = ".backfill"
DEAD_SUFFIX = ".dead"


def live_topic(kind: ObjectType) -> str:
    """The topic of fresh changes of one object type."""
    return f"shopify.{kind}"


def backfill_topic(kind: ObjectType) -> str:
    """The topic of history and replays of one object type."""
    return live_topic(kind) + BACKFILL_SUFFIX


def dead_topic(topic: str) -> str:
    """Where the dead letters of ``topic`` go; live and backfill share one."""
    return topic.removesuffix(BACKFILL_SUFFIX) + DEAD_SUFFIX


LIVE_TOPICS = tuple(live_topic(kind) for kind in ObjectType)
BACKFILL_TOPICS = tuple(backfill_topic(kind) for kind in ObjectType)
CONSUMED_TOPICS = (*LIVE_TOPICS, *BACKFILL_TOPICS, SHOPS)
DEAD_TOPICS = tuple(dead_topic(topic) for topic in (*LIVE_TOPICS, SHOPS))
TOPICS = (*CONSUMED_TOPICS, UNKNOWN, *DEAD_TOPICS)

_BY_PREFIX: Mapping[str, str] = MappingProxyType(
    {
        "customers": live_topic(ObjectType.CUSTOMERS),
        "customer": live_topic(ObjectType.CUSTOMERS),
        "customers_email_marketing_consent": live_topic(ObjectType.CUSTOMERS),
        "customers_marketing_consent": live_topic(ObjectType.CUSTOMERS),
        "customers_whats_app_marketing_consent": live_topic(ObjectType.CUSTOMERS),
        "products": live_topic(ObjectType.PRODUCTS),
        "orders": live_topic(ObjectType.ORDERS),
        "refunds": live_topic(ObjectType.ORDERS),
        "order_transactions": live_topic(ObjectType.ORDERS),
        "fulfillments": live_topic(ObjectType.ORDERS),
        "checkouts": live_topic(ObjectType.CHECKOUTS),
        "app": SHOPS,
        "shop": SHOPS,
    }
)
_SHOPS_TOPICS = frozenset(
    {
        "app/uninstalled",
        "app/scopes_update",
        "shop/update",
        "customers/data_request",
        "customers/redact",
        "shop/redact",
    }
)


def topic_for(shopify_topic: str) -> str:
    """The log topic for a webhook topic (``orders/create``, ``customer.tags_added``)."""
    if shopify_topic in _SHOPS_TOPICS:
        return SHOPS
    prefix = shopify_topic.replace(".", "/", 1).partition("/")[0]
    found = _BY_PREFIX.get(prefix, UNKNOWN)
    return UNKNOWN if found == SHOPS else found
