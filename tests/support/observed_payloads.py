"""Bodies of webhooks, and what is made of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson

from services.shared.contract.events import (
    Change,
    Event,
    Origin,
    Partition,
    Position,
    Provenance,
)
from services.shared.contract.records import Observation
from services.shared.shopify.payloads import observations_in

SHOP = "acme.myshopify.com"
ORDER: dict[str, Any] = {
    "id": 820982911946154508,
    "admin_graphql_api_id": "gid://shopify/Order/820982911946154508",
    "name": "#1001",
    "currency": "USD",
    "updated_at": "2026-11-23T10:00:00-05:00",
    "current_total_price": "12.50",
    "financial_status": "paid",
    "fulfillment_status": None,
    "tags": "b, a",
    "customer": None,
    "refunds": [],
    "fulfillments": [],
    "line_items": [
        {
            "id": 7,
            "title": "Mug",
            "quantity": 3,
            "current_quantity": 2,
            "price": "5.00",
            "variant_id": None,
            "discount_allocations": [{"amount": "1.00"}, {"amount": "1.00"}],
            "tax_lines": [{"price": "0.40"}, {"price": "0.10"}],
        }
    ],
}
PRODUCT: dict[str, Any] = {
    "id": 5,
    "title": "Mug",
    "updated_at": "2026-11-23T10:00:00Z",
    "images": [{"id": 3, "src": "https://cdn.example.com/a.png"}],
    "variants": [
        {"id": 51, "title": "Red", "price": "9.00", "image_id": 3},
        {"id": 52, "title": "Blue", "price": "9.00", "image_id": None},
    ],
    "variant_gids": [{}, {}],
}
CHECKOUT: dict[str, Any] = {
    "token": "abcdef",
    "name": "#981820079255243537",
    "updated_at": "2026-11-23T10:00:00Z",
    "line_items": [{"key": "k", "quantity": 1}, {"key": "k", "quantity": 1}, {"quantity": 2}],
}


def observed(
    topic: str,
    body: Any,
    key: str,
    *,
    origin: Origin = Origin.WEBHOOK,
    raw: bytes | None = None,
) -> list[Observation]:
    """What an event of a webhook topic says, of the body as JSON or of ``raw`` bytes."""
    event = Event(
        position=Position(Partition("shopify.orders", 0), 0),
        key=f"{SHOP}/{key}",
        value=orjson.dumps(body) if raw is None else raw,
        headers={},
        appended_at=datetime(2026, 11, 24, tzinfo=UTC),
    )
    provenance = Provenance(shop=SHOP, origin=origin, change=Change.STATE, shopify_topic=topic)
    return list(observations_in(event, provenance))
