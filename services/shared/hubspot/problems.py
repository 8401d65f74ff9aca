"""What an answer of HubSpot means. Pure; the error table of the whole product is here.

    SyncError
    ├── RecordAtFaultError
    │   └── RejectedByHubSpotError   400, 404, 409, 413, 414, 422: this call's rows are refused
    ├── WorldAtFaultError
    │   ├── RateLimitedError         429, with its policy
    │   ├── BusyError                423 (locked), 477 (account being migrated), 3xx
    │   └── OutcomeUnknownError      5xx, 408, and 2xx whose body is not what was promised
    └── OursToFixError               401, 402, 403, and calls HubSpot does not know

https://developers.hubspot.com/docs/api-reference/error-handling
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from services.shared.contract.bodies import json_object
from services.shared.contract.errors import (
    OursToFixError,
    OutcomeUnknownError,
    RecordAtFaultError,
    SyncError,
    WorldAtFaultError,
)
from services.shared.hubspot.rates import PAUSE_SECONDS, Policy, policy_in, seconds_in
from services.shared.hubspot.refusals import Refusal, refusal_in, scopes_in

# A lock on rows under fast upserts lasts two seconds; a migration may last a day.
LOCK_SECONDS = 2.0
MIGRATION_SECONDS = 60.0
QUOTA_SPENT = "quota_spent"
"""The reason while no call is granted for long: the account's day is used up."""


class RejectedByHubSpotError(RecordAtFaultError):
    """HubSpot refuses the whole call because of something in it.

    ``refusal`` says what; it may name the rows (``traces``, ``ids``), often it names nobody.
    """

    def __init__(self, reason: str, refusal: Refusal) -> None:
        super().__init__(reason, code=refusal.code, field=refusal.field, detail=refusal.detail)
        self.refusal = refusal


class RateLimitedError(WorldAtFaultError):
    """A limit is met; nothing was applied. ``retry_after`` is always set."""

    def __init__(self, policy: Policy, *, retry_after: float) -> None:
        reason = QUOTA_SPENT if policy is Policy.DAILY else "rate_limited"
        super().__init__(reason, retry_after=retry_after, detail=policy.value)
        self.policy = policy


class BusyError(WorldAtFaultError):
    """HubSpot does not take the call now; nothing was applied."""


_Body = Mapping[str, Any]
_Headers = Mapping[str, str]


def problem_in(status: int, headers: Mapping[str, str], body: bytes) -> SyncError | None:
    """The error this answer stands for, or None if it is a success.

    Never raises, whatever the bytes. Per-row errors inside a 2xx are not looked at here: see
    ``answers.results_in``. Neither the body's text nor any value in it gets into the error.
    """
    return problem_with(status, headers, json_object(body), is_empty=not body)


def problem_with(
    status: int, headers: Mapping[str, str], envelope: _Body | None, *, is_empty: bool
) -> SyncError | None:
    """``problem_in`` of a body that is parsed already: by ``json_object``."""
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return _problem_of_success(status, envelope, is_empty=is_empty)
    low = {name.lower(): value for name, value in headers.items()}
    meaning = _MEANINGS.get(status) or _by_class(status)
    return meaning(envelope or {}, low)


def _problem_of_success(status: int, envelope: _Body | None, *, is_empty: bool) -> SyncError | None:
    if envelope is not None or (status == HTTPStatus.NO_CONTENT and is_empty):
        return None
    return OutcomeUnknownError("garbled_answer")


def _limited(envelope: _Body, headers: _Headers) -> SyncError:
    policy = policy_in(envelope)
    said = seconds_in(headers.get("retry-after"))
    return RateLimitedError(policy, retry_after=PAUSE_SECONDS[policy] if said is None else said)


def _locked(_: _Body, headers: _Headers) -> SyncError:
    said = seconds_in(headers.get("retry-after")) or 0.0
    return BusyError("locked", retry_after=max(LOCK_SECONDS, said))


def _migrating(_: _Body, headers: _Headers) -> SyncError:
    said = seconds_in(headers.get("retry-after"))
    return BusyError("account_migrating", retry_after=said or MIGRATION_SECONDS)


def _forbidden(envelope: _Body, _: _Headers) -> SyncError:
    return OursToFixError("scope_missing", detail=" ".join(scopes_in(envelope)))


def _ours(reason: str, detail: str = "") -> Callable[[_Body, _Headers], SyncError]:
    return lambda _envelope, _headers: OursToFixError(reason, detail=detail)


def _unknown_outcome(_: _Body, headers: _Headers) -> SyncError:
    return OutcomeUnknownError("unavailable", retry_after=seconds_in(headers.get("retry-after")))


def _redirected(_: _Body, headers: _Headers) -> SyncError:
    return BusyError("unexpected_status", retry_after=seconds_in(headers.get("retry-after")))


def _rejected(reason: str, category: str) -> Callable[[_Body, _Headers], SyncError]:
    def meaning(envelope: _Body, _: _Headers) -> SyncError:
        refusal = refusal_in({"category": category} | dict(envelope))
        if refusal.category in _OURS_BY_CATEGORY:
            return OursToFixError(
                _OURS_BY_CATEGORY[refusal.category], detail=" ".join(scopes_in(envelope))
            )
        if refusal.is_about_id_property:
            return OursToFixError("id_property_not_unique")
        return RejectedByHubSpotError(reason, refusal)

    return meaning


def _by_class(status: int) -> Callable[[_Body, _Headers], SyncError]:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _unknown_outcome
    return _ours("call_refused") if status >= HTTPStatus.BAD_REQUEST else _redirected


_OURS_BY_CATEGORY: Mapping[str, str] = MappingProxyType(
    {"MISSING_SCOPES": "scope_missing", "INVALID_AUTHENTICATION": "token_refused"}
)
_MEANINGS: Mapping[int, Callable[[_Body, _Headers], SyncError]] = MappingProxyType(
    {
        400: _rejected("refused", "VALIDATION_ERROR"),
        401: _ours("token_refused", "HubSpot"),
        402: _ours("account_suspended"),
        403: _forbidden,
        404: _rejected("not_found", "OBJECT_NOT_FOUND"),
        408: _unknown_outcome,
        409: _rejected("conflict", "OBJECT_ALREADY_EXISTS"),
        413: _rejected("too_large", "TOO_LARGE"),
        414: _rejected("too_long", "TOO_LONG"),
        422: _rejected("refused", "VALIDATION_ERROR"),
        423: _locked,
        429: _limited,
        477: _migrating,
    }
)
