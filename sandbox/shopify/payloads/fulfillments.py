"""Fulfilments, inside an order and as a topic of their own."""

from __future__ import annotations

from typing import Any

from sandbox.shopify.payloads.lines import ADDRESS, LINE_WITHIN
from sandbox.shopify.payloads.shapes import Part, Record, Shape, shaped

PRIMARY_LOCATION = 655441491


def _first(record: Record, key: str) -> Any:
    return next(iter(record.get(key) or ()), None)


def _location(record: Record) -> int:
    return record.get("location_id") or PRIMARY_LOCATION


def _origin(record: Record) -> Any:
    return record.get("origin_address") or {}


def _shipped(line: Record) -> str:
    return "partial" if line["fulfillable_quantity"] else "fulfilled"


SHIPPED_LINE: Shape = {**LINE_WITHIN, "fulfillment_status": _shipped}
FULFILLMENT: Shape = {
    "id": None,
    "admin_graphql_api_id": None,
    "created_at": None,
    "location_id": _location,
    "name": None,
    "order_id": None,
    "origin_address": _origin,
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
    "line_items": Part(SHIPPED_LINE, many=True),
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
    "location_id": _location,
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
