"""Lists: paging, and the search syntax with its traps."""

from datetime import timedelta

import pytest

from sandbox.shopify import actions, given
from sandbox.shopify.graph.paging import cursor_of
from sandbox.shopify.model import Kind, Record
from tests.support.shopify_calls import START, Calls

CHEAP = "customers(first: 2, sortKey: UPDATED_AT, reverse: true"


@pytest.fixture
def calls() -> Calls:
    return Calls(plan="enterprise", utc_offset=timedelta(hours=-5))


def updated(calls: Calls, kind: str = "customer") -> Record:
    """A record updated now, at a fraction of a second."""
    calls.clock.at = calls.clock.at.replace(microsecond=500_000)
    return given.customer(calls.store) if kind == "customer" else given.order(calls.store)


async def test_pages_follow_each_other_to_the_end_without_gap_or_repeat(calls: Calls) -> None:
    made = []
    for _ in range(5):
        calls.clock.passes(seconds=1)
        made.append(given.customer(calls.store)["id"])
    seen, after, more = [], "", True
    while more:
        where = f', after: "{after}"' if after else ""
        data = await calls.data(
            f"{{ {CHEAP}{where}) {{ edges {{ cursor node {{ legacyResourceId }} }}"
            " pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"
        )
        page = data["customers"]
        seen += [int(each["node"]["legacyResourceId"]) for each in page["edges"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        assert page["edges"][-1]["cursor"] == after

    assert seen == made[::-1]


async def test_last_and_before_page_backwards(calls: Calls) -> None:
    made = [given.customer(calls.store)["id"] for _ in range(4)]

    tail = await calls.data(
        "{ customers(last: 2) { nodes { id } pageInfo { hasPreviousPage startCursor } } }"
    )
    cursor = tail["customers"]["pageInfo"]["startCursor"]
    head = await calls.data(
        f'{{ customers(last: 250, before: "{cursor}") {{ nodes {{ legacyResourceId }} }} }}'
    )

    assert tail["customers"]["pageInfo"]["hasPreviousPage"] is True
    assert [int(each["legacyResourceId"]) for each in head["customers"]["nodes"]] == made[:2]


async def test_a_page_goes_on_where_it_was_though_its_records_change_or_go(calls: Calls) -> None:
    made = [given.customer(calls.store)["id"] for _ in range(4)]
    first = await calls.data("{ customers(first: 2) { pageInfo { endCursor } } }")
    actions.delete_customer(calls.store, made[1])

    cursor = first["customers"]["pageInfo"]["endCursor"]

    assert await calls.ids("customers", f'after: "{cursor}"') == made[2:]


@pytest.mark.parametrize(
    "arguments",
    ["first: 251", "first: 1, last: 1", "first: -1", 'first: 1, after: "x"', 'query: ""'],
)
async def test_pages_that_cannot_be_are_refused(calls: Calls, arguments: str) -> None:
    error = await calls.error(f"{{ orders({arguments}) {{ nodes {{ id }} }} }}")

    assert error["extensions"]["code"] == "BAD_REQUEST"


async def test_paging_stops_at_25_000_objects(calls: Calls) -> None:
    customer = given.customer(calls.store)
    for number in range(25_001):
        copy = {**customer, "id": number}
        calls.store.index.put(Kind.CUSTOMER, number, copy, START)
    listed = "customers(first: 1, sortKey: ID"

    last_allowed = await calls.body(
        f'{{ {listed}, after: "{cursor_of([24_998, 24_998])}") {{ nodes {{ id }} }} }}'
    )
    beyond = await calls.error(
        f'{{ {listed}, after: "{cursor_of([24_999, 24_999])}") {{ nodes {{ id }} }} }}'
    )

    assert "errors" not in last_allowed
    assert "25000" in beyond["message"]


async def test_a_quoted_time_counts_to_the_second(calls: Calls) -> None:
    order = updated(calls, "order")

    at, later = "'2026-11-23T10:00:00Z'", "'2026-11-23T10:00:01Z'"

    assert await calls.ids("orders", f'query: "updated_at:>={at}"') == [order["id"]]
    assert await calls.ids("orders", f'query: "updated_at:>={later}"') == []
    assert await calls.ids("orders", f'query: "updated_at:<={at}"') == [order["id"]]
    assert await calls.ids("orders", f'query: "updated_at:<{at}"') == []
    assert await calls.ids("orders", f'query: "updated_at:{at}"') == [order["id"]]


async def test_greater_skips_the_whole_second_since_2026_10_and_did_not_before(
    calls: Calls,
) -> None:
    updated(calls, "order")
    query = "{ orders(first: 1, query: \"updated_at:>'2026-11-23T10:00:00Z'\") { nodes { id } } }"

    now, before = await calls.graphql(query), await calls.graphql(query, version="2026-07")

    assert now.json()["data"]["orders"]["nodes"] == []
    assert len(before.json()["data"]["orders"]["nodes"]) == 1


async def test_an_unquoted_time_loses_its_time_and_is_read_in_the_shops_timezone(
    calls: Calls,
) -> None:
    calls.clock.at = START.replace(hour=4)  # the day before, in the shop
    order = given.order(calls.store)

    unquoted = await calls.ids("orders", 'query: "updated_at:>=2026-11-23T03:00:00Z"')
    day_before = await calls.ids("orders", 'query: "updated_at:>=2026-11-22T23:59:00Z"')

    assert (unquoted, day_before) == ([], [order["id"]])


async def test_customers_are_filtered_by_whole_days(calls: Calls) -> None:
    customer = given.customer(calls.store)
    query = "query: \"updated_at:>='2026-11-23T23:00:00Z'\""

    assert await calls.ids("customers", query) == [customer["id"]]
    calls.store.customers_by_day = False
    assert await calls.ids("customers", query) == []


async def test_checkouts_cannot_be_sorted_by_updated_at(calls: Calls) -> None:
    error = await calls.error(
        "{ abandonedCheckouts(first: 1, sortKey: UPDATED_AT) { nodes { id } } }"
    )

    assert "UPDATED_AT" in error["message"]


async def test_recovered_checkouts_are_listed_among_the_abandoned(calls: Calls) -> None:
    checkout = given.checkout(calls.store)
    actions.complete_checkout(calls.store, checkout["id"])

    assert await calls.ids("abandonedCheckouts", "sortKey: ID") == [checkout["id"]]
    assert await calls.ids("abandonedCheckouts", 'query: "recovery_state:not_recovered"') == []


async def test_products_that_are_not_active_are_hidden_unless_asked_for(calls: Calls) -> None:
    active = given.product(calls.store)["id"]
    draft = given.product(calls.store, status="draft")["id"]
    every = 'query: "status:active,archived,draft,unlisted", sortKey: ID'

    assert await calls.ids("products", "sortKey: ID") == [active]
    assert await calls.ids("products", every) == [active, draft]
    assert await calls.ids("products", "query: \"status:draft OR vendor:'acme'\"") == [
        active,
        draft,
    ]
    calls.store.products_default_status = None
    assert await calls.ids("products", "sortKey: ID") == [active, draft]


async def test_orders_may_be_open_ones_by_default(calls: Calls) -> None:
    closed = given.order(calls.store)
    actions.close_order(calls.store, closed["id"])

    assert await calls.ids("orders", "sortKey: ID") == [closed["id"]]
    calls.store.orders_default_status = "open"
    assert await calls.ids("orders", "sortKey: ID") == []
    assert await calls.ids("orders", 'query: "status:any"') == [closed["id"]]


async def test_lists_lag_behind_and_reads_by_id_do_not(calls: Calls) -> None:
    calls.store.index_lag = timedelta(seconds=10)
    customer = given.customer(calls.store)
    read = "query ($id: ID!) { customer(id: $id) { note } }"

    assert await calls.ids("customers", "sortKey: ID") == []
    actions.change_customer(calls.store, customer["id"], note="new")
    data = await calls.data(read, id=customer["admin_graphql_api_id"])
    assert data["customer"]["note"] == "new"
    calls.clock.passes(seconds=11)
    assert await calls.ids("customers", "sortKey: ID") == [customer["id"]]


async def test_a_lagging_list_filters_by_the_old_updated_at(calls: Calls) -> None:
    order = given.order(calls.store)
    calls.store.index_lag = timedelta(seconds=10)
    calls.clock.passes(seconds=60)
    actions.change_order(calls.store, order["id"], note="x")
    since = "query: \"updated_at:>='2026-11-23T10:00:30Z'\""

    assert await calls.ids("orders", since) == []
    calls.clock.passes(seconds=11)
    assert await calls.ids("orders", since) == [order["id"]]


async def test_deletions_are_in_the_feeds(calls: Calls) -> None:
    product, customer = given.product(calls.store), given.customer(calls.store)
    actions.delete_product(calls.store, product["id"])
    actions.delete_customer(calls.store, customer["id"])

    data = await calls.data(
        """{ deletionEvents(first: 9) { nodes { subjectId subjectType occurredAt } }
        events(first: 9, query: "action:destroy AND subject_type:CUSTOMER") {
            nodes { ... on BasicEvent { subjectId action } } } }"""
    )

    assert data["deletionEvents"]["nodes"] == [
        {
            "subjectId": product["admin_graphql_api_id"],
            "subjectType": "PRODUCT",
            "occurredAt": "2026-11-23T10:00:00Z",
        }
    ]
    assert data["events"]["nodes"] == [
        {"subjectId": customer["admin_graphql_api_id"], "action": "destroy"}
    ]


async def test_a_search_the_sandbox_does_not_know_is_refused(calls: Calls) -> None:
    for query in ("risk_level:high", "(a:1)", "updated_at:>'yesterday'", "free text"):
        error = await calls.error(f'{{ orders(first: 1, query: "{query}") {{ nodes {{ id }} }} }}')
        assert error["extensions"]["code"] == "BAD_REQUEST"
