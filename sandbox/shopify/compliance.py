"""What Shopify sends about people's data: three topics no store action raises.

https://shopify.dev/docs/apps/build/compliance/privacy-law-compliance
"""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from sandbox.shopify.model import Change, Kind, Record
from sandbox.shopify.store import Store

ComplianceTopic = Literal["customers/data_request", "customers/redact", "shop/redact"]
TOPICS: tuple[ComplianceTopic, ...] = ("customers/data_request", "customers/redact", "shop/redact")


def compliance_change(
    store: Store, topic: ComplianceTopic, customer: Record | None = None
) -> Change:
    """The change to hand to ``Deliveries.send``; ``customer`` is whom the request is about."""
    body: dict[str, Any] = {"shop_id": store.shop_record()["id"], "shop_domain": store.shop}
    if topic != "shop/redact":
        if customer is None:
            raise ValueError(f"{topic} is about a customer")
        orders = [
            each["id"] for each in store.orders.values() if each["customer_id"] == customer["id"]
        ]
        body["customer"] = {key: customer[key] for key in ("id", "email", "phone")}
        if topic == "customers/redact":
            body["orders_to_redact"] = orders
        else:
            body["orders_requested"] = orders
            body["data_request"] = {"id": store.new_id("data_request")}
    return Change(
        shop=store.shop,
        topic=topic,
        kind=Kind.SHOP,
        record=body,
        at=store.now(),
        event_id=str(UUID(int=store.rng.getrandbits(128), version=4)),
    )
