"""Bodies of the topics about the shop, the app, and people's data."""

from __future__ import annotations

from typing import Any

from sandbox.shopify.model import gid
from sandbox.shopify.payloads.fulfillments import PRIMARY_LOCATION
from sandbox.shopify.payloads.shapes import Record, Shape, shaped, utc_milliseconds

SHOP: Shape = {
    "id": None,
    "name": None,
    "email": "owner@example.com",
    "domain": None,
    "province": "Ontario",
    "country": lambda shop: shop.get("country", shop.get("country_code")),
    "address1": "1 Market Street",
    "zip": "K1A 0B1",
    "city": "Ottawa",
    "source": None,
    "phone": "+16135550100",
    "latitude": None,
    "longitude": None,
    "primary_locale": "en",
    "address2": None,
    "created_at": None,
    "updated_at": None,
    "country_code": "US",
    "country_name": lambda shop: shop.get("country_name", shop.get("country_code")),
    "currency": "USD",
    "customer_email": "owner@example.com",
    "timezone": lambda shop: shop.get("timezone", shop.get("iana_timezone")),
    "iana_timezone": None,
    "shop_owner": "The Owner",
    "money_format": "${{amount}}",
    "money_with_currency_format": lambda shop: f"${{{{amount}}}} {shop['currency']}",
    "weight_unit": "kg",
    "province_code": "ON",
    "taxes_included": None,
    "auto_configure_tax_inclusivity": None,
    "tax_shipping": None,
    "county_taxes": None,
    "plan_display_name": lambda shop: f"Shopify {shop.get('plan_name', 'standard').title()}",
    "plan_name": "standard",
    "has_discounts": False,
    "has_gift_cards": True,
    "myshopify_domain": None,
    "google_apps_domain": None,
    "google_apps_login_enabled": None,
    "money_in_emails_format": "${{amount}}",
    "money_with_currency_in_emails_format": lambda shop: f"${{{{amount}}}} {shop['currency']}",
    "eligible_for_payments": True,
    "requires_extra_payments_agreement": False,
    "password_enabled": None,
    "has_storefront": True,
    "finances": True,
    "primary_location_id": PRIMARY_LOCATION,
    "checkout_api_supported": True,
    "multi_location_enabled": True,
    "setup_required": False,
    "pre_launch_enabled": False,
    "enabled_presentment_currencies": [],
    "marketing_sms_consent_enabled_at_checkout": False,
    "transactional_sms_disabled": False,
}
BULK_OPERATION: Shape = {
    "admin_graphql_api_id": None,
    "completed_at": None,
    "created_at": None,
    "error_code": None,
    "status": "completed",
    "type": "query",
}


def shop(record: Record) -> dict[str, Any]:
    """``shop/update``, ``app/uninstalled``."""
    return shaped(record, SHOP)


def scopes(record: Record) -> dict[str, Any]:
    """``app/scopes_update``."""
    return {
        "id": record["id"],
        "shop_id": gid("Shop", record["id"]),
        "previous": list(record["previous"]),
        "current": list(record["current"]),
        "updated_at": utc_milliseconds(record["updated_at"]),
    }


def bulk_operation(record: Record) -> dict[str, Any]:
    """``bulk_operations/finish``."""
    return shaped(record, BULK_OPERATION)


def as_it_is(record: Record) -> dict[str, Any]:
    """The compliance topics: the record is the body."""
    return dict(record)
