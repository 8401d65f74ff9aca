"""Tokens, versions, statuses and faults of the Admin API; the sandbox's own paths."""

from typing import Any

import httpx
import pytest

from sandbox.shopify import actions, given
from sandbox.shopify.api_faults import STATUSES
from sandbox.shopify.tokens import EXPIRES_IN
from tests.support.shopify_calls import SHOP, Calls

SHOP_NAME = "{ shop { name } }"


@pytest.fixture
def calls() -> Calls:
    return Calls()


async def token_for(calls: Calls, **changes: Any) -> httpx.Response:
    form = {
        "grant_type": "client_credentials",
        "client_id": calls.store.client_id,
        "client_secret": calls.store.client_secret,
        **changes,
    }
    return await calls.send("POST", "/admin/oauth/access_token", data=form)


async def test_client_credentials_give_a_token_for_a_day(calls: Calls) -> None:
    answer = (await token_for(calls)).json()

    assert answer["expires_in"] == EXPIRES_IN == 86399
    assert answer["scope"].split(",")[0] == "read_customers"
    token = answer["access_token"]
    assert (await calls.graphql(SHOP_NAME, token=token)).status_code == 200
    calls.clock.passes(seconds=EXPIRES_IN)
    assert (await calls.graphql(SHOP_NAME, token=token)).status_code == 401
    assert (await calls.graphql(SHOP_NAME)).status_code == 200


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_id": "wrong"}, "application_cannot_be_found"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
async def test_wrong_credentials_get_no_token(
    calls: Calls, changes: dict[str, str], error: str
) -> None:
    response = await token_for(calls, **changes)

    assert (response.status_code, response.json()["error"]) == (400, error)


async def test_an_app_of_another_organization_is_not_permitted(calls: Calls) -> None:
    calls.store.credentials_permitted = False

    assert (await token_for(calls)).json()["error"] == "shop_not_permitted"


async def test_both_secrets_get_a_token_after_a_rotation(calls: Calls) -> None:
    old = calls.store.client_secret
    actions.rotate_secret(calls.store)

    assert (await token_for(calls, client_secret=old)).status_code == 200
    assert (await token_for(calls)).status_code == 200


async def test_after_an_uninstall_every_token_is_refused(calls: Calls) -> None:
    actions.uninstall(calls.store)

    refused = await calls.graphql(SHOP_NAME)

    assert refused.status_code == 401
    assert refused.json()["errors"].startswith("[API] Invalid API key or access token")
    assert (await token_for(calls)).json()["error"] == "app_not_installed"
    actions.install(calls.store)
    assert (await calls.graphql(SHOP_NAME)).status_code == 200


async def test_a_frozen_shop_answers_402_and_an_unknown_one_404(calls: Calls) -> None:
    headers = {"Host": "other.myshopify.com", "X-Shopify-Access-Token": calls.token}
    unknown = await calls.send("POST", "/admin/api/2026-10/graphql.json", headers=headers)
    calls.store.frozen = True

    assert (await calls.graphql(SHOP_NAME)).status_code == 402
    assert unknown.status_code == 404


async def test_the_store_is_found_by_its_token_when_the_host_names_none(calls: Calls) -> None:
    headers = {"Host": "127.0.0.1:9", "X-Shopify-Access-Token": calls.token}
    body = {"query": SHOP_NAME}
    path = "/admin/api/2026-10/graphql.json"

    found = await calls.send("POST", path, headers=headers, json=body)
    refused = await calls.send(
        "POST", path, headers={**headers, "X-Shopify-Access-Token": "no"}, json=body
    )

    assert found.json()["data"] == {"shop": {"name": "acme"}}
    assert refused.status_code == 401


@pytest.mark.parametrize(
    ("asked", "answered"),
    [("2026-10", "2026-10"), ("2026-07", "2026-07"), ("2023-04", "2025-10"), ("unstable",) * 2],
)
async def test_a_retired_version_falls_forward(calls: Calls, asked: str, answered: str) -> None:
    response = await calls.graphql(SHOP_NAME, version=asked)

    assert response.headers["X-Shopify-API-Version"] == answered
    assert response.headers["Date"] == "Mon, 23 Nov 2026 10:00:00 GMT"


async def test_a_version_that_never_was_is_not_found(calls: Calls) -> None:
    assert (await calls.graphql(SHOP_NAME, version="2026-11")).status_code == 404


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[]", b'{"query": 1}'])
async def test_a_body_that_is_no_query_is_a_bad_request(calls: Calls, body: bytes) -> None:
    headers = {"X-Shopify-Access-Token": calls.token}
    answer = await calls.send(
        "POST", "/admin/api/2026-10/graphql.json", headers=headers, content=body
    )

    assert answer.status_code == 400


