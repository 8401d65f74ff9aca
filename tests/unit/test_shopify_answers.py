from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.shared.contract.bodies import json_object
from services.shared.contract.errors import (
    OursToFixError,
    OutcomeUnknownError,
    SyncError,
    WorldAtFaultError,
)
from services.shared.shopify.address import address_of
from services.shared.shopify.answers import (
    StoreUnavailableError,
    ThrottledError,
    TokenRefusedError,
    TooCostlyError,
    date_in,
    http_problem_in,
    parsed,
    retry_after_in,
)
from services.shared.shopify.costs import Bucket, Cost, learned, released, reserved, wait_seconds
from tests.support.shopify_replies import body_of

TABLE: list[tuple[int, type[SyncError], str]] = [
    (302, WorldAtFaultError, "unexpected_status"),
    (400, OursToFixError, "call_refused"),
    (401, TokenRefusedError, "token_refused"),
    (402, StoreUnavailableError, "store_frozen"),
    (403, OursToFixError, "access_denied"),
    (404, OursToFixError, "store_unknown"),
    (408, OutcomeUnknownError, "unavailable"),
    (423, StoreUnavailableError, "store_locked"),
    (429, ThrottledError, "throttled"),
    (430, ThrottledError, "throttled"),
    (500, OutcomeUnknownError, "unavailable"),
    (503, OutcomeUnknownError, "unavailable"),
]
CODES: list[tuple[str, type[SyncError], str]] = [
    ("THROTTLED", ThrottledError, "throttled"),
    ("MAX_COST_EXCEEDED", TooCostlyError, "query_too_costly"),
    ("ACCESS_DENIED", OursToFixError, "access_denied"),
    ("INTERNAL_SERVER_ERROR", OutcomeUnknownError, "internal_error"),
    ("undefinedField", OursToFixError, "bad_query"),
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["THROTTLED", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["data", "errors", "extensions", "cost", "code", "path"]), inner
        )
    ),
)


@pytest.mark.parametrize(("status", "kind", "reason"), TABLE)
def test_each_status_has_its_meaning(status: int, kind: type[SyncError], reason: str) -> None:
    problem = http_problem_in(status, {})

    assert type(problem) is kind
    assert problem.reason == reason


@given(st.integers(100, 599), st.dictionaries(st.just("Retry-After"), st.text(max_size=8)))
def test_every_status_is_classified(status: int, headers: dict[str, str]) -> None:
    problem = http_problem_in(status, headers)

    assert (problem is None) == (200 <= status < 300)


@pytest.mark.parametrize(("code", "kind", "reason"), CODES)
def test_each_error_code_of_a_200_has_its_meaning(
    code: str, kind: type[SyncError], reason: str
) -> None:
    with pytest.raises(SyncError) as caught:
        parsed(body_of({"x": 1}, errors=[{"message": "Jane", "extensions": {"code": code}}]))

    assert type(caught.value) is kind
    assert caught.value.reason == reason
    assert "Jane" not in str(caught.value)


@given(st.one_of(st.binary(), JSON.map(orjson.dumps)))
def test_any_body_is_data_or_one_of_our_errors(body: bytes) -> None:
    try:
        found = parsed(json_object(body))
    except SyncError:
        return
    assert isinstance(found.data, dict)


def test_denied_fields_are_named_by_their_path_and_the_rest_stands() -> None:
    error = {"path": ["customer", "email"], "extensions": {"code": "ACCESS_DENIED"}}

    found = parsed(body_of({"customer": {"id": "1", "email": None}}, errors=[error]))

    assert found.denied == (("customer", "email"),)
    assert found.data["customer"]["id"] == "1"


def test_throttling_says_how_long_the_bucket_needs() -> None:
    error = {"extensions": {"code": "THROTTLED"}}

    with pytest.raises(ThrottledError) as caught:
        parsed(body_of(errors=[error], requested=800, available=300, restore=100))

    assert caught.value.retry_after == 5.0


@pytest.mark.parametrize(
    ("text", "seconds"), [("2.0", 2.0), ("7", 7.0), ("soon", None), ("-1", None), ("9e9", None)]
)
def test_retry_after_is_read_in_shopify_s_form(text: str, seconds: float | None) -> None:
    assert retry_after_in({"Retry-After": text}) == seconds


@given(st.text(max_size=40))
def test_any_date_header_is_a_moment_with_a_zone_or_none(text: str) -> None:
    moment = date_in({"Date": text})

    assert moment is None or moment.tzinfo is not None


def test_only_a_shop_s_own_host_is_called() -> None:
    assert address_of("acme.myshopify.com").url == "https://acme.myshopify.com"
    assert address_of("acme.myshopify.com", "http://127.0.0.1:9/").url == "http://127.0.0.1:9"
    for bad in ("evil.com/.myshopify.com", "acme.myshopify.com\n", "a@b.myshopify.com", ""):
        with pytest.raises(OursToFixError):
            address_of(bad)


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(1, 1000)), max_size=60))
def test_a_bucket_that_is_waited_for_is_never_overdrawn(calls: list[tuple[float, float]]) -> None:
    bucket, now, truth = Bucket(), 0.0, 2000.0
    for pause, cost in calls:
        wait = wait_seconds(bucket, cost, now + pause)
        truth = min(truth + (pause + wait) * 100, 2000)
        now += pause + wait
        assert truth >= cost - 1e-6
        truth -= cost
        bucket = released(reserved(bucket, cost), cost, now)


def test_what_an_answer_says_counts_less_what_is_under_way() -> None:
    said = Cost(requested=50, actual=40, maximum=4000, available=1000, restore_rate=200)
    bucket = learned(reserved(reserved(Bucket(), 50), 900), 50, said, 10.0)

    assert bucket.reserved == 900
    assert wait_seconds(bucket, 300, 10.0) == pytest.approx(1.0, abs=0.01)
    assert wait_seconds(bucket, 300, 11.0) == 0


def test_no_answer_body_can_hold_back_a_store_for_ever() -> None:
    said: dict[str, Any] = body_of({}, restore=0)
    cost = parsed(said).cost

    assert cost is not None
    assert wait_seconds(learned(Bucket(), 0, cost, 0.0), 1000, 0.0) < 1001
