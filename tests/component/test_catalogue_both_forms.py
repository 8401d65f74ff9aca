"""The same record by webhook body and by GraphQL node, both as the Shopify simulator shows them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
from graphql import GraphQLResolveInfo, GraphQLSchema, build_schema, graphql_sync

from sandbox.shopify import actions, given
from sandbox.shopify.graph import checkouts, customers, orders, products  # noqa: F401  # register
from sandbox.shopify.graph.reaching import view_of
from sandbox.shopify.model import Kind
from sandbox.shopify.payloads import checkouts as checkout_bodies
from sandbox.shopify.payloads import customers as customer_bodies
from sandbox.shopify.payloads import orders as order_bodies
from sandbox.shopify.payloads import products as product_bodies
from sandbox.shopify.payloads.shapes import encoded
from sandbox.shopify.store import Store
from services.shared.contract.records import Record, Value
from services.shared.shopify import selections
from services.shared.shopify.bodies import record_from_body
from services.shared.shopify.nodes import cursor_after, joined, record_from_node

_SCHEMA = Path(__file__).parents[2] / "sandbox" / "shopify" / "schema.graphql"


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema(_SCHEMA.read_text("utf-8"), assume_valid=True)


@pytest.fixture
def store() -> Store:
    return given.store(presentment_rates={"EUR": Decimal("0.90")})


def resolved(source: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:
    value = source[info.field_name]
    return value(**arguments) if callable(value) else value


def node_of(
    schema: GraphQLSchema, store: Store, kind: Kind, record: Mapping[str, Any], after: str = ""
) -> dict[str, Any]:
    name = f"{kind}s"
    view = view_of(store, kind, dict(record))
    document = selections.FURTHER[name] if after else selections.HYDRATE[name]
    gid = view["id"]
    result = graphql_sync(
        schema,
        document,
        {"nodes": lambda **_: [view], "node": lambda **_: view},
        field_resolver=resolved,
        variable_values={"id": gid, "after": after} if after else {"ids": [gid]},
    )
    assert result.errors is None
    assert result.data is not None
    found: dict[str, Any] = result.data["node"] if after else result.data["nodes"][0]
    return found


def by_both(
    schema: GraphQLSchema, store: Store, kind: Kind, record: Mapping[str, Any]
) -> tuple[Record, Record]:
    own = store.snapshot(kind, dict(record))
    bodies: dict[Kind, Any] = {
        Kind.ORDER: lambda: order_bodies.order(own, with_checkout_ids=False),
        Kind.CHECKOUT: lambda: checkout_bodies.checkout(own, with_checkout_ids=False),
        Kind.CUSTOMER: lambda: customer_bodies.customer(own),
        Kind.PRODUCT: lambda: product_bodies.product(own),
    }
    body = orjson.loads(encoded(bodies[kind](), timedelta(hours=-5)))
    name = f"{kind}s"
    return record_from_body(name, body), record_from_node(
        name, node_of(schema, store, kind, record)
    )


def plain(value: Value) -> Value:
    """Empty in either form is empty."""
    return None if value in ("", ()) else value


def differing(one: Record, other: Record) -> dict[str, tuple[Value, Value]]:
    shared = one.fields.keys() & other.fields.keys()
    return {
        name: (one.fields[name], other.fields[name])
        for name in sorted(shared)
        if plain(one.fields[name]) != plain(other.fields[name])
    }


def agree(body: Record, node: Record) -> None:
    assert body.id == node.id
    assert differing(body, node) == {}
    assert body.complete_parts == node.complete_parts
    for name, parts in body.parts.items():
        for of_body, of_node in zip(parts, node.parts[name], strict=True):
            assert of_body.id == of_node.id
            assert differing(of_body, of_node) == {}


def test_a_plain_order_is_the_same_in_both_forms(schema: GraphQLSchema, store: Store) -> None:
    customer = given.customer(store, email="ana@example.com", phone="+34600000000")
    order = given.order(store, lines=3, customer=customer, note="ring twice", tags="b, a")

    body, node = by_both(schema, store, Kind.ORDER, order)

    agree(body, node)
    assert body.fields["customer_email"] == "ana@example.com"
    assert body.fields["tags"] == ("a", "b")
    assert "landing_site" not in node.fields


def test_an_order_that_went_through_everything_is_the_same_in_both_forms(
    schema: GraphQLSchema, store: Store
) -> None:
    order = given.order(store, lines=3, presentment_currency="EUR", payment="paid")
    page = "https://track.example.com/1Z"
    actions.fulfil(store, order["id"], tracking=[{"number": "1Z", "url": page}])
    fulfillment = store.orders[order["id"]]["fulfillments"][0]
    actions.track(store, order["id"], fulfillment["id"], "delivered")
    line = order["line_items"][0]
    actions.refund(store, order["id"], {line["id"]: 1})

    body, node = by_both(schema, store, Kind.ORDER, store.orders[order["id"]])

    agree(body, node)
    assert body.fields["is_delivered"] is True
    assert body.fields["tracking_numbers"] == ("1Z",)


def test_a_cancelled_order_is_the_same_in_both_forms(schema: GraphQLSchema, store: Store) -> None:
    order = given.order(store, lines=1, guest=True)
    actions.cancel(store, order["id"], "fraud")

    body, node = by_both(schema, store, Kind.ORDER, store.orders[order["id"]])

    agree(body, node)
    assert node.fields["cancel_reason"] == "fraud"
    assert node.fields["customer_id"] is None


def test_the_line_of_a_deleted_variant_keeps_its_ids(schema: GraphQLSchema, store: Store) -> None:
    order = given.order(store, lines=1)
    actions.delete_product(store, order["line_items"][0]["product_id"])

    _, node = by_both(schema, store, Kind.ORDER, order)

    assert "variant_id" not in node.parts["line_items"][0].fields


def test_a_product_is_the_same_in_both_forms(schema: GraphQLSchema, store: Store) -> None:
    product = given.product(
        store,
        variants=3,
        options=("Size",),
        body_html="<p>Warm &amp; soft</p>",
        tags="wool",
        vendor="Acme",
    )

    body, node = by_both(schema, store, Kind.PRODUCT, product)

    agree(body, node)
    assert "cost" in node.parts["variants"][0].fields
    assert "cost" not in body.parts["variants"][0].fields


def test_a_checkout_is_the_same_in_both_forms(schema: GraphQLSchema, store: Store) -> None:
    customer = given.customer(store, email="zoe@example.com")
    checkout = given.checkout(store, lines=2, customer=customer)

    body, node = by_both(schema, store, Kind.CHECKOUT, checkout)

    agree(body, node)
    assert node.fields["token"] == checkout["token"]
    assert "email" not in node.fields


def test_a_customer_is_the_same_in_both_forms(schema: GraphQLSchema, store: Store) -> None:
    customer = given.customer(
        store, email="bob@example.com", tags="vip", addresses=[given.address(store, phone="+1555")]
    )

    body, node = by_both(schema, store, Kind.CUSTOMER, customer)

    agree(body, node)
    assert node.fields["tags"] == ("vip",)
    assert "tags" not in body.fields


def test_an_order_of_many_lines_is_complete_once_all_pages_are_joined(
    schema: GraphQLSchema, store: Store
) -> None:
    order = given.order(store, lines=120)
    node: dict[str, Any] | None = node_of(schema, store, Kind.ORDER, order)
    assert node is not None
    assert record_from_node("orders", node).complete_parts == frozenset()

    while node is not None and (cursor := cursor_after("orders", node)):
        node = joined("orders", node, node_of(schema, store, Kind.ORDER, order, cursor))

    assert node is not None
    whole = record_from_node("orders", node)
    assert whole.complete_parts == {"line_items"}
    assert [each.id for each in whole.parts["line_items"]] == [
        str(each["id"]) for each in order["line_items"]
    ]


def test_pages_of_two_moments_make_no_list(schema: GraphQLSchema, store: Store) -> None:
    order = given.order(store, lines=120)
    node = node_of(schema, store, Kind.ORDER, order)
    later = node_of(schema, store, Kind.ORDER, order, cursor_after("orders", node) or "")

    assert joined("orders", node, {**later, "updatedAt": "2030-01-01T00:00:00Z"}) is None
    assert joined("orders", node, None) is None


def test_a_product_of_150_variants_is_not_complete_by_webhook(
    schema: GraphQLSchema, store: Store
) -> None:
    product = given.product(store, variants=150)

    body, node = by_both(schema, store, Kind.PRODUCT, product)

    assert body.complete_parts == node.complete_parts == frozenset()
    assert len(body.parts["variants"]) == 100
