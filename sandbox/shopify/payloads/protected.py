"""Protected customer data: what an app without access to it does not get.

https://shopify.dev/docs/apps/launch/protected-customer-data
"""

from __future__ import annotations

from typing import Any

ABOUT_NOBODY = ("app/", "shop/", "products/", "bulk_operations/")
"""Topics without personal data; an email in them is the shop's own."""

_PERSONAL = frozenset(
    (
        "billing_address",
        "browser_ip",
        "client_details",
        "contact_email",
        "default_address",
        "destination",
        "email",
        "email_address",
        "first_name",
        "last_name",
        "phone",
        "shipping_address",
        "sms_marketing_phone",
    )
)


def without_personal_data(payload: Any) -> Any:
    """The payload with names, emails, phones and addresses null, wherever they are."""
    if isinstance(payload, list):
        return [without_personal_data(each) for each in payload]
    if not isinstance(payload, dict):
        return payload
    return {
        key: None if key in _PERSONAL else [] if key == "addresses" else without_personal_data(each)
        for key, each in payload.items()
    }
