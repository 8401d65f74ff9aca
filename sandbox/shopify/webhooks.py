"""Webhook subscriptions as the API makes them: plain records in ``Store.subscriptions``.

A record is ``{id, admin_graphql_api_id, topic, uri, format, include_fields, metafield_namespaces,
metafields, filter, name, api_version, created_at, updated_at}``; ``topic`` is the enum's value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sandbox.shopify.model import Record, gid
from sandbox.shopify.store import Store

_FIELDS = {
    "filter": "filter",
    "format": "format",
    "includeFields": "include_fields",
    "metafieldNamespaces": "metafield_namespaces",
    "metafields": "metafields",
    "name": "name",
    "uri": "uri",
    "callbackUrl": "uri",
}
_URI = re.compile(r"https://\S+|http://(127\.0\.0\.1|localhost|\[::1\]|testserver)(:\d+)?(/\S*)?")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,50}")
SCOPES: Mapping[str, tuple[str, ...]] = {
    "CUSTOMERS_MERGE": ("read_customer_merge",),
    "CUSTOMERS_": ("read_customers",),
    "CUSTOMER_": ("read_customers",),
    "PRODUCTS_": ("read_products",),
    "ORDERS_": ("read_orders", "read_marketplace_orders"),
    "ORDER_TRANSACTIONS_": ("read_orders",),
    "REFUNDS_": ("read_orders",),
    "CHECKOUTS_": ("read_orders",),
    "CARTS_": ("read_orders",),
    "FULFILLMENTS_": ("read_fulfillments", "read_marketplace_orders"),
}


def granted(store: Store, *scopes: str) -> bool:
    """Whether the app has any of these scopes; ``write_x`` implies ``read_x``."""
    return any(
        scope in store.scopes or scope.replace("read_", "write_", 1) in store.scopes
        for scope in scopes
    )


def _problem(store: Store, record: Record) -> tuple[str, str] | None:
    uri = record.get("uri") or ""
    needed = next((who for start, who in SCOPES.items() if record["topic"].startswith(start)), ())
    twins = (
        each
        for each in store.subscriptions
        if each["id"] != record["id"]
        and (each["topic"], each["uri"], each["filter"]) == (record["topic"], uri, record["filter"])
    )
    if needed and not granted(store, *needed):
        topic = record["topic"].lower().replace("_", "/", 1)
        return "topic", f"You do not have permission to subscribe to the topic {topic}"
    if not uri:
        return "uri", "Address can't be blank"
    if not _URI.fullmatch(uri):
        return "uri", "Address is invalid"
    if next(twins, None):
        return "uri", "Address for this topic has already been taken"
    return _misspelt(record)


def _misspelt(record: Record) -> tuple[str, str] | None:
    if record["name"] is not None and not _NAME.fullmatch(record["name"]):
        return "name", "Name is invalid"
    if any((record["filter"] or "").count(quote) % 2 for quote in "\"'"):
        return "filter", "Filter is invalid"
    return None


def _changes(given: Mapping[str, Any]) -> Record:
    return {_FIELDS[name]: value for name, value in given.items()}


def _refusal(problem: tuple[str, str]) -> Record:
    field, message = problem
    path = ["topic"] if field == "topic" else ["webhookSubscription", field]
    return {"record": None, "userErrors": [{"field": path, "message": message}]}


def subscribe(store: Store, topic: str, given: Mapping[str, Any], api_version: str) -> Record:
    """Make a subscription: ``{record, userErrors}``."""
    number, now = store.new_id("webhook_subscription"), store.now()
    record: Record = {
        "id": number,
        "admin_graphql_api_id": gid("WebhookSubscription", number),
        "topic": topic,
        "uri": "",
        "format": "JSON",
        "include_fields": [],
        "metafield_namespaces": [],
        "metafields": [],
        "filter": None,
        "name": None,
        "api_version": api_version,
        "created_at": now,
        "updated_at": now,
        **_changes(given),
    }
    problem = _problem(store, record)
    if problem:
        return _refusal(problem)
    store.subscriptions.append(record)
    return {"record": record, "userErrors": []}


def find(store: Store, number: str) -> Record | None:
    """The subscription with this global id."""
    found = (each for each in store.subscriptions if each["admin_graphql_api_id"] == number)
    return next(found, None)


_GONE: Record = {
    "record": None,
    "userErrors": [{"field": ["id"], "message": "Webhook subscription does not exist"}],
}


def change(store: Store, number: str, given: Mapping[str, Any]) -> Record:
    """Change a subscription: ``{record, userErrors}``."""
    record = find(store, number)
    if record is None:
        return _GONE
    changed = {**record, **_changes(given), "updated_at": store.now()}
    problem = _problem(store, changed)
    if problem:
        return _refusal(problem)
    record.update(changed)
    return {"record": record, "userErrors": []}


def unsubscribe(store: Store, number: str) -> Record:
    """Delete a subscription: ``{record, userErrors}``."""
    record = find(store, number)
    if record is None:
        return _GONE
    store.subscriptions.remove(record)
    return {"record": record, "userErrors": []}
