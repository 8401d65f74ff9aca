"""The Admin client: what it sends again, how it dates answers, how it pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.shared.contract.errors import (
    OursToFixError,
    OutcomeUnknownError,
    SyncError,
    WorldAtFaultError,
)
from services.shared.shopify.answers import StoreUnavailableError, TooCostlyError
from services.shared.shopify.reads import PagingLimitError, nodes, pages
from tests.support.shopify_replies import EPOCH, SHOP, Reply, Store, body_of, said
from tests.support.virtual_time import in_virtual_time


def _error(code: str, path: list[str | int] | None = None) -> dict[str, Any]:
    error: dict[str, Any] = {"message": "no", "extensions": {"code": code}}
    return error | ({"path": path} if path else {})


def test_an_answer_is_dated_before_the_call_began_on_shopify_s_clock() -> None:
    store = Store(said(body_of({"shop": {}})), takes=3.0)

    answer = in_virtual_time(store.admin().query("{shop{id}}"))

    assert answer.observed_at == EPOCH - timedelta(seconds=4)
    assert str(store.requests[0].url) == f"https://{SHOP}/admin/api/2026-10/graphql.json"
    assert store.requests[0].headers["X-Shopify-Access-Token"] == "shpat_1"


def test_a_version_that_shopify_no_longer_serves_is_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = Store(said(body_of({}), headers={"X-Shopify-API-Version": "2027-01"}))
    admin = store.admin()

    for _ in range(3):
        in_virtual_time(admin.query("{x}"))

    warnings = [vars(each) for each in caplog.records if each.levelname == "WARNING"]
    assert [each["served"] for each in warnings] == ["2027-01"]


def test_a_simulator_is_called_with_the_shop_as_host() -> None:
    store = Store(said(body_of({})))

    in_virtual_time(store.admin(base_url="http://127.0.0.1:9").query("{x}"))

    assert store.requests[0].url.host == "127.0.0.1"
    assert store.requests[0].headers["Host"] == SHOP


def test_a_throttled_query_is_sent_again_when_the_bucket_holds_enough() -> None:
    throttled = body_of(errors=[_error("THROTTLED")], requested=800, available=300)
    store = Store(said(throttled), said(body_of({"a": 1})))

    assert in_virtual_time(store.admin().query("{x}")).data == {"a": 1}
    assert store.asked_at == pytest.approx([0, 5], abs=0.01)


def test_a_query_waits_until_the_bucket_holds_what_it_cost_before() -> None:
    store = Store(said(body_of({}, requested=900, available=100)), said(body_of({})))

    async def twice() -> None:
        admin = store.admin()
        await admin.query("{x}")
        await admin.query("{x}")

    in_virtual_time(twice())

    assert store.asked_at == pytest.approx([0, 8], abs=0.01)


def test_throttling_without_end_is_raised() -> None:
    store = Store(said(body_of(errors=[_error("THROTTLED")])))

    with pytest.raises(WorldAtFaultError, match="throttled"):
        in_virtual_time(store.admin().query("{x}"))


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (said(b"", 402), StoreUnavailableError),
        (said(b"<html>"), OutcomeUnknownError),
        (said(b'{"data":', 200), OutcomeUnknownError),
        (said(b"", 502), OutcomeUnknownError),
        (httpx.Response(200, json=body_of({})), OutcomeUnknownError),
    ],
)
def test_an_answer_that_is_none_is_not_taken_for_one(
    reply: httpx.Response, kind: type[SyncError]
) -> None:
    with pytest.raises(kind):
        in_virtual_time(Store(reply).admin().query("{x}"))


def _nodes_reply(cost_per_id: float, missing_ids: frozenset[str] = frozenset()) -> Reply:
    def reply(variables: dict[str, Any]) -> httpx.Response:
        ids = variables["ids"]
        if len(ids) * cost_per_id > 1000:
            return said(body_of(errors=[_error("MAX_COST_EXCEEDED")]))
        found = [None if each in missing_ids else {"id": each} for each in ids]
        return said(body_of({"nodes": found}, requested=len(ids) * cost_per_id))

    return reply


@pytest.mark.parametrize("cost_per_id", [1, 30, 99, 501, 1000])
def test_every_node_is_read_once_in_calls_shopify_can_afford(cost_per_id: float) -> None:
    ids = [f"gid://shopify/Order/{n}" for n in range(120)]
    store = Store(_nodes_reply(cost_per_id, frozenset(ids[:1])))

    found = in_virtual_time(nodes(store.admin(), "q", ids))

    assert [*found] == ids
    assert found[ids[0]].node is None
    assert not found[ids[0]].is_denied
    assert all(found[each].node == {"id": each} for each in ids[1:])
    sizes = [len(variables["ids"]) for variables in store.variables]
    assert max(sizes[4:], default=0) * cost_per_id <= 1000


def test_a_node_too_costly_alone_is_said() -> None:
    with pytest.raises(TooCostlyError):
        in_virtual_time(nodes(Store(_nodes_reply(1001)).admin(), "q", ["a", "b"]))


def test_a_null_that_is_denied_is_no_proof_of_absence() -> None:
    errors = [_error("ACCESS_DENIED", ["nodes", 0]), _error("ACCESS_DENIED", ["nodes", 1, "email"])]
    store = Store(said(body_of({"nodes": [None, {"id": "b", "email": None}]}, errors=errors)))

    found = in_virtual_time(nodes(store.admin(), "q", ["a", "b"]))

    assert found["a"].is_denied
    assert not found["b"].is_denied
    assert found["b"].denied == (("email",),)


def _list_reply(total: int, cost_per_row: float = 1, *, stuck: bool = False) -> Reply:
    def reply(variables: dict[str, Any]) -> httpx.Response:
        first, start = variables["first"], int(variables["after"] or 0)
        if first * cost_per_row > 1000:
            return said(body_of(errors=[_error("MAX_COST_EXCEEDED")]))
        end = min(start + first, total)
        cursor = "0" if stuck else str(end)
        info = {"hasNextPage": end < total, "endCursor": cursor}
        rows = [{"id": n} for n in range(start, end)]
        return said(body_of({"orders": {"nodes": rows, "pageInfo": info}}))

    return reply


async def _all_ids(store: Store) -> list[int]:
    found = []
    async for page in pages(store.admin(), "q", "orders", {"query": "x"}):
        found += [node["id"] for node in page.nodes]
    return found


@pytest.mark.parametrize("cost_per_row", [1, 9, 600])
def test_a_list_is_read_to_its_end_in_pages_shopify_can_afford(cost_per_row: float) -> None:
    store = Store(_list_reply(700, cost_per_row))

    assert in_virtual_time(_all_ids(store)) == [*range(700)]
    assert store.variables[0]["query"] == "x"


def test_paging_ends_with_an_error_where_shopify_gives_no_more() -> None:
    with pytest.raises(PagingLimitError):
        in_virtual_time(_all_ids(Store(_list_reply(30_000))))
    assert len(in_virtual_time(_all_ids(Store(_list_reply(25_000))))) == 25_000


def test_a_cursor_that_stands_still_does_not_loop() -> None:
    with pytest.raises(OutcomeUnknownError, match="cursor_stands_still"):
        in_virtual_time(_all_ids(Store(_list_reply(700, stuck=True))))


def test_a_list_that_may_not_be_seen_is_not_an_empty_one() -> None:
    store = Store(said(body_of({"orders": None}, errors=[_error("ACCESS_DENIED", ["orders"])])))

    with pytest.raises(OursToFixError, match="access_denied"):
        in_virtual_time(_all_ids(store))
