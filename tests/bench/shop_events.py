"""A shop's events for benchmarks: its customers and products as read, and orders as delivered.

The records are the demo store's. There are as many orders as one likes: copies of the store's own
under new ids, so that bodies, lines, guests and odd cases keep a shop's proportions.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from graphql import GraphQLResolveInfo, build_schema, graphql_sync

from sandbox.shopify.graph import customers, orders, products  # noqa: F401  # register their views
from sandbox.shopify.graph.reaching import view_of
from sandbox.shopify.model import Kind
from sandbox.shopify.payloads import orders as order_bodies
from sandbox.shopify.payloads.shapes import encoded
from sandbox.shopify.shopify import Shopify
from sandbox.shopify.store import Store
from sandbox.shops.past import open_shops
from sandbox.shops.stores import NORDLYS
from services.shared.contract.events import Change, NewEvent, Origin, Provenance, headers_of
from services.shared.contract.topics import ObjectType, live_topic
from services.shared.shopify.nodes import cursor_after
from services.shared.shopify.selections import HYDRATE

SHOP = NORDLYS.shop
_SCHEMA = Path(__file__).parents[2] / "sandbox" / "shopify" / "schema.graphql"
_COPY = 10**9
# Orders of two lines and more, three on average: what limits of HubSpot are reckoned with. The
# store's one order of 120 lines would come again with every copy.
_LINES = range(2, 20)
Body = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopEvents:
    """``known`` are customers and products; ``orders`` the bodies of as many orders as asked."""

    known: list[NewEvent]
    orders: list[bytes]


def shop_events(count: int) -> ShopEvents:
    """The store's customers and products, and ``count`` different orders."""
    store = open_shop(Shopify(seed=1))
    products_ = _read(store, Kind.PRODUCT)
    known = {int(event.key.rpartition("/")[2]) for event in products_}
    bodies = [body for body in order_bodies_of(store) if _products_of(body) <= known]
    return ShopEvents(
        known=[*_read(store, Kind.CUSTOMER), *products_],
        orders=[*itertools.islice(order_copies(bodies), count)],
    )


def open_shop(shopify: Shopify) -> Store:
    """The demo's larger store, with its past."""
    return open_shops(shopify, 1, (NORDLYS,))[0]


def delivered(body: bytes, number: int, topic: str = "orders/create") -> NewEvent:
    """``body`` as ingest puts it on the log."""
    record_id = body[body.index(b":") + 1 : body.index(b",")].strip().decode()
    headers = headers_of(
        Provenance(
            shop=SHOP,
            origin=Origin.WEBHOOK,
            change=Change.STATE,
            shopify_topic=topic,
            api_version="2026-07",
            webhook_id=f"b54557e4-bdd9-4b37-8a5f-{number:012d}",
            event_id=f"98880550-7158-44d4-b7cd-{number:012d}",
            triggered_at="2026-11-23T18:00:27.877041743Z",
            received_at=datetime.now(UTC),
        )
    )
    return NewEvent(
        topic=live_topic(ObjectType.ORDERS),
        key=f"{SHOP}/orders/{record_id}",
        value=body,
        headers=headers,
    )


def order_copies(bodies: list[Body]) -> Iterator[bytes]:
    """``bodies`` again and again, each time as other orders."""
    for copy in itertools.count(1):
        for body in bodies:
            yield orjson.dumps(_as_another(body, copy))


def changed_again(body: bytes, times: int) -> bytes:
    """The order after so many more changes: a later ``updated_at``, another note."""
    order = orjson.loads(body)
    updated_at = datetime.fromisoformat(order["updated_at"]) + timedelta(seconds=times)
    return orjson.dumps(order | {"updated_at": updated_at.isoformat(), "note": f"change {times}"})


def _as_another(body: Body, copy: int) -> Body:
    def other(number: int) -> int:
        return number + copy * _COPY

    return body | {
        "id": other(body["id"]),
        "admin_graphql_api_id": f"gid://shopify/Order/{other(body['id'])}",
        "name": f"{body['name']}-{copy}",
        "checkout_token": f"{body.get('checkout_token') or body['id']}-{copy}",
        "line_items": [
            line
            | {
                "id": other(line["id"]),
                "admin_graphql_api_id": f"gid://shopify/LineItem/{other(line['id'])}",
            }
            for line in body["line_items"]
        ],
    }


def order_bodies_of(store: Store) -> list[Body]:
    """The bodies of the store's own orders, as its webhooks have them."""
    snapshots = [store.snapshot(Kind.ORDER, each) for each in store.orders.values()]
    bodies = [order_bodies.order(each, with_checkout_ids=False) for each in snapshots]
    encoded_ = [orjson.loads(encoded(each, timedelta(hours=2))) for each in bodies]
    return [each for each in encoded_ if len(each["line_items"]) in _LINES]


def _products_of(body: Body) -> set[int]:
    return {line["product_id"] for line in body["line_items"] if line["product_id"]}


def _read(store: Store, kind: Kind) -> list[NewEvent]:
    schema = build_schema(_SCHEMA.read_text("utf-8"), assume_valid=True)
    plural = ObjectType(f"{kind}s")
    records = {Kind.CUSTOMER: store.customers, Kind.PRODUCT: store.products}[kind].values()
    views = {view["id"]: view for view in (view_of(store, kind, dict(each)) for each in records)}
    result = graphql_sync(
        schema,
        HYDRATE[plural],
        {"nodes": lambda ids: [views[each] for each in ids]},
        field_resolver=_resolved,
        variable_values={"ids": [*views]},
    )
    if result.errors or result.data is None:
        raise RuntimeError(result.errors)
    # A product of more variants than one answer holds would have to be read again.
    return [
        _event_of(plural, node) for node in result.data["nodes"] if not cursor_after(plural, node)
    ]


def _event_of(kind: ObjectType, node: Mapping[str, Any]) -> NewEvent:
    provenance = Provenance(
        shop=SHOP, origin=Origin.RECONCILE, change=Change.STATE, observed_at=datetime.now(UTC)
    )
    record_id = node["id"].rpartition("/")[2]
    return NewEvent(
        topic=live_topic(kind),
        key=f"{SHOP}/{kind}/{record_id}",
        value=orjson.dumps(node),
        headers=headers_of(provenance),
    )


def _resolved(source: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:
    value = source[info.field_name]
    return value(**arguments) if callable(value) else value
