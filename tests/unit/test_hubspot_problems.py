from __future__ import annotations

import httpx
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.shared.contract.errors import (
    OursToFixError,
    OutcomeUnknownError,
    SyncError,
    WorldAtFaultError,
)
from services.shared.hubspot.problems import (
    BusyError,
    RateLimitedError,
    RejectedByHubSpotError,
    problem_in,
)
from services.shared.hubspot.rates import Policy, rate_facts_in
from services.shared.hubspot.refusals import masked, refusal_in
from services.shared.runtime.network import network_problem

TABLE: list[tuple[int, type[SyncError], str]] = [
    (400, RejectedByHubSpotError, "refused"),
    (401, OursToFixError, "token_refused"),
    (402, OursToFixError, "account_suspended"),
    (403, OursToFixError, "scope_missing"),
    (404, RejectedByHubSpotError, "not_found"),
    (405, OursToFixError, "call_refused"),
    (408, OutcomeUnknownError, "unavailable"),
    (409, RejectedByHubSpotError, "conflict"),
    (413, RejectedByHubSpotError, "too_large"),
    (414, RejectedByHubSpotError, "too_long"),
    (422, RejectedByHubSpotError, "refused"),
    (423, BusyError, "locked"),
    (429, RateLimitedError, "rate_limited"),
    (477, BusyError, "account_migrating"),
    *[(s, OutcomeUnknownError, "unavailable") for s in (500, 502, 503, 504, 521, 523, 524)],
    (302, BusyError, "unexpected_status"),
]


@pytest.mark.parametrize(("status", "kind", "reason"), TABLE)
@pytest.mark.parametrize("body", [b"", b"<html>", b'{"status":"error"}', b'{"mess'])
def test_each_status_has_its_meaning_whatever_the_body(
    status: int, kind: type[SyncError], reason: str, body: bytes
) -> None:
    problem = problem_in(status, {}, body)

    assert type(problem) is kind
    assert problem.reason == reason


@given(
    st.integers(100, 599),
    st.one_of(
        st.binary(),
        st.recursive(
            st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=9),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(
                        ["message", "category", "errors", "context", "ids", "code", "in"]
                    ),
                    inner,
                    max_size=4,
                )
            ),
        ).map(orjson.dumps),
    ),
    st.dictionaries(st.sampled_from(["Retry-After", "X"]), st.text(max_size=9)),
)
def test_every_status_with_any_bytes_is_classified(
    status: int, body: bytes, headers: dict[str, str]
) -> None:
    problem = problem_in(status, headers, body)

    assert isinstance(problem, SyncError | None)
    assert problem is not None or 200 <= status < 300


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'"x"', b'{"results":[', b"null"])
def test_a_success_without_a_json_object_leaves_the_outcome_unknown(body: bytes) -> None:
    assert type(problem_in(200, {}, body)) is OutcomeUnknownError


def test_an_empty_204_and_a_json_object_are_successes() -> None:
    assert problem_in(204, {}, b"") is None
    assert problem_in(207, {}, b'{"errors":[{}]}') is None


@pytest.mark.parametrize(
    ("said", "policy", "wait"),
    [
        ({"policyName": "TEN_SECONDLY_ROLLING"}, Policy.TEN_SECONDLY, 10.0),
        ({"policyName": "SECONDLY"}, Policy.SECONDLY, 1.0),
        ({"message": "You have reached your secondly limit."}, Policy.SECONDLY, 1.0),
        ({"policyName": "DAILY"}, Policy.DAILY, 900.0),
        ({}, Policy.TEN_SECONDLY, 10.0),
    ],
)
def test_a_429_says_which_limit_and_how_long_to_wait(
    said: dict[str, str], policy: Policy, wait: float
) -> None:
    problem = problem_in(429, {}, orjson.dumps(said))

    assert isinstance(problem, RateLimitedError)
    assert (problem.policy, problem.retry_after) == (policy, wait)


def test_a_lock_is_waited_for_at_least_two_seconds_and_a_migration_as_long_as_said() -> None:
    locked = problem_in(423, {"Retry-After": "1"}, b"")
    migrating = problem_in(477, {"retry-after": "3600"}, b"")

    assert isinstance(locked, WorldAtFaultError)
    assert locked.retry_after == 2.0
    assert isinstance(migrating, WorldAtFaultError)
    assert migrating.retry_after == 3600.0


