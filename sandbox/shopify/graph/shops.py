"""The shop, the app's installation, its webhook subscriptions, and the event feeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.shopify.graph.reaching import makes
from sandbox.shopify.graph.views import View, same, stamp, time, type_of
from sandbox.shopify.model import Deletion, Record, gid
from sandbox.shopify.store import Store

_PLANS = {"standard": "Basic", "advanced": "Advanced", "plus": "Shopify Plus"}


def shop(store: Store) -> dict[str, Any]:
    """``shop``."""
    record = store.shop_record()
    minutes = int(store.utc_offset.total_seconds() // 60)
    sign = "-" if minutes < 0 else "+"
    url = f"https://{store.shop}"
    plan = _PLANS.get(store.plan, "Enterprise")
    return {
        "id": gid("Shop", record["id"]),
        "name": record["name"],
        "email": f"owner@{store.shop}",
        "contactEmail": f"hello@{store.shop}",
        "myshopifyDomain": store.shop,
        "url": url,
        "primaryDomain": {
            "id": gid("Domain", record["id"]),
            "host": store.shop,
            "sslEnabled": True,
            "url": url,
        },
        "currencyCode": store.currency,
        "enabledPresentmentCurrencies": record["enabled_presentment_currencies"],
        "ianaTimezone": store.timezone,
        "timezoneAbbreviation": "UTC" if not minutes else "LOC",
        "timezoneOffset": f"{sign}{abs(minutes) // 60:02}{abs(minutes) % 60:02}",
        "timezoneOffsetMinutes": minutes,
        "taxesIncluded": store.taxes_included,
        "unitSystem": "METRIC_SYSTEM",
        "weightUnit": "KILOGRAMS",
        "plan": {
            "displayName": plan,
            "publicDisplayName": plan,
            "shopifyPlus": store.plan in ("plus", "enterprise"),
            "partnerDevelopment": False,
        },
        "createdAt": "2024-01-01T00:00:00Z",
        "updatedAt": stamp(record["updated_at"]),
    }


def installation(store: Store) -> dict[str, Any]:
    """``currentAppInstallation``."""
    number = store.shop_record()["id"]
    scopes = [{"handle": each, "description": each.replace("_", " ")} for each in store.scopes]
    return {"id": gid("AppInstallation", number), "accessScopes": scopes}


def api_version(handle: str, latest: Sequence[str]) -> dict[str, Any]:
    """An ``ApiVersion``."""
    supported = handle in latest
    name = f"{handle} (Latest)" if supported and handle == latest[-1] else handle
    return {"handle": handle, "displayName": name, "supported": supported}


SUBSCRIPTION = type_of(
    "WebhookSubscription",
    {
        "id": same("admin_graphql_api_id"),
        "legacyResourceId": lambda view: str(view.record["id"]),
        "topic": same("topic"),
        "uri": same("uri"),
        "callbackUrl": same("uri"),
        "format": same("format"),
        "filter": same("filter"),
        "name": same("name"),
        "includeFields": same("include_fields"),
        "metafieldNamespaces": same("metafield_namespaces"),
        "metafields": same("metafields"),
        "apiVersion": lambda view: api_version(
            view.record["api_version"], (view.record["api_version"],)
        ),
        "createdAt": time("created_at"),
        "updatedAt": time("updated_at"),
    },
)


@makes("webhook_subscription")
def subscription_view(store: Store, record: Record) -> View:
    """The view of a webhook subscription."""
    return View(SUBSCRIPTION, store, record)


_VERBS = {"destroy": "deleted", "create": "created"}


def feed(store: Store) -> dict[int, Mapping[str, Any]]:
    """The store's events as records, by id."""
    return {each.id: _as_record(each) for each in store.events}


def _as_record(event: Deletion) -> Mapping[str, Any]:
    return {
        "id": event.id,
        "action": event.action,
        "subject_type": event.subject_type,
        "subject_id": event.subject_id,
        "at": event.at,
    }


def event(record: Mapping[str, Any]) -> dict[str, Any]:
    """A ``BasicEvent``."""
    subject = record["subject_type"].capitalize()
    return {
        "__typename": "BasicEvent",
        "id": gid("BasicEvent", record["id"]),
        "action": record["action"],
        "message": f"{subject} was {_VERBS[record['action']]}.",
        "subjectId": record["subject_id"],
        "subjectType": record["subject_type"],
        "createdAt": stamp(record["at"]),
        "appTitle": None,
        "attributeToApp": False,
        "attributeToUser": True,
        "criticalAlert": False,
    }


def deletion(record: Mapping[str, Any]) -> dict[str, Any]:
    """A ``DeletionEvent``."""
    return {
        "occurredAt": stamp(record["at"]),
        "subjectId": record["subject_id"],
        "subjectType": record["subject_type"],
    }
