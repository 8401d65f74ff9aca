"""Bodies of the order topics: 93 keys, and ``checkout_id`` besides until 2026-01."""

from __future__ import annotations

from typing import Any

from sandbox.shopify.payloads.customers import customer_within
from sandbox.shopify.payloads.fulfillments import FULFILLMENT
from sandbox.shopify.payloads.lines import ADDRESS, DISCOUNT_ALLOCATION, LINE, TAX_LINE
from sandbox.shopify.payloads.refunds import REFUND
from sandbox.shopify.payloads.shapes import Part, Record, Shape, shaped, zero

SHIPPING_LINE: Shape = {
    "id": None,
    "carrier_identifier": None,
    "code": None,
    "current_discounted_price_set": lambda line: line.get(
        "current_discounted_price_set", line["discounted_price_set"]
    ),
    "discounted_price": "0.00",
    "discounted_price_set": None,
    "is_removed": False,
    "phone": None,
    "price": "0.00",
    "price_set": None,
    "requested_fulfillment_service_id": None,
    "source": "shopify",
    "title": "Standard",
    "tax_lines": Part(TAX_LINE, many=True),
    "discount_allocations": Part(DISCOUNT_ALLOCATION, many=True),
}

ORDER: Shape = {
    "id": None,
    "admin_graphql_api_id": None,
    "app_id": None,
    "browser_ip": None,
    "buyer_accepts_marketing": False,
    "cancel_reason": None,
    "cancelled_at": None,
    "cart_token": None,
    "checkout_token": None,
    "client_details": None,
    "closed_at": None,
    "confirmation_number": None,
    "confirmed": True,
    "contact_email": lambda order: order.get("contact_email", order.get("email")),
    "created_at": None,
    "currency": None,
    "current_shipping_price_set": zero,
    "current_subtotal_price": "0.00",
    "current_subtotal_price_set": zero,
    "current_total_additional_fees_set": None,
    "current_total_discounts": "0.00",
    "current_total_discounts_set": zero,
    "current_total_duties_set": None,
    "current_total_price": "0.00",
    "current_total_price_set": zero,
    "current_total_tax": "0.00",
    "current_total_tax_set": zero,
    "customer_locale": None,
    "device_id": None,
    "discount_codes": [],
    "duties_included": False,
    "email": None,
    "estimated_taxes": False,
    "financial_status": "pending",
    "fulfillment_status": None,
    "landing_site": None,
    "landing_site_ref": None,
    "location_id": None,
    "merchant_business_entity_id": "MTU0ODM4MDAwOQ",
    "merchant_of_record_app_id": None,
    "name": None,
    "note": None,
    "note_attributes": [],
    "number": None,
    "order_number": None,
    "order_status_url": None,
    "original_total_additional_fees_set": None,
    "original_total_duties_set": None,
    "payment_gateway_names": [],
    "phone": None,
    "po_number": None,
    "presentment_currency": None,
    "processed_at": None,
    "reference": None,
    "referring_site": None,
    "source_identifier": None,
    "source_name": "web",
    "source_url": None,
    "subtotal_price": "0.00",
    "subtotal_price_set": zero,
    "tags": "",
    "tax_exempt": False,
    "tax_lines": Part(TAX_LINE, many=True),
    "taxes_included": False,
    "test": False,
    "token": None,
    "total_cash_rounding_payment_adjustment_set": zero,
    "total_cash_rounding_refund_adjustment_set": zero,
    "total_discounts": "0.00",
    "total_discounts_set": zero,
    "total_line_items_price": "0.00",
    "total_line_items_price_set": zero,
    "total_outstanding": "0.00",
    "total_price": "0.00",
    "total_price_set": zero,
    "total_shipping_price_set": zero,
    "total_tax": "0.00",
    "total_tax_set": zero,
    "total_tip_received": "0.00",
    "total_weight": 0,
    "updated_at": None,
    "user_id": None,
    "billing_address": Part(ADDRESS),
    "customer": lambda order: customer_within(order.get("customer")),
    "discount_applications": [],
    "fulfillments": Part(FULFILLMENT, many=True),
    "line_items": Part(LINE, many=True),
    "payment_terms": None,
    "refunds": Part(REFUND, many=True),
    "shipping_address": Part(ADDRESS),
    "shipping_lines": Part(SHIPPING_LINE, many=True),
    "returns": [],
    "line_item_groups": [],
}


def order(record: Record, *, with_checkout_ids: bool) -> dict[str, Any]:
    """Every order topic but ``orders/edited`` and ``orders/delete``."""
    payload = shaped(record, ORDER)
    if not with_checkout_ids:
        return payload
    # Gone since 2026-04:
    # https://shopify.dev/changelog/removed-checkout-id-from-checkouts-and-orders-webhooks
    before, after = list(payload).index("cart_token") + 1, list(payload.items())
    return dict([*after[:before], ("checkout_id", record.get("checkout_id")), *after[before:]])


def order_edit(record: Record) -> dict[str, Any]:
    """``orders/edited``: the edit, not the order."""
    return {"order_edit": shaped(record, _EDIT)}


_EDIT: Shape = {
    "id": None,
    "app_id": None,
    "created_at": None,
    "committed_at": None,
    "notify_customer": False,
    "order_id": None,
    "staff_note": "",
    "user_id": None,
    "line_items": {"additions": [], "removals": []},
    "discounts": {"line_item": {"additions": [], "removals": []}},
    "shipping_lines": {"additions": [], "removals": []},
}
