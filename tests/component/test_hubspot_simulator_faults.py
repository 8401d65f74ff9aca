"""Faults that can be switched on: each strikes as it says, and what is on is shown."""

from typing import Any

import httpx
import orjson
import pytest

from sandbox.hubspot.account import Account
from sandbox.hubspot.app import ConnectionDroppedError
from sandbox.hubspot.faults import KINDS
from tests.support.hubspot_account import HubSpotUnderTest, hubspot_under_test, rows, served

NEW = "/crm/objects/2026-09"
CREATE = f"{NEW}/products/batch/create"
ONE = rows({"name": "Tea"})


async def fault(hubspot: HubSpotUnderTest, kind: str, **more: Any) -> None:
    await hubspot.put({"faults": [{"kind": kind, "count": 1, **more}]})


def held(hubspot: HubSpotUnderTest) -> int:
    return len(hubspot.account.records["products"].by_id)


@pytest.mark.parametrize(
    ("kind", "more", "status", "category"),
    [
        ("locked", {}, 423, "LOCKED"),
        ("migrating", {"seconds": 3600}, 477, "MIGRATION_IN_PROGRESS"),
        ("burst", {}, 429, "RATE_LIMITS"),
        ("daily", {}, 429, "RATE_LIMITS"),
        ("secondly", {}, 429, "RATE_LIMITS"),
        ("status", {"status": 500}, 500, "INTERNAL_ERROR"),
        ("status", {"status": 401}, 401, "INVALID_AUTHENTICATION"),
        ("status", {"status": 403}, 403, "MISSING_SCOPES"),
        ("status", {"status": 404}, 404, "OBJECT_NOT_FOUND"),
        ("status", {"status": 409}, 409, "CONFLICT"),
        ("status", {"status": 414}, 414, "VALIDATION_ERROR"),
    ],
)
async def test_a_refusing_fault_answers_in_the_envelope_and_writes_nothing(
    hubspot: HubSpotUnderTest, kind: str, more: dict[str, Any], status: int, category: str
) -> None:
    await fault(hubspot, kind, **more)
    answer = await hubspot.http.post(CREATE, json=ONE)
    assert (answer.status_code, answer.json()["category"]) == (status, category)
    assert held(hubspot) == 0
    assert answer.headers.get("Retry-After") == ("3600" if kind == "migrating" else None)
    await hubspot.post(CREATE, ONE, 201)


@pytest.mark.parametrize("status", [502, 503, 504, 521, 523, 524])
@pytest.mark.parametrize("applied", [False, True])
async def test_a_gateway_answers_html_whether_the_write_took_place_or_not(
    hubspot: HubSpotUnderTest, status: int, *, applied: bool
) -> None:
    await fault(hubspot, "status", status=status, applied=applied)
    answer = await hubspot.http.post(CREATE, json=ONE)
    assert (answer.status_code, answer.headers["content-type"][:9]) == (status, "text/html")
    assert held(hubspot) == int(applied)


@pytest.mark.parametrize("kind", ["empty", "html", "truncated"])
async def test_a_garbled_success_has_written(hubspot: HubSpotUnderTest, kind: str) -> None:
    await fault(hubspot, kind)
    answer = await hubspot.http.post(CREATE, json=ONE)
    assert answer.status_code == 201
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(answer.content)
    assert held(hubspot) == 1


async def test_a_success_may_hold_errors(hubspot: HubSpotUnderTest) -> None:
    await fault(hubspot, "errors")
    answer = await hubspot.post(CREATE, rows({"name": "a"}, {"name": "b"}), 201)
    assert [each["objectWriteTraceId"] for each in answer["results"]] == ["t0"]
    assert answer["numErrors"] == 1
    assert answer["errors"][0]["context"]["objectWriteTraceId"] == ["t1"]
    assert held(hubspot) == 1


async def test_an_answer_without_a_body_keeps_no_error_to_itself(hubspot: HubSpotUnderTest) -> None:
    made = await hubspot.post(CREATE, rows({"name": "a"}, {"name": "b"}), 201)
    await fault(hubspot, "errors")
    inputs = {"inputs": [{"id": each["id"]} for each in made["results"]]}
    answer = await hubspot.http.post(CREATE.replace("create", "archive"), json=inputs)
    assert answer.status_code == 204
    records = hubspot.account.records["products"].by_id.values()
    assert [each.archived for each in records] == [True, True]


@pytest.mark.parametrize("applied", [True, False])
async def test_a_reset_in_process_is_a_read_error(
    hubspot: HubSpotUnderTest, *, applied: bool
) -> None:
    await fault(hubspot, "reset", applied=applied)
    with pytest.raises(httpx.ReadError) as caught:
        await hubspot.http.post(CREATE, json=ONE)
    assert isinstance(caught.value, ConnectionDroppedError)
    assert held(hubspot) == int(applied)