def test_a_403_names_the_scopes_to_grant() -> None:
    context = {"requiredGranularScopes": ["crm.objects.orders.write", "Jane Doe <j@d.e>"]}
    body = orjson.dumps({"errors": [{"context": context}]})

    problem = problem_in(403, {}, body)

    assert problem is not None
    assert problem.detail == "crm.objects.orders.write"


def test_a_conflict_names_the_existing_record_but_quotes_no_address() -> None:
    body = orjson.dumps(
        {
            "category": "CONFLICT",
            "message": "Contact already exists. Existing ID: 12345 for jane.doe@example.com",
        }
    )

    problem = problem_in(409, {}, body)

    assert isinstance(problem, RejectedByHubSpotError)
    assert problem.refusal.existing_id == "12345"
    assert "jane" not in f"{problem} {problem.detail} {problem.refusal}".lower()


def test_code_and_property_are_found_in_both_forms_hubspot_writes() -> None:
    in_errors = {"errors": [{"code": "INVALID_EMAIL", "context": {"propertyName": ["email"]}}]}
    in_message = {
        "message": 'Property values were not valid: [{"isValid":false,"message":"Email address '
        'jane@x is invalid","error":"INVALID_EMAIL","name":"email"}]'
    }

    for envelope in (in_errors, in_message):
        refusal = refusal_in(envelope)
        assert (refusal.code, refusal.field) == ("INVALID_EMAIL", "email")
        assert "jane" not in str(refusal)


def test_a_key_that_is_not_unique_is_ours_to_fix_and_not_a_row_s_fault() -> None:
    said = "Unable to perform update/upsert by non-unique 0-2 property domain"

    problem = problem_in(400, {}, orjson.dumps({"category": "VALIDATION_ERROR", "message": said}))

    assert isinstance(problem, OursToFixError)
    assert problem.reason == "id_property_not_unique"


@given(st.text(max_size=300))
def test_no_word_that_is_not_hubspot_s_own_survives_masking(message: str) -> None:
    words = set(masked(f"Property {message} was not valid").split())

    assert all(word == "…" or word.isascii() for word in words)
    assert not any(any(sign.isdigit() or sign == "@" for sign in word) for word in words)


def test_masking_keeps_the_sentence_and_drops_the_values() -> None:
    said = "Cannot set hs_sku. Jane's 4711 already has that value, see jane@doe.example"

    assert masked(said) == "Cannot set … already has that value …"


def test_limits_for_another_interval_are_not_ours() -> None:
    headers = {"X-HubSpot-RateLimit-Max": "5", "X-HubSpot-RateLimit-Interval-Milliseconds": "1000"}

    assert rate_facts_in(headers).limit is None
    assert rate_facts_in({"x-hubspot-ratelimit-max": "190"}).limit == 190
    assert rate_facts_in({"x-hubspot-ratelimit-max": "²"}).limit is None


def _subclasses(kind: type[httpx.RequestError]) -> list[type[httpx.RequestError]]:
    below = [each for child in kind.__subclasses__() for each in _subclasses(child)]
    return [kind, *below]


@pytest.mark.parametrize("kind", _subclasses(httpx.RequestError))
def test_every_failure_of_the_network_has_a_meaning(kind: type[httpx.RequestError]) -> None:
    unsent = {"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError"}
    ours = {"UnsupportedProtocol", "LocalProtocolError"}
    expected: type[SyncError] = OutcomeUnknownError
    if kind.__name__ in unsent:
        expected = WorldAtFaultError
    if kind.__name__ in ours:
        expected = OursToFixError

    problem = network_problem(kind("https://secret"))

    assert type(problem) is expected
    assert "secret" not in str(problem)


def test_a_failure_of_the_network_names_the_host_and_nothing_else_of_the_call() -> None:
    request = httpx.Request("GET", "https://me:secret@api.example.com/secret?secret=1")

    problem = network_problem(httpx.ConnectError("secret", request=request))

    assert str(problem) == "network_ConnectError: api.example.com"
