"""Line items, their taxes and discounts, and postal addresses, as orders carry them."""

from __future__ import annotations

from typing import Any

from sandbox.shopify.payloads.shapes import Part, Record, Shape

ADDRESS: Shape = {
    "first_name": None,
    "address1": None,
    "phone": None,
    "city": None,
    "zip": None,
    "province": None,
    "country": None,
    "last_name": None,
    "address2": None,
    "company": None,
    "latitude": None,
    "longitude": None,
    "name": "",
    "country_code": None,
    "province_code": None,
}
TAX_LINE: Shape = {
    "channel_liable": False,
    "price": "0.00",
    "price_set": None,
    "rate": 0.0,
    "title": "",
}
DISCOUNT_ALLOCATION: Shape = {
    "amount": "0.00",
    "amount_set": None,
    "discount_application_index": 0,
}


def _current(line: Record) -> Any:
    return line.get("current_quantity", line["quantity"])


LINE: Shape = {
    "id": None,
    "admin_graphql_api_id": None,
    "attributed_staffs": [],
    "current_quantity": _current,
    "fulfillable_quantity": _current,
    "fulfillment_service": "manual",
    "fulfillment_status": None,
    "gift_card": False,
    "grams": 0,
    "name": "",
    "price": "0.00",
    "price_set": None,
    "product_exists": True,
    "product_id": None,
    "properties": [],
    "quantity": 1,
    "requires_shipping": True,
    "sales_line_item_group_id": None,
    "sku": None,
    "taxable": True,
    "title": "",
    "total_discount": "0.00",
    "total_discount_set": None,
    "variant_id": None,
    "variant_inventory_management": None,
    "variant_title": None,
    "vendor": None,
    "tax_lines": Part(TAX_LINE, many=True),
    "duties": [],
    "discount_allocations": Part(DISCOUNT_ALLOCATION, many=True),
}

_ORDER_ONLY = ("attributed_staffs", "current_quantity", "sales_line_item_group_id")
LINE_WITHIN: Shape = {key: kind for key, kind in LINE.items() if key not in _ORDER_ONLY}
"""The line item inside a fulfilment or a refund."""
