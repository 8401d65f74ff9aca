"""The simulator's tokens, scopes and rate limits."""

from datetime import UTC, datetime
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from sandbox.hubspot.quota import Tier, Window
from sandbox.hubspot.tokens import (
    AUTHORIZATION_CODE,
    CLIENT_ID,
    CLIENT_SECRET,
    REFRESH_TOKEN,
    Token,
)
from tests.support.hubspot_account import HubSpotUnderTest, hubspot_under_test

NEW = "/crm/objects/2026-09"


async def grant(hubspot: HubSpotUnderTest, **form: str) -> Any:
    body = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, **form}
    return await hubspot.http.post("/oauth/2026-09/token", data=body)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer nobody", "Basic eA=="])
async def test_without_a_known_token_there_is_nothing(
    hubspot: HubSpotUnderTest, header: str
) -> None:
    answer = await hubspot.http.get(f"{NEW}/orders", headers={"Authorization": header})
    assert (answer.status_code, answer.json()["category"]) == (401, "INVALID_AUTHENTICATION")


async def test_a_missing_scope_is_named(hubspot: HubSpotUnderTest) -> None:
    await hubspot.put({"scopes": ["crm.objects.orders.read", "e-commerce"]})
    refused = await hubspot.post(f"{NEW}/orders", {"properties": {}}, 403)
    assert refused["category"] == "MISSING_SCOPES"
    needed = refused["errors"][0]["context"]["requiredGranularScopes"]
    assert needed == ["crm.objects.orders.write"]
    assert (await hubspot.http.get(f"{NEW}/order")).status_code == 200
    await hubspot.post(f"{NEW}/products", {"properties": {"name": "by e-commerce"}}, 201)
    assert (await hubspot.http.get("/account-info/2026-09/details")).status_code == 200
    await hubspot.post("/crm/pipelines/2026-09/orders", {}, 403)


async def test_oauth_gives_tokens_of_half_an_hour(hubspot: HubSpotUnderTest) -> None:
    granted = (await grant(hubspot, grant_type="refresh_token", refresh_token=REFRESH_TOKEN)).json()
    bearer = {"Authorization": f"Bearer {granted['access_token']}"}
    assert (granted["expires_in"], granted["refresh_token"]) == (1800, REFRESH_TOKEN)
    assert len(granted["access_token"]) >= 300

    first = await hubspot.http.get(f"{NEW}/orders", headers=bearer)
    await hubspot.clock.sleep(1800)
    late = await hubspot.http.get(f"{NEW}/orders", headers=bearer)

    assert first.headers["X-HubSpot-RateLimit-Max"] == "110"
    assert "X-HubSpot-RateLimit-Daily" not in first.headers
    assert (late.status_code, late.json()["category"]) == (401, "EXPIRED_AUTHENTICATION")


async def test_a_revoked_grant_is_an_invalid_grant(hubspot: HubSpotUnderTest) -> None:
    form = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "token": REFRESH_TOKEN}
    await hubspot.http.post("/oauth/v3/token/revoke", data=form)
    refused = await grant(hubspot, grant_type="refresh_token", refresh_token=REFRESH_TOKEN)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert refused.json()["status"] == "BAD_REFRESH_TOKEN"


async def test_an_authorization_code_works_once(hubspot: HubSpotUnderTest) -> None:
    form = {"grant_type": "authorization_code", "code": AUTHORIZATION_CODE}
    statuses = [(await grant(hubspot, **form)).status_code for _ in range(2)]
    assert statuses == [200, 400]


async def test_other_grants_and_clients(hubspot: HubSpotUnderTest) -> None:
    own = (await grant(hubspot, grant_type="client_credentials")).json()
    assert "refresh_token" not in own
    assert (await grant(hubspot, grant_type="password")).status_code == 400
    assert (await grant(hubspot, grant_type="client_credentials", client_id="x")).is_error
    assert (await grant(hubspot, grant_type="client_credentials", client_secret="x")).is_error
    by_query = await hubspot.http.post("/oauth/v3/token?grant_type=client_credentials")
    assert by_query.status_code == 400


async def test_introspection_says_whether_a_token_is_good(hubspot: HubSpotUnderTest) -> None:
    form = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    active = []
    for token in (hubspot.account.token, REFRESH_TOKEN, "nobody"):
        answer = await hubspot.http.post(
            "/oauth/2026-09/token/introspect", data={**form, "token": token}
        )
        active.append(answer.json()["active"])
    assert active == [True, True, False]


