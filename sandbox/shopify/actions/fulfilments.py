"""Orders are shipped, and arrive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sandbox.shopify.actions.order_state import (
    derive_fulfillment,
    line_of,
    order_updated,
    record_of,
)
from sandbox.shopify.model import Kind, Record, copied, gid
from sandbox.shopify.store import Store


def fulfil(
    store: Store,
    order_id: int,
    quantities: Mapping[str, int] | None = None,
    tracking: Sequence[Mapping[str, str]] = (),
    shipment_status: str | None = None,
) -> Record:
    """Ship lines (``quantities`` by line id; everything left unless given).

    ``tracking`` is a list of ``{number, url}``; ``shipment_status`` as in ``track``.
    """
    order = store.orders[order_id]
    left = {each["id"]: each["fulfillable_quantity"] for each in order["line_items"]}
    asked = {int(key): each for key, each in quantities.items()} if quantities else left
    shipped = {key: each for key, each in asked.items() if each}
    if not shipped or any(each > left[key] for key, each in shipped.items()):
        raise ValueError("there is not that much left to fulfil")
    with store.action():
        fulfillment = _fulfillment(store, order, shipped, tracking)
        fulfillment["shipment_status"] = shipment_status
        order["fulfillments"].append(fulfillment)
        derive_fulfillment(order)
        order_updated(store, order)
        store.raises("fulfillments/create", Kind.FULFILLMENT, fulfillment)
        whole = order["fulfillment_status"] == "fulfilled"
        topic = "orders/fulfilled" if whole else "orders/partially_fulfilled"
        store.raises(topic, Kind.ORDER, order)
        if whole and order["financial_status"] == "paid":
            order["closed_at"] = order["updated_at"]
    return order


def _fulfillment(
    store: Store, order: Record, shipped: Mapping[int, int], tracking: Sequence[Mapping[str, str]]
) -> Record:
    number, now = store.new_id("fulfillment"), store.now()
    lines = []
    for key, quantity in shipped.items():
        line = line_of(order, key)
        line["fulfillable_quantity"] -= quantity
        lines.append({**copied(line), "quantity": quantity})
    numbers = [each["number"] for each in tracking if each.get("number")]
    urls = [each["url"] for each in tracking if each.get("url")]
    return {
        "id": number,
        "admin_graphql_api_id": gid("Fulfillment", number),
        "order_id": order["id"],
        "name": f"{order['name']}.{len(order['fulfillments']) + 1}",
        "status": "success",
        "created_at": now,
        "updated_at": now,
        "service": "manual",
        "location_id": None,
        "origin_address": None,
        "receipt": {},
        "shipment_status": None,
        "delivered_at": None,
        "tracking_company": tracking[0].get("company", "DHL") if tracking else None,
        "tracking_number": numbers[0] if numbers else None,
        "tracking_numbers": numbers,
        "tracking_url": urls[0] if urls else None,
        "tracking_urls": urls,
        "line_items": lines,
    }


def track(store: Store, order_id: int, fulfillment_id: int, shipment_status: str) -> Record:
    """What the carrier says: ``in_transit``, ``out_for_delivery``, ``delivered``, ``failure``."""
    order = store.orders[order_id]
    fulfillment = record_of(order["fulfillments"], fulfillment_id)
    with store.action():
        fulfillment["shipment_status"] = shipment_status
        fulfillment["updated_at"] = store.now()
        if shipment_status == "delivered":
            fulfillment["delivered_at"] = store.now()
        order_updated(store, order)
        store.raises("fulfillments/update", Kind.FULFILLMENT, fulfillment)
    return order