@pytest.mark.parametrize(("applied", "seen"), [(True, 1), (False, 0)])
async def test_a_slow_answer_is_applied_before_or_after_the_wait(
    hubspot: HubSpotUnderTest, *, applied: bool, seen: int
) -> None:
    during: list[int] = []

    async def sleep(seconds: float) -> None:
        during.append(held(hubspot))
        await hubspot.clock.sleep(seconds)

    hubspot.account.sleep = sleep
    await fault(hubspot, "slow", seconds=30, applied=applied)
    await hubspot.post(CREATE, ONE, 201)
    assert (during, hubspot.clock.slept, held(hubspot)) == ([seen], [30], 1)


async def test_a_fault_strikes_where_and_as_often_as_it_says(hubspot: HubSpotUnderTest) -> None:
    said = {"kind": "locked", "path": "*/batch/create", "method": "POST", "skip": 1, "count": 2}
    await hubspot.put({"faults": [said]})
    other = (await hubspot.http.get(f"{NEW}/products")).status_code
    statuses = [(await hubspot.http.post(CREATE, json=ONE)).status_code for _ in range(4)]
    assert (other, statuses) == (200, [201, 423, 423, 201])


async def test_a_share_of_calls_is_struck_the_same_under_the_same_seed() -> None:
    histories = []
    for _ in range(2):
        async with hubspot_under_test() as hubspot:
            hubspot.account.quota.lifted = True
            await hubspot.put({"faults": [{"kind": "locked", "share": 0.3}]})
            history = [(await hubspot.http.get(f"{NEW}/products")).status_code for _ in range(200)]
        histories.append(history)
    assert histories[0] == histories[1]
    assert 40 <= histories[0].count(423) <= 80


@pytest.mark.parametrize(
    "said",
    [
        {"faults": [{"kind": "nope"}]},
        {"faults": [{"kind": "locked", "often": 1}]},
        {"switches": {"nope": 1}},
        {"quota": {"nope": 1}},
        {"nope": 1},
        {"faults": [{"kind": "status", "status": "503"}]},
        {"faults": [{"kind": "status", "status": 200}]},
        {"faults": [{"kind": "reset", "share": 2}]},
        {"faults": "reset"},
        {"switches": {"search_lag_seconds": "long"}},
        {"switches": {"partial_email_upserts": "maybe"}},
        {"quota": {"tier": "gold"}},
        {"rates": {"CAD": "cheap"}},
        {"scopes": [1]},
        {"schema": {"orders": {"hs_tags": 5}}},
        [1],
    ],
)
async def test_what_cannot_be_switched_is_said(hubspot: HubSpotUnderTest, said: Any) -> None:
    before = (await hubspot.http.get("/_sandbox/faults")).json()

    assert (await hubspot.put(said, 400))["message"]

    assert (await hubspot.http.get("/_sandbox/faults")).json() == before


@pytest.mark.parametrize(
    ("status", "category"),
    [(400, "VALIDATION_ERROR"), (422, "VALIDATION_ERROR"), (500, "INTERNAL_ERROR")],
)
async def test_a_status_has_the_category_of_its_kind(
    hubspot: HubSpotUnderTest, status: int, category: str
) -> None:
    await fault(hubspot, "status", status=status)
    refused = await hubspot.post(f"{NEW}/products", {"properties": {"name": "x"}}, status)
    assert refused["category"] == category


async def test_what_is_switched_on_is_shown(hubspot: HubSpotUnderTest) -> None:
    await fault(hubspot, "locked")
    shown = (await hubspot.http.get("/_sandbox/faults")).json()
    assert shown["faults"][0]["kind"] == "locked"
    assert set(shown["kinds"]) == set(KINDS)


async def test_calls_are_counted_by_path_without_ids(hubspot: HubSpotUnderTest) -> None:
    product = await hubspot.made("products", name="x")
    await hubspot.http.get(f"{NEW}/products/{product}")
    await hubspot.http.get(f"{NEW}/products/1")
    counted = (await hubspot.http.get("/_sandbox/calls")).json()["calls"]
    assert {(each["path"], each["status"]): each["count"] for each in counted} == {
        (f"{NEW}/products", 201): 1,
        (f"{NEW}/products/{{objectId}}", 200): 1,
        (f"{NEW}/products/{{objectId}}", 404): 1,
    }


def test_a_reset_over_a_socket_has_written() -> None:
    account = Account(seed=1)
    headers = {"Authorization": f"Bearer {account.token}"}
    with served(account) as address, httpx.Client(base_url=address, headers=headers) as http:
        http.put("/_sandbox/faults", json={"faults": [{"kind": "reset", "count": 1}]})
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            http.post(CREATE, json=ONE)
        assert len(account.records["products"].by_id) == 1
        assert http.post(CREATE, json=ONE).status_code == 201


async def test_a_lost_row_needs_rows_to_lose(hubspot: HubSpotUnderTest) -> None:
    await fault(hubspot, "errors")
    assert (await hubspot.http.get(f"{NEW}/contacts")).status_code == 200
