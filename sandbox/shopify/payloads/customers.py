"""Bodies of the customer topics; https://shopify.dev/docs/api/webhooks?reference=toml."""

from __future__ import annotations

from typing import Any

from sandbox.shopify.model import gid
from sandbox.shopify.payloads.shapes import Part, Record, Shape, shaped, utc_milliseconds

ADDRESS: Shape = {
    "id": None,
    "customer_id": None,
    "first_name": None,
    "last_name": None,
    "company": None,
    "address1": None,
    "address2": None,
    "city": None,
    "province": None,
    "country": None,
    "zip": None,
    "phone": None,
    "name": "",
    "province_code": None,
    "country_code": None,
    "country_name": lambda address: address.get("country"),
    "default": False,
}

_IDENTITY: Shape = {
    "id": None,
    "created_at": None,
    "updated_at": None,
    "first_name": None,
    "last_name": None,
    "state": "disabled",
    "note": None,
    "verified_email": True,
    "multipass_identifier": None,
    "tax_exempt": False,
    "email": None,
    "phone": None,
    "currency": None,
}
_TAIL: Shape = {
    "tax_exemptions": [],
    "admin_graphql_api_id": None,
    "default_address": Part(ADDRESS),
}
# No tags, consents, order count or total spent since 2025-01:
# https://shopify.dev/changelog/new-customer-s-webhook-and-changes-to-existing-customer-s-webhooks-payload
CUSTOMER: Shape = {**_IDENTITY, "addresses": Part(ADDRESS, many=True), **_TAIL}
CUSTOMER_WITHIN: Shape = {**_IDENTITY, **_TAIL}
DELETED: Shape = {"id": None, "tax_exemptions": [], "admin_graphql_api_id": None}


def customer(record: Record) -> dict[str, Any]:
    """``customers/create``, ``update``, ``enable``, ``disable``; without an address, no key."""
    payload = shaped(record, CUSTOMER)
    if payload["default_address"] is None:
        del payload["default_address"]
    return payload


def customer_within(record: Record | None) -> dict[str, Any] | None:
    """The customer inside an order or a checkout: no list of addresses."""
    if record is None:
        return None
    payload = shaped(record, CUSTOMER_WITHIN)
    if payload["default_address"] is None:
        del payload["default_address"]
    return payload


def deleted(record: Record) -> dict[str, Any]:
    """``customers/delete``."""
    return shaped(record, DELETED)


def merged(record: Record) -> dict[str, Any]:
    """``customers/merge``."""
    return {
        "admin_graphql_api_customer_kept_id": gid("Customer", record["kept_id"]),
        "admin_graphql_api_customer_deleted_id": gid("Customer", record["deleted_id"]),
        "admin_graphql_api_job_id": None,
        "status": record["status"],
        "errors": record["errors"],
    }


def purchasing_summary(record: Record) -> dict[str, Any]:
    """``customers/purchasing_summary``; the names are camelCase here."""
    last = record["last_order_id"]
    return {
        "customerId": record["admin_graphql_api_id"],
        "numberOfOrders": record["orders_count"],
        "amountSpent": {"amount": record["total_spent"], "currencyCode": record["currency"]},
        "lastOrderId": None if last is None else gid("Order", last),
        "occurredAt": utc_milliseconds(record["updated_at"]),
    }


def tags(record: Record) -> dict[str, Any]:
    """``customer.tags_added``, ``customer.tags_removed``."""
    return {
        "customerId": record["customer"]["admin_graphql_api_id"],
        "tags": record["tags"],
        "occurredAt": utc_milliseconds(record["occurred_at"]),
    }


def email_consent(record: Record) -> dict[str, Any]:
    """``customers_email_marketing_consent/update``."""
    consent = record["email_marketing_consent"] or {}
    return {
        "customer_id": record["id"],
        "email_address": record["email"],
        "email_marketing_consent": {
            "state": consent.get("state", "not_subscribed"),
            "opt_in_level": consent.get("opt_in_level"),
            "consent_updated_at": consent.get("consent_updated_at"),
        },
    }


def sms_consent(record: Record) -> dict[str, Any]:
    """``customers_marketing_consent/update``: the SMS consent."""
    consent = record["sms_marketing_consent"] or {}
    return {
        "id": record["id"],
        "phone": record["phone"],
        "sms_marketing_consent": {
            "state": consent.get("state"),
            "opt_in_level": consent.get("opt_in_level"),
            "consent_updated_at": consent.get("consent_updated_at"),
            "consent_collected_from": consent.get("consent_collected_from", "other"),
        },
    }
