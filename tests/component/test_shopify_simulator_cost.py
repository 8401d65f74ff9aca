"""What queries cost, and the bucket they are paid from."""

from typing import Any

import pytest

from sandbox.shopify import given
from tests.support.shopify_calls import Calls

BAG = "{ shopMoney { amount } }"


async def cost(calls: Calls, query: str, **variables: Any) -> dict[str, Any]:
    body = await calls.body(query, **variables)
    extensions: dict[str, Any] = body["extensions"]["cost"]
    return extensions


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{ shop { name } }", 1),
        ("{ shop { name plan { shopifyPlus } } }", 2),
        ("{ orders(first: 10) { nodes { id } } }", 12),
        ("{ orders(first: 10) { edges { cursor node { id } } pageInfo { hasNextPage } } }", 12),
        (f"{{ orders(first: 10) {{ nodes {{ totalPriceSet {BAG} }} }} }}", 32),
        ("{ orders(first: 2) { nodes { lineItems(first: 5) { nodes { id } } } } }", 2 + 2 * 8),
        ("fragment A on Order { customer { id } } { orders(first: 3) { nodes { ...A } } }", 8),
    ],
)
async def test_the_requested_cost_counts_objects(query: str, expected: int) -> None:
    assert (await cost(Calls(), query))["requestedQueryCost"] == expected


async def test_variables_count_and_the_dearest_fragment_does() -> None:
    calls = Calls()
    query = """query ($ids: [ID!]!) { nodes(ids: $ids) {
        ... on Order { customer { id } totalPriceSet { shopMoney { amount } } }
        ... on Customer { defaultAddress { city } } } }"""

    spent = await cost(calls, query, ids=["gid://shopify/Order/1"] * 5)

    assert spent["requestedQueryCost"] == 5 * 4


async def test_what_was_not_found_is_given_back() -> None:
    calls = Calls()
    for _ in range(3):
        given.customer(calls.store)

    spent = await cost(calls, "{ customers(first: 100) { nodes { id } } }")

    assert (spent["requestedQueryCost"], spent["actualQueryCost"]) == (102, 5)
    assert spent["throttleStatus"] == {
        "maximumAvailable": 2000,
        "currentlyAvailable": 1995,
        "restoreRate": 100,
    }


async def test_a_query_of_over_1000_points_is_refused() -> None:
    query = (
        f"{{ orders(first: 250) {{ nodes {{ a: totalPriceSet {BAG} b: totalTaxSet {BAG} }} }} }}"
    )

    error = await Calls().error(query)

    assert error["extensions"]["code"] == "MAX_COST_EXCEEDED"
    assert error["extensions"]["cost"] == 1252


async def test_an_empty_bucket_throttles_with_http_200_and_fills_again() -> None:
    calls = Calls()
    for _ in range(250):
        given.customer(calls.store)
    query = "{ customers(first: 250) { nodes { amountSpent { amount } } } }"
    for _ in range(3):
        await calls.data(query)

    response = await calls.graphql(query)

    assert response.status_code == 200
    body = response.json()
    assert "data" not in body
    assert body["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert body["extensions"]["cost"]["actualQueryCost"] is None
    assert body["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"] == 494
    calls.clock.passes(seconds=0.07)
    assert (await calls.body(query)).get("data") is None
    calls.clock.passes(seconds=0.02)
    assert await calls.data(query)


@pytest.mark.parametrize(
    ("plan", "size", "rate"),
    [("advanced", 4000, 200), ("plus", 20000, 1000), ("enterprise", 40000, 2000)],
)
async def test_the_bucket_follows_the_plan(plan: str, size: int, rate: int) -> None:
    status = (await cost(Calls(plan=plan), "{ shop { name } }"))["throttleStatus"]

    assert (status["maximumAvailable"], status["restoreRate"]) == (size, rate)


async def test_input_arrays_hold_250_at_most() -> None:
    ids = ["gid://shopify/Order/1"] * 251

    error = await Calls().error("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids)

    assert error["extensions"]["code"] == "MAX_INPUT_SIZE_EXCEEDED"
