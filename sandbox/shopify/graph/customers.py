"""Customers, their addresses and consents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.shopify.graph.paging import bad_request, connection
from sandbox.shopify.graph.reaching import found, makes, view_of
from sandbox.shopify.graph.views import (
    ADDRESS,
    View,
    address,
    always,
    cut,
    enum,
    legacy_id,
    listed,
    metafield_fields,
    same,
    stamp,
    time,
    type_of,
    upper,
)
from sandbox.shopify.model import Kind, Record, gid, split_tags
from sandbox.shopify.store import Store

PROTECTED = (
    "firstName",
    "lastName",
    "email",
    "phone",
    "defaultEmailAddress",
    "defaultPhoneNumber",
    "defaultAddress",
)


def _email(view: View) -> dict[str, Any] | None:
    email, consent = view.record["email"], view.record["email_marketing_consent"]
    if not email:
        return None
    return {
        "emailAddress": email,
        "marketingState": upper(consent["state"]),
        "marketingOptInLevel": upper(consent["opt_in_level"]),
        "marketingUpdatedAt": stamp(consent["consent_updated_at"]),
        "validFormat": True,
        "openTrackingLevel": "UNKNOWN",
    }


def _consent(consent: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if consent is None:
        return None
    return {
        "marketingState": upper(consent["state"]),
        "marketingOptInLevel": upper(consent["opt_in_level"]),
        "consentUpdatedAt": stamp(consent["consent_updated_at"]),
        "consentCollectedFrom": consent.get("consent_collected_from"),
    }


def _phone(view: View) -> dict[str, Any] | None:
    phone, consent = view.record["phone"], view.record["sms_marketing_consent"]
    if not phone:
        return None
    state, level = upper(consent["state"]), upper(consent["opt_in_level"])
    changed, source = stamp(consent["consent_updated_at"]), consent["consent_collected_from"]
    return {
        "phoneNumber": phone,
        "marketingState": state,
        "marketingOptInLevel": level,
        "marketingUpdatedAt": changed,
        "marketingCollectedFrom": source,
        "smsMarketingConsent": {
            # This one enum says NEVER_SUBSCRIBED for what all others call NOT_SUBSCRIBED.
            "state": "NEVER_SUBSCRIBED" if state == "NOT_SUBSCRIBED" else state,
            "optInLevel": level,
            "updatedAt": changed,
            "collectedFrom": source,
        },
    }


def _display_name(view: View) -> str:
    if not view.store.protected_data:
        return f"Customer {view.record['id']}"
    record = view.record
    names = " ".join(each for each in (record["first_name"], record["last_name"]) if each)
    return names or record["email"] or record["phone"] or ""


def _addresses(view: View) -> list[View]:
    shown = []
    for each in view.record["addresses"] if view.store.protected_data else ():
        number = gid("MailingAddress", f"{each['id']}?model_name=CustomerAddress")
        shown.append(View(ADDRESS, view.store, each, number))
    return shown


def _orders(view: View) -> Any:
    own = [
        view_of(view.store, Kind.ORDER, each)
        for each in view.store.orders.values()
        if each["customer_id"] == view.record["id"]
    ]

    def chosen(query: str | None = None, sortKey: str = "ID", **page: Any) -> Any:  # noqa: N803 - the schema's name
        if query or sortKey != "ID":
            raise bad_request("the sandbox serves a customer's orders unfiltered, by ID, only")
        return connection(own, **page)

    return chosen


CUSTOMER = type_of(
    "Customer",
    {
        "id": same("admin_graphql_api_id"),
        "legacyResourceId": legacy_id,
        "firstName": same("first_name"),
        "lastName": same("last_name"),
        "displayName": _display_name,
        "email": same("email"),
        "phone": same("phone"),
        "defaultEmailAddress": _email,
        "defaultPhoneNumber": _phone,
        "emailMarketingConsent": lambda view: _consent(view.record["email_marketing_consent"]),
        "smsMarketingConsent": lambda view: _consent(view.record["sms_marketing_consent"]),
        "defaultAddress": lambda view: address(view, "default_address"),
        "addresses": cut(_addresses),
        "addressesV2": listed(_addresses),
        "state": enum("state"),
        "note": same("note"),
        "tags": lambda view: split_tags(view.record["tags"]),
        "locale": same("locale"),
        "verifiedEmail": same("verified_email"),
        "validEmailAddress": lambda view: bool(view.record["email"]),
        "taxExempt": same("tax_exempt"),
        "taxExemptions": same("tax_exemptions"),
        "multipassIdentifier": always(None),
        "dataSaleOptOut": always(value=False),
        "numberOfOrders": lambda view: str(view.record["orders_count"]),
        "amountSpent": lambda view: {
            "amount": view.record["total_spent"],
            "currencyCode": view.record["currency"],
        },
        "lastOrder": lambda view: found(view.store, Kind.ORDER, view.record["last_order_id"]),
        "lifetimeDuration": always("about 1 year"),
        "orders": _orders,
        "createdAt": time("created_at"),
        "updatedAt": time("updated_at"),
        **metafield_fields("CUSTOMER"),
    },
    PROTECTED,
)


@makes(Kind.CUSTOMER)
def customer_view(store: Store, record: Record) -> View:
    """The view of a customer."""
    return View(CUSTOMER, store, record)
