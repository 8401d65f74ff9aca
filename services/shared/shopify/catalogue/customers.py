"""Customers. Since 2025-01 webhooks lack tags, consents and totals; GraphQL has them.

https://shopify.dev/changelog/new-customer-s-webhook-and-changes-to-existing-customer-s-webhooks-payload
"""

# ruff: noqa: E501  # a row of a table is one line

from __future__ import annotations

from typing import Any, Final

from services.shared.shopify.catalogue.addresses import address
from services.shared.shopify.catalogue.fields import Field, Place, field
from services.shared.shopify.catalogue.reading import FieldType, id_in, lowered

T, N, M, D, B, L = (
    FieldType.TEXT,
    FieldType.INT,
    FieldType.MONEY,
    FieldType.DATETIME,
    FieldType.BOOL,
    FieldType.LIST,
)
_EMAIL: Final = "defaultEmailAddress"
_SMS: Final = "defaultPhoneNumber.smsMarketingConsent"


def _id(path: str) -> Place:
    return Place(path=path, read=id_in)


def _enum(path: str) -> Place:
    return Place(path=path, read=lowered)


def _consent(state: Any) -> str:
    """``NEVER_SUBSCRIBED`` is what webhooks, and the enum of emails, call ``not_subscribed``."""
    said = lowered(state)
    return "not_subscribed" if said == "never_subscribed" else said


CUSTOMERS: Final[tuple[Field, ...]] = (
    field("id", T, "Customer ID", _id("id"), _id("id")),
    field("email", T, "Email", "email", f"{_EMAIL}.emailAddress"),
    field("phone", T, "Phone", "phone", "defaultPhoneNumber.phoneNumber"),
    field("first_name", T, "First name", "first_name", "firstName"),
    field("last_name", T, "Last name", "last_name", "lastName"),
    field("created_at", D, "Created at", "created_at", "createdAt"),
    field("updated_at", D, "Updated at", "updated_at", "updatedAt"),
    field("state", T, "Account state", "state", _enum("state")),
    field("note", T, "Note", "note", "note"),
    field("verified_email", B, "Email verified", "verified_email", "verifiedEmail"),
    field("tax_exempt", B, "Tax exempt", "tax_exempt", "taxExempt"),
    field("locale", T, "Language", None, "locale"),
    field("tags", L, "Tags", "tags", "tags"),
    field("orders_count", N, "Orders", "orders_count", "numberOfOrders"),
    field("total_spent", M, "Amount spent", "total_spent", "amountSpent.amount"),
    field("currency", T, "Currency", "currency", "amountSpent.currencyCode"),
    field("last_order_id", T, "Last order ID", _id("last_order_id"), _id("lastOrder.id")),
    field("last_order_name", T, "Last order", "last_order_name", "lastOrder.name"),
    field("email_marketing_state", T, "Email marketing", "email_marketing_consent.state", _enum(f"{_EMAIL}.marketingState")),
    field("email_marketing_opt_in_level", T, "Email marketing: opt-in level", "email_marketing_consent.opt_in_level", _enum(f"{_EMAIL}.marketingOptInLevel")),
    field("email_marketing_updated_at", D, "Email marketing: changed at", "email_marketing_consent.consent_updated_at", f"{_EMAIL}.marketingUpdatedAt"),
    field("sms_marketing_state", T, "SMS marketing", "sms_marketing_consent.state", Place(path=f"{_SMS}.state", read=_consent)),
    field("sms_marketing_opt_in_level", T, "SMS marketing: opt-in level", "sms_marketing_consent.opt_in_level", _enum(f"{_SMS}.optInLevel")),
    field("sms_marketing_updated_at", D, "SMS marketing: changed at", "sms_marketing_consent.consent_updated_at", f"{_SMS}.updatedAt"),
    *address("address", "Default address", "default_address", "defaultAddress"),
)  # fmt: skip
