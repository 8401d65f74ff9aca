"""What a store holds: plain records with the field names of Shopify's REST and webhook bodies.

A record is a dict. Its times are aware UTC datetimes with their fractions, its money is decimal
text, its tags are one comma-separated string. ``written`` makes JSON of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson

Record = dict[str, Any]


class Kind(StrEnum):
    """What a change is about; the first four are the tables of a store."""

    CUSTOMER = "customer"
    PRODUCT = "product"
    ORDER = "order"
    CHECKOUT = "checkout"
    REFUND = "refund"
    FULFILLMENT = "fulfillment"
    TRANSACTION = "transaction"
    ORDER_EDIT = "order_edit"
    CUSTOMER_TAGS = "customer_tags"
    CUSTOMER_MERGE = "customer_merge"
    SHOP = "shop"
    APP = "app"


TABLES = (Kind.CUSTOMER, Kind.PRODUCT, Kind.ORDER, Kind.CHECKOUT)

GID_NAMES: Mapping[str, str] = {
    Kind.CUSTOMER: "Customer",
    Kind.PRODUCT: "Product",
    Kind.ORDER: "Order",
    Kind.CHECKOUT: "AbandonedCheckout",
    Kind.REFUND: "Refund",
    Kind.FULFILLMENT: "Fulfillment",
    Kind.TRANSACTION: "OrderTransaction",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One webhook topic an action raised.

    Attributes:
        shop: The store's full host.
        topic: The webhook topic (``orders/create``, ``customer.tags_added``).
        kind: What ``record`` is.
        record: A deep snapshot at the end of the action. A customer, product, order or checkout
            in full (also for its consent, purchasing and delete topics), a refund, fulfilment or
            transaction with its ``order_id``, or what the kind needs: ``CUSTOMER_TAGS`` is
            ``{customer, tags, occurred_at}``, ``CUSTOMER_MERGE`` is ``{kept_id, deleted_id,
            status, errors}``, ``ORDER_EDIT`` is the webhook's ``order_edit`` object.
        at: When it happened, UTC, with fractions.
        event_id: Shared by all changes of one action.
    """

    shop: str
    topic: str
    kind: Kind
    record: Mapping[str, Any]
    at: datetime
    event_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """An entry of the store's event feed about something destroyed, or created."""

    id: int
    action: str
    subject_type: str
    subject_id: str
    at: datetime


def gid(name: str, number: int | str) -> str:
    """A global id; ``name`` is the GraphQL type's."""
    return f"gid://shopify/{name}/{number}"


def copied(value: Any) -> Any:
    """A deep copy of JSON-like data."""
    if isinstance(value, dict):
        return {key: copied(each) for key, each in value.items()}
    if isinstance(value, list):
        return [copied(each) for each in value]
    return value


def written(value: Any) -> bytes:
    """Records as JSON: times in whole seconds, UTC, ending in ``Z``."""
    return orjson.dumps(value, option=orjson.OPT_OMIT_MICROSECONDS | orjson.OPT_UTC_Z)


def split_tags(tags: str) -> list[str]:
    """The tags in Shopify's comma-separated form."""
    return [each.strip() for each in tags.split(",") if each.strip()]


def joined_tags(tags: list[str] | tuple[str, ...] | str) -> str:
    """Tags in Shopify's comma-separated form: unique, in alphabetical order."""
    each = split_tags(tags) if isinstance(tags, str) else tags
    return ", ".join(sorted(set(each)))