@pytest.mark.parametrize(
    ("tier", "burst", "day"),
    [
        ("free", 100, 250_000),
        ("starter", 100, 250_000),
        ("professional", 190, 625_000),
        ("enterprise", 190, 1_000_000),
    ],
)
async def test_the_tier_sets_the_limits(tier: Tier, burst: int, day: int) -> None:
    async with hubspot_under_test(tier) as hubspot:
        answers = [await hubspot.http.get(f"{NEW}/orders") for _ in range(burst + 1)]
    assert [each.status_code for each in answers] == [200] * burst + [429]
    first, last = answers[0].headers, answers[-1]
    assert first["X-HubSpot-RateLimit-Remaining"] == str(burst - 1)
    assert first["X-HubSpot-RateLimit-Interval-Milliseconds"] == "10000"
    assert first["X-HubSpot-RateLimit-Daily"] == str(day)
    assert first["X-HubSpot-RateLimit-Daily-Remaining"] == str(day - 1)
    assert last.headers["X-HubSpot-RateLimit-Remaining"] == "0"
    assert "Retry-After" not in last.headers
    body = last.json()
    assert (body["status"], body["errorType"]) == ("error", "RATE_LIMIT")
    assert body["policyName"] == "TEN_SECONDLY_ROLLING"
    assert {"correlationId", "requestId"} <= set(body)


async def test_an_increase_raises_both_limits(hubspot: HubSpotUnderTest) -> None:
    await hubspot.put({"quota": {"increases": 2}})
    headers = (await hubspot.http.get(f"{NEW}/orders")).headers
    assert headers["X-HubSpot-RateLimit-Max"] == "250"
    assert headers["X-HubSpot-RateLimit-Daily"] == "2625000"


def test_no_ten_seconds_ever_hold_more_than_the_limit() -> None:
    random, window, let_through, at = Random(5), Window(10.0), [], 0.0
    for _ in range(5000):
        at += random.expovariate(25)
        if window.take(at, 190):
            let_through.append(at)
    gaps = [late - early for early, late in pairwise(let_through[::190])]
    assert len(let_through) > 2000
    for place in range(len(let_through) - 190):
        assert let_through[place + 190] - let_through[place] >= 10.0
    assert min(gaps) >= 10.0


async def test_what_is_refused_does_not_count(hubspot: HubSpotUnderTest) -> None:
    await hubspot.put({"quota": {"burst": 1}})
    statuses = []
    for pause in (0, 9.5, 0.5):
        await hubspot.clock.sleep(pause)
        statuses.append((await hubspot.http.get(f"{NEW}/orders")).status_code)
    assert statuses == [200, 429, 200]


async def test_apps_have_their_own_burst_and_share_the_day(hubspot: HubSpotUnderTest) -> None:
    await hubspot.put({"quota": {"burst": 1, "day": 2}})
    hubspot.account.tokens.bearers["other"] = Token(kind="private_app", app="other")
    other = {"Authorization": "Bearer other"}
    assert (await hubspot.http.get(f"{NEW}/orders")).status_code == 200
    assert (await hubspot.http.get(f"{NEW}/orders", headers=other)).status_code == 200
    await hubspot.clock.sleep(10)
    refused = (await hubspot.http.get(f"{NEW}/orders")).json()
    assert (refused["policyName"], refused["message"]) == (
        "DAILY",
        "You have reached your daily limit.",
    )


async def test_the_day_ends_at_midnight_of_the_account(hubspot: HubSpotUnderTest) -> None:
    await hubspot.put({"quota": {"day": 2}})
    await hubspot.http.get(f"{NEW}/orders")
    path = "/account-info/v3/api-usage/daily/private-apps"
    usage = (await hubspot.http.get(path)).json()["results"][0]
    assert (usage["currentUsage"], usage["usageLimit"]) == (2, 2)
    assert usage["resetsAt"] == "2026-11-25T05:00:00.000Z"
    hubspot.clock.at = datetime(2026, 11, 25, 4, 59, 59, tzinfo=UTC)
    assert (await hubspot.http.get(f"{NEW}/orders")).status_code == 429
    hubspot.clock.at = datetime(2026, 11, 25, 5, tzinfo=UTC)
    assert (await hubspot.http.get(f"{NEW}/orders")).status_code == 200


async def test_five_searches_a_second_without_limit_headers(hubspot: HubSpotUnderTest) -> None:
    path = f"{NEW}/orders/search"
    answers = [await hubspot.http.post(path, json={}) for _ in range(6)]
    assert [each.status_code for each in answers] == [200] * 5 + [429]
    assert answers[-1].json()["message"] == "You have reached your secondly limit."
    assert not [name for name in answers[0].headers if "ratelimit" in name]
    assert hubspot.account.quota.used_today == 5
    await hubspot.clock.sleep(1)
    await hubspot.put({"quota": {"search_counts": False}})
    await hubspot.post(path, {}, 200)
    assert hubspot.account.quota.used_today == 5


async def test_limits_can_be_lifted(hubspot: HubSpotUnderTest) -> None:
    await hubspot.put({"quota": {"burst": 1, "day": 1, "lifted": True}})
    statuses = {(await hubspot.http.get(f"{NEW}/orders")).status_code for _ in range(5)}
    assert statuses == {200}
