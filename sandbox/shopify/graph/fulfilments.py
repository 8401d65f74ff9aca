"""What was sent of an order."""

from __future__ import annotations

from typing import Any

from sandbox.shopify.graph.lines import line_of
from sandbox.shopify.graph.views import (
    View,
    always,
    cut,
    enum,
    legacy_id,
    listed,
    same,
    time,
    type_of,
    upper,
)
from sandbox.shopify.model import gid

NOTHING, YES = always(None), always(value=True)


def _tracking(view: View) -> list[dict[str, Any]]:
    numbers, urls = view.record["tracking_numbers"], view.record["tracking_urls"]
    count = max(len(numbers), len(urls))
    return [
        {
            "company": view.record["tracking_company"],
            "number": numbers[place] if place < len(numbers) else None,
            "url": urls[place] if place < len(urls) else None,
        }
        for place in range(count)
    ]


def _sent_lines(view: View) -> list[dict[str, Any]]:
    return [
        {
            "id": gid("FulfillmentLineItem", each["id"]),
            "lineItem": line_of(view, each["id"]),
            "quantity": each["quantity"],
        }
        for each in view.record["line_items"]
    ]


FULFILLMENT = type_of(
    "Fulfillment",
    {
        "id": same("admin_graphql_api_id"),
        "legacyResourceId": legacy_id,
        "name": same("name"),
        "status": enum("status"),
        "displayStatus": lambda view: upper(view.record["shipment_status"]) or "FULFILLED",
        "createdAt": time("created_at"),
        "updatedAt": time("updated_at"),
        "deliveredAt": time("delivered_at"),
        "estimatedDeliveryAt": NOTHING,
        "inTransitAt": NOTHING,
        "requiresShipping": YES,
        "totalQuantity": lambda view: sum(each["quantity"] for each in view.record["line_items"]),
        "trackingInfo": cut(_tracking),
        "fulfillmentLineItems": listed(_sent_lines),
    },
)
