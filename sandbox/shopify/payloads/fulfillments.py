"""Fulfilments, inside an order and as a topic of their own."""

from __future__ import annotations

from typing import Any

from sandbox.shopify.payloads.lines import ADDRESS, LINE_WITHIN
from sandbox.shopify.payloads.shapes import Part, Record, Shape, shaped


def _first(record: Record, key: str) -> Any:
    return next(iter(record.get(key) or ()), None)


FULFILLMENT: Shape = {
    "id": None,
    "admin_graphql_api_id": None,
    "created_at": None,
    "location_id": None,
    "name": None,
    "order_id": None,
    "origin_address": {},
    "receipt": {},
    "service": "manual",
    "shipment_status": None,
    "status": "success",
    "tracking_company": None,
    "tracking_number": lambda each: each.get("tracking_number") or _first(each, "tracking_numbers"),
    "tracking_numbers": [],
    "tracking_url": lambda each: each.get("tracking_url") or _first(each, "tracking_urls"),
    "tracking_urls": [],
    "updated_at": None,
    "line_items": Part(LINE_WITHIN, many=True),
}
ALONE: Shape = {
    "id": None,
    "order_id": None,
    "status": "success",
    "created_at": None,
    "service": None,
    "updated_at": None,
    "tracking_company": None,
    "shipment_status": None,
    "location_id": None,
    "origin_address": None,
    "email": None,
    "destination": Part(ADDRESS),
    "line_items": FULFILLMENT["line_items"],
    "tracking_number": FULFILLMENT["tracking_number"],
    "tracking_numbers": [],
    "tracking_url": FULFILLMENT["tracking_url"],
    "tracking_urls": [],
    "receipt": {},
    "name": None,
    "admin_graphql_api_id": None,
}


def fulfillment(record: Record, order: Record | None) -> dict[str, Any]:
    """``fulfillments/create``, ``fulfillments/update``; email and address are the order's."""
    of_order = order or {}
    whole = {
        "email": of_order.get("email"),
        "destination": of_order.get("shipping_address"),
        **record,
    }
    return shaped(whole, ALONE)
