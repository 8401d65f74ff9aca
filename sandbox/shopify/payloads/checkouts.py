"""Bodies of the checkout topics."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.shopify.payloads.customers import customer_within
from sandbox.shopify.payloads.lines import ADDRESS
from sandbox.shopify.payloads.shapes import Part, Record, Shape, shaped


def _key(line: Record) -> str:
    return str(line.get("key") or line.get("id") or line.get("variant_id"))


def _line_price(line: Record) -> str:
    return str(line.get("line_price") or Decimal(line["price"]) * int(line["quantity"]))


TAX_LINE: Shape = {
    "price": "0.00",
    "position": 1,
    "rate": 0.0,
    "title": "",
    "source": "Shopify",
    "zone": None,
    "jurisdiction_id": None,
    "jurisdiction_type": None,
    "jurisdiction_source": None,
    "reporting_taxable_amount": None,
    "reporting_non_taxable_amount": None,
    "reporting_exempt_amount": None,
    "reporting_jurisdiction_name": None,
    "reporting_jurisdiction_type": None,
    "reporting_jurisdiction_code": None,
    "tax_api_client_id": None,
    "tax_calculation_price": lambda tax: tax["price"],
    "tax_registration_id": None,
    "compare_at": lambda tax: tax["rate"],
    "channel_liable": False,
}
DISCOUNT_ALLOCATION: Shape = {
    "id": None,
    "amount": "0.00",
    "description": "",
    "created_at": None,
    "application_type": "discount_code",
    "discount_class": "PRODUCT",
}
LINE: Shape = {
    "applied_discounts": [],
    "discount_allocations": Part(DISCOUNT_ALLOCATION, many=True),
    "key": _key,
    "destination_location_id": None,
    "fulfillment_service": "manual",
    "gift_card": False,
    "grams": 0,
    "origin_location_id": None,
    "presentment_title": lambda line: line.get("title"),
    "presentment_variant_title": lambda line: line.get("variant_title"),
    "product_id": None,
    "properties": None,
    "quantity": 1,
    "requires_shipping": True,
    "sku": None,
    "tax_lines": Part(TAX_LINE, many=True),
    "taxable": True,
    "title": "",
    "variant_id": None,
    "variant_title": None,
    "variant_price": lambda line: line.get("variant_price", line["price"]),
    "vendor": None,
    "user_id": None,
    "unit_price_measurement": {
        "measured_type": None,
        "quantity_value": None,
        "quantity_unit": None,
        "reference_value": None,
        "reference_unit": None,
    },
    "rank": None,
    "compare_at_price": None,
    "line_price": _line_price,
    "price": "0.00",
}
SHIPPING_TAX_LINE: Shape = {
    "price": "0.00",
    "position": 1,
    "rate": 0.0,
    "title": "",
    "source": "Shopify",
    "zone": None,
    "compare_at": lambda tax: tax["rate"],
    "identifier": None,
    "channel_liable": False,
}
SUMMED_TAX: Shape = {"price": "0.00", "rate": 0.0, "title": "", "channel_liable": False}
SHIPPING_LINE: Shape = {
    "api_client_id": None,
    "applied_discounts": [],
    "carrier_identifier": None,
    "carrier_service_id": None,
    "code": "Standard",
    "custom_tax_lines": None,
    "delivery_category": None,
    "delivery_expectation_range": None,
    "delivery_expectation_type": None,
    "id": lambda line: f"{line['id']:032x}",
    "markup": "0.00",
    "original_shop_markup": None,
    "original_shop_price": None,
    "phone": None,
    "presentment_title": lambda line: line.get("title"),
    "price": "0.00",
    "requested_fulfillment_service_id": None,
    "source": "shopify",
    "tax_lines": Part(SHIPPING_TAX_LINE, many=True),
    "title": "Standard",
    "validation_context": None,
}
CHECKOUT: Shape = {
    "token": None,
    "cart_token": None,
    "email": None,
    "gateway": None,
    "buyer_accepts_marketing": False,
    "created_at": None,
    "updated_at": None,
    "landing_site": None,
    "note": None,
    "note_attributes": [],
    "referring_site": None,
    "shipping_lines": Part(SHIPPING_LINE, many=True),
    "taxes_included": False,
    "total_weight": 0,
    "currency": None,
    "completed_at": None,
    "closed_at": None,
    "user_id": None,
    "location_id": None,
    "source_identifier": None,
    "source_url": None,
    "device_id": None,
    "phone": None,
    "customer_locale": None,
    "line_items": Part(LINE, many=True),
    "name": None,
    "source": None,
    "abandoned_checkout_url": None,
    "discount_codes": [],
    "tax_lines": Part(SUMMED_TAX, many=True),
    "source_name": "web",
    "presentment_currency": None,
    "buyer_accepts_sms_marketing": False,
    "sms_marketing_phone": None,
    "total_discounts": "0.00",
    "total_line_items_price": "0.00",
    "total_price": "0.00",
    "total_tax": "0.00",
    "subtotal_price": "0.00",
    "total_duties": None,
    "reservation_token": None,
    "billing_address": Part(ADDRESS),
    "shipping_address": Part(ADDRESS),
    "customer": lambda checkout: customer_within(checkout.get("customer")),
}
DELETED_KEYS = (
    "id",
    "presentment_currency",
    "buyer_accepts_sms_marketing",
    "sms_marketing_phone",
    "total_discounts",
    "total_line_items_price",
    "total_price",
    "total_tax",
    "subtotal_price",
    "cart_token",
    "total_duties",
    "reservation_token",
)


def checkout(record: Record, *, with_checkout_ids: bool) -> dict[str, Any]:
    """``checkouts/create``, ``checkouts/update``; an address not yet given has no key."""
    payload = shaped(record, CHECKOUT)
    for name in ("billing_address", "shipping_address", "customer"):
        if payload[name] is None:
            del payload[name]
    return {"id": record["id"], **payload} if with_checkout_ids else payload


def deleted(record: Record) -> dict[str, Any]:
    """``checkouts/delete``: the id, in every version, and no token."""
    whole = {"id": record["id"], **shaped(record, CHECKOUT)}
    return {key: whole[key] for key in DELETED_KEYS}