@pytest.mark.parametrize("status", sorted(STATUSES))
async def test_every_status_can_be_switched_on_and_off(calls: Calls, status: int) -> None:
    switch = {"api": {"status": status, "times": 1, "retry_after": 2.0}}
    assert (await calls.send("PUT", "/_sandbox/faults", json=switch)).status_code == 200

    refused = await calls.graphql(SHOP_NAME)

    assert refused.status_code == status
    assert refused.headers.get("Retry-After") == ("2.0" if status in (429, 503) else None)
    assert (await calls.graphql(SHOP_NAME)).status_code == 200


async def test_faults_may_slow_throttle_befall_a_share_or_one_shop(calls: Calls) -> None:
    faults = calls.shopify.faults
    faults.update({"slow_seconds": 4, "throttled": True, "times": 1})

    throttled = await calls.body(SHOP_NAME)

    assert throttled["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert calls.clock.slept == [4]
    faults.update({"status": 500, "share": 0.5, "slow_seconds": 0.0})
    statuses = {(await calls.graphql(SHOP_NAME)).status_code for _ in range(40)}
    assert statuses == {200, 500}
    faults.update({"share": 1.0, "shop": "other.myshopify.com"})
    assert (await calls.graphql(SHOP_NAME)).status_code == 200
    faults.update({"shop": "", "not_json": True})
    assert (await calls.graphql(SHOP_NAME)).headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("unknown", [{"api": {"x": 1}}, {"api": {"status": 299}}])
async def test_a_fault_there_is_not_is_refused(calls: Calls, unknown: dict[str, Any]) -> None:
    assert (await calls.send("PUT", "/_sandbox/faults", json=unknown)).status_code == 422
    shapeless: list[Any] = [{"no": {}}, {"api": 5}, {"api": [1]}, [1]]
    for none in shapeless:
        assert (await calls.send("PUT", "/_sandbox/faults", json=none)).status_code == 400
    assert calls.shopify.faults.as_json()["status"] == 0


async def test_actions_settings_and_records_are_reachable_over_http(calls: Calls) -> None:
    product = given.product(calls.store)
    lines = [{"variant_id": product["variants"][0]["id"]}]
    act = f"/_sandbox/stores/{SHOP}/actions"

    placed = await calls.send(
        "POST",
        f"{act}/place_order",
        json={"lines": lines, "email": "a@b.c", "created_at": "2026-10-01T08:00:00Z"},
    )
    changed = await calls.send(
        "PUT", f"/_sandbox/stores/{SHOP}", json={"frozen": True, "index_lag_seconds": 3}
    )
    records = (await calls.send("GET", f"/_sandbox/records?shop={SHOP}")).json()
    (described,) = (await calls.send("GET", "/_sandbox/stores")).json()

    assert placed.json()["created_at"] == "2026-10-01T08:00:00Z"
    assert records["orders"][0]["customer"]["email"] == "a@b.c"
    assert {key: len(each) for key, each in records.items()} == {
        "customers": 1,
        "products": 1,
        "orders": 1,
        "checkouts": 0,
    }
    assert changed.json()["frozen"] is True
    assert (described["access_token"], described["index_lag_seconds"]) == (calls.token, 3)


@pytest.mark.parametrize(
    "setting",
    [
        {"frozen": "yes"},
        {"plan": "gold"},
        {"scopes": 5},
        {"scopes": "read_orders"},
        {"index_lag_seconds": "long"},
        {"index_lag_seconds": -1},
        {"orders_default_status": 3},
        {"rng": 1},
    ],
)
async def test_a_setting_of_the_wrong_kind_is_refused(
    calls: Calls, setting: dict[str, Any]
) -> None:
    base = f"/_sandbox/stores/{SHOP}"
    before = (await calls.send("GET", "/_sandbox/stores")).json()

    assert (
        await calls.send("PUT", base, json={"tag_edits_bump": True, **setting})
    ).status_code == 422

    assert (await calls.send("GET", "/_sandbox/stores")).json() == before


async def test_what_cannot_be_done_over_http_says_why(calls: Calls) -> None:
    base = f"/_sandbox/stores/{SHOP}"
    refused = {
        (await calls.send("POST", f"{base}/actions/place_order", json={})).status_code,
        (await calls.send("PUT", base, json={"rng": 1})).status_code,
    }
    missing = {
        (await calls.send("POST", f"{base}/actions/steal", json={})).status_code,
        (await calls.send("GET", "/_sandbox/records?shop=none")).status_code,
    }

    assert (refused, missing) == ({422}, {404})
