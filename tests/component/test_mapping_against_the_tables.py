"""The default mapping, which shares nothing with the tables, shows what they ask for.

Every record of the seeded stores goes through it in both forms, webhook body and GraphQL node, and
is judged property by property.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from graphql import GraphQLResolveInfo, GraphQLSchema, build_schema, graphql_sync

import sandbox.shopify.graph.roots  # noqa: F401  # every kind's views register
from sandbox.expected.forms import Surroundings, agree, expected_value, found_value
from sandbox.expected.tables import tables
from sandbox.shopify.graph.reaching import view_of
from sandbox.shopify.model import Kind, written
from sandbox.shopify.payloads import checkouts as checkout_bodies
from sandbox.shopify.payloads import orders as order_bodies
from sandbox.shopify.payloads import products as product_bodies
from sandbox.shopify.payloads.shapes import encoded
from sandbox.shopify.shopify import Shopify
from sandbox.shopify.store import Store
from sandbox.shops.past import open_shops
from sandbox.shops.trickle import trickle
from services.shared.contract.records import Record
from services.shared.shopify import selections
from services.shared.shopify.bodies import record_from_body
from services.shared.shopify.nodes import cursor_after, joined, record_from_node
from services.syncer.mapping.applying import compiled, properties_for
from services.syncer.mapping.defaults import DEFAULTS
from services.syncer.mapping.parts import parts_to_write
from services.syncer.mapping.rows import Context

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SCHEMA = Path(__file__).parents[2] / "sandbox" / "shopify" / "schema.graphql"
ROWS = {name: compiled(rows, None) for name, rows in DEFAULTS.items()}
CURRENCIES = frozenset({"EUR"})
TABLE_OF = {Kind.CUSTOMER: "contacts", Kind.ORDER: "orders", Kind.CHECKOUT: "carts"}
PARTS = {
    Kind.ORDER: ("line_items", "order", "line"),
    Kind.CHECKOUT: ("cart_line_items", "checkout", "line"),
    Kind.PRODUCT: ("products", "product", "variant"),
}
BODIES = {
    Kind.ORDER: lambda own: order_bodies.order(own, with_checkout_ids=False),
    Kind.CHECKOUT: lambda own: checkout_bodies.checkout(own, with_checkout_ids=False),
    Kind.PRODUCT: product_bodies.product,
}


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema(SCHEMA.read_text("utf-8"), assume_valid=True)


@pytest.fixture(scope="module")
def shopify() -> Shopify:
    shopify, rng = Shopify(now=lambda: NOW), random.Random(11)
    open_shops(shopify)
    for _ in range(300):
        trickle(shopify, rng)
    return shopify


def resolved(source: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:
    value = source[info.field_name]
    return value(**arguments) if callable(value) else value


def read(schema: GraphQLSchema, store: Store, kind: Kind, record: dict[str, Any]) -> Record:
    """The record as the product reads it by id, page by page."""
    name, view = f"{kind}s", view_of(store, kind, record)

    def page(document: str, **variables: Any) -> Any:
        root = {"nodes": lambda **_: [view], "node": lambda **_: view}
        result = graphql_sync(
            schema, document, root, field_resolver=resolved, variable_values=variables
        )
        assert result.errors is None
        assert result.data is not None
        return result.data

    whole = page(selections.HYDRATE[name], ids=[view["id"]])["nodes"][0]
    while after := cursor_after(name, whole):
        further = page(selections.FURTHER[name], id=view["id"], after=after)["node"]
        whole = joined(name, whole, further)
    return record_from_node(name, whole)


def wrong(store: Store, kind: Kind, record: dict[str, Any], known: Record) -> Iterator[str]:
    """Each property that the mapping writes otherwise than the tables ask for."""
    plain = orjson.loads(written(store.snapshot(kind, record)))
    products = {
        str(variant["id"]): f"9{variant['id']}"
        for product in store.products.values()
        for variant in product["variants"]
    }
    around = Surroundings(
        currencies=CURRENCIES,
        product_ids={f"{store.shop}/{key}": frozenset({it}) for key, it in products.items()},
    )

    def judged(table: str, subject: Mapping[str, Any], shown: Mapping[str, str]) -> Iterator[str]:
        for row in tables()[table]:
            expected = expected_value(row, subject, around)
            found = found_value(row, shown.get(row.property))
            if not agree(row, expected, found):
                yield f"{table}.{row.property}: expected {expected!r}, found {found!r}"
        for name in shown.keys() - {row.property for row in tables()[table]}:
            yield f"{table}.{name} is in no table"

    own = Context(shop=store.shop, currencies=CURRENCIES)
    if kind in TABLE_OF:
        shown = properties_for(known, ROWS[TABLE_OF[kind]], own)
        yield from judged(TABLE_OF[kind], {**plain, "shop": store.shop}, shown)
    if kind in PARTS:
        table, whole, part = PARTS[kind]
        parent = {**known.fields, "id": known.id}
        context = Context(shop=store.shop, currencies=CURRENCIES, parent=parent, products=products)
        listed = plain["variants" if kind == Kind.PRODUCT else "line_items"]
        left = [each for each in listed if kind != Kind.ORDER or each["current_quantity"]]
        ours = parts_to_write(known)
        if kind != Kind.PRODUCT or known.complete_parts:
            assert len(ours) == len(left)
        for one, each in zip(left, ours, strict=False):
            subject = {"shop": store.shop, whole: plain, part: one}
            yield from judged(table, subject, properties_for(each, ROWS[table], context))


@pytest.mark.parametrize("kind", list(BODIES))
def test_from_webhook_bodies_the_mapping_shows_what_the_tables_ask_for(
    shopify: Shopify, kind: Kind
) -> None:
    found: list[str] = []
    for store in shopify.stores.values():
        for record in store.table(kind).values():
            payload = BODIES[kind](store.snapshot(kind, record))
            body = orjson.loads(encoded(payload, timedelta(hours=-5)))
            found += wrong(store, kind, record, record_from_body(f"{kind}s", body))

    assert sorted(set(found))[:20] == []


@pytest.mark.parametrize("kind", [Kind.CUSTOMER, *BODIES])
def test_from_reads_the_mapping_shows_what_the_tables_ask_for(
    shopify: Shopify, schema: GraphQLSchema, kind: Kind
) -> None:
    found: list[str] = []
    for store in shopify.stores.values():
        for record in list(store.table(kind).values())[::3]:
            found += wrong(store, kind, record, read(schema, store, kind, record))

    assert sorted(set(found))[:20] == []
