"""Every field the simulator's schema has can be asked for, and is null where it may not be seen."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from graphql import (
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
)

from sandbox.shopify import actions, given
from sandbox.shopify.graph.executing import schema
from tests.support.shopify_calls import Calls

TYPES = ("Customer", "Product", "ProductVariant", "Order", "AbandonedCheckout")
ARGUMENTS = {"metafield": '(namespace: "custom", key: "color")'}
DEPTH = 6


def full_selection(named: GraphQLNamedType, depth: int) -> str:
    """Everything of a type down to ``depth``, one object of each connection."""
    if isinstance(named, GraphQLUnionType):
        parts = (f"... on {each} {full_selection(each, depth)}" for each in named.types)
        return f"{{ __typename {' '.join(parts)} }}"
    assert isinstance(named, GraphQLObjectType | GraphQLInterfaceType)
    chosen = ["__typename", *(each for each in fields_of(named, depth) if each)]
    return f"{{ {' '.join(chosen)} }}"


def fields_of(named: GraphQLObjectType | GraphQLInterfaceType, depth: int) -> Iterator[str]:
    for name, field in named.fields.items():
        inner = get_named_type(field.type)
        arguments = "(first: 1)" if "after" in field.args else ARGUMENTS.get(name, "")
        if not isinstance(inner, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType):
            yield name
        elif depth and not (inner.name in TYPES and depth < DEPTH):
            yield f"{name}{arguments} {full_selection(inner, depth - 1)}"


def every_field() -> list[tuple[str, str]]:
    found = []
    for name in TYPES:
        named = schema().get_type(name)
        assert isinstance(named, GraphQLObjectType)
        found += [(name, each) for each in fields_of(named, DEPTH)]
    return found


def eventful() -> Calls:
    """A store in which everything has happened at least once."""
    calls = Calls(plan="enterprise")
    store = calls.store
    images = ["https://cdn.example.com/1.jpg"]
    product = given.product(store, variants=2, images=images, category="Apparel > Shirts")
    lines = [{"variant_id": each["id"], "quantity": 2} for each in product["variants"]]
    customer = given.customer(
        store, phone="+4917", addresses=[given.address(store)], tags="a", note="n"
    )
    order = given.order(
        store,
        lines=lines,
        customer=customer,
        tax_rate="0.1",
        shipping={"price": "5.00"},
        discounts=[{"code": "A", "percent": 10}, {"code": "B", "amount": "1.00"}],
        note_attributes=[{"name": "gift", "value": "yes"}],
    )
    actions.fulfil(store, order["id"], tracking=[{"number": "1", "url": "https://t.example"}])
    actions.refund(store, order["id"])
    given.checkout(store, lines=lines, customer=customer, discounts=[{"code": "A", "percent": 5}])
    color = {"namespace": "custom", "key": "color", "value": "red"}
    for kind, record in (("customer", customer), ("product", product), ("order", order)):
        actions.set_metafield(store, kind, record["id"], color)
    variant_id = product["variants"][0]["id"]
    actions.set_metafield(store, "product", product["id"], color, variant_id)
    return calls


@pytest.fixture(scope="module")
def calls() -> Calls:
    return eventful()


def subject(calls: Calls, name: str) -> str:
    store = calls.store
    tables = {
        "Customer": store.customers,
        "Product": store.products,
        "Order": store.orders,
        "AbandonedCheckout": store.checkouts,
    }
    if name == "ProductVariant":
        variant: str = next(iter(store.products.values()))["variants"][0]["admin_graphql_api_id"]
        return variant
    gid: str = next(iter(tables[name].values()))["admin_graphql_api_id"]
    return gid


async def test_every_field_of_every_record_is_answered(calls: Calls) -> None:
    refused = []
    for name, field in every_field():
        calls.clock.passes(seconds=10)
        query = f"query ($id: ID!) {{ node(id: $id) {{ ... on {name} {{ {field} }} }} }}"
        body = await calls.body(query, id=subject(calls, name))
        if "errors" in body or body["data"]["node"] is None:
            refused.append((name, field, body))

    assert refused == []


async def test_shop_feeds_and_installation_are_answered_in_full(calls: Calls) -> None:
    given_type = schema().get_type("Shop")
    assert given_type
    data = await calls.data(
        f"""{{ shop {full_selection(given_type, 2)}
        currentAppInstallation {{ id accessScopes {{ handle description }} }}
        publicApiVersions {{ handle displayName supported }}
        events(first: 5) {{ nodes {{ id action createdAt message appTitle
            ... on BasicEvent {{ subjectId subjectType }} }} }}
        ordersCount {{ count precision }} }}"""
    )

    assert data["shop"]["myshopifyDomain"] == calls.store.shop
    assert {"handle": "read_orders", "description": "read orders"} in data[
        "currentAppInstallation"
    ]["accessScopes"]
    assert data["ordersCount"] == {"count": 1, "precision": "EXACT"}


async def test_an_order_reads_as_the_model_has_it(calls: Calls) -> None:
    (order,) = calls.store.orders.values()
    data = await calls.data(
        """query ($id: ID!) { order(id: $id) {
            name updatedAt displayFinancialStatus displayFulfillmentStatus discountCodes
            currentTotalPriceSet { shopMoney { amount currencyCode } }
            customer { email numberOfOrders amountSpent { amount } }
            lineItems(first: 1) { nodes { quantity currentQuantity
                discountAllocations { allocatedAmountSet { shopMoney { amount } } } } }
            fulfillments { trackingInfo { number url } displayStatus }
        } }""",
        id=order["admin_graphql_api_id"],
    )

    shown = data["order"]
    assert shown["name"] == order["name"]
    assert shown["updatedAt"] == "2026-11-23T10:00:00Z"
    assert shown["displayFinancialStatus"] == "REFUNDED"
    assert shown["displayFulfillmentStatus"] == "FULFILLED"
    assert shown["discountCodes"] == ["A", "B"]
    assert shown["currentTotalPriceSet"]["shopMoney"]["amount"] == "0.0"
    assert order["current_total_price"] == "0.00"
    assert shown["customer"]["numberOfOrders"] == "1"
    line = order["line_items"][0]
    assert [
        Decimal(each["allocatedAmountSet"]["shopMoney"]["amount"])
        for each in shown["lineItems"]["nodes"][0]["discountAllocations"]
    ] == [Decimal(each["amount"]) for each in line["discount_allocations"]]
    assert shown["fulfillments"][0]["trackingInfo"] == [{"number": "1", "url": "https://t.example"}]


async def test_sms_consent_never_given_has_its_own_name_in_the_newer_field(calls: Calls) -> None:
    data = await calls.data(
        """{ customers(first: 1) { nodes { defaultPhoneNumber {
            marketingState smsMarketingConsent { state } } } } }"""
    )

    assert data["customers"]["nodes"][0]["defaultPhoneNumber"] == {
        "marketingState": "NOT_SUBSCRIBED",
        "smsMarketingConsent": {"state": "NEVER_SUBSCRIBED"},
    }


async def test_without_protected_data_access_names_are_null_with_errors() -> None:
    calls = eventful()
    calls.store.protected_data = False

    body = await calls.body("{ customers(first: 1) { nodes { id firstName email tags } } }")

    (customer,) = body["data"]["customers"]["nodes"]
    assert (customer["firstName"], customer["email"], customer["tags"]) == (None, None, ["a"])
    assert [each["path"] for each in body["errors"]] == [
        ["customers", "nodes", 0, "firstName"],
        ["customers", "nodes", 0, "email"],
    ]
    assert {each["extensions"]["code"] for each in body["errors"]} == {"ACCESS_DENIED"}


async def test_without_its_scope_a_list_is_denied_and_so_is_what_hangs_on_a_record() -> None:
    calls = eventful()
    calls.store.scopes = ("read_orders",)

    denied = await calls.body("{ customers(first: 1) { nodes { id } } }")
    nested = await calls.body("{ orders(first: 1) { nodes { name customer { id } } } }")

    assert denied["data"] is None
    assert denied["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"
    assert nested["data"]["orders"]["nodes"][0]["customer"] is None
    assert nested["errors"][0]["path"] == ["orders", "nodes", 0, "customer"]


async def test_a_node_without_its_scope_is_null_and_its_neighbours_are_there() -> None:
    calls = eventful()
    calls.store.scopes = ("read_orders",)
    ids = [subject(calls, "Customer"), subject(calls, "Order")]

    body = await calls.body("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids)

    assert [each and each["id"] for each in body["data"]["nodes"]] == [None, ids[1]]
    assert body["errors"][0]["path"] == ["nodes", 0]


async def test_old_orders_are_invisible_without_read_all_orders() -> None:
    calls = Calls(scopes=("read_orders",))
    old = given.order(calls.store, created_at=calls.clock() - timedelta(days=61))
    new = given.order(calls.store)
    ids = [old["admin_graphql_api_id"], new["admin_graphql_api_id"]]
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"

    assert await calls.ids("orders", "sortKey: ID") == [new["id"]]
    assert (await calls.data(query, ids=ids))["nodes"] == [None, {"id": ids[1]}]
    calls.store.scopes = ("read_orders", "read_all_orders")
    assert sorted(await calls.ids("orders", "sortKey: ID")) == sorted([old["id"], new["id"]])


async def test_what_the_sandbox_does_not_serve_is_refused() -> None:
    calls = Calls()
    answers: list[dict[str, Any]] = [
        await calls.body("{ draftOrders(first: 1) { nodes { id } } }"),
        await calls.body("{ shop { nme } }"),
        await calls.body("{ node(id: "),
    ]

    assert all("data" not in each and each["errors"] for each in answers)
    assert (await calls.send("GET", "/admin/api/2026-10/orders.json")).status_code == 501
