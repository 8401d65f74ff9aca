"""What an answer of Shopify's Admin GraphQL API means. Pure.

Errors come as HTTP statuses, and more often as HTTP 200 with ``errors``; some of those leave
``data`` with nulls in it that mean "not allowed to see", not "not there".
https://shopify.dev/docs/api/admin-graphql
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from services.shared.contract.errors import (
    OursToFixError,
    OutcomeUnknownError,
    SyncError,
    WorldAtFaultError,
)
from services.shared.shopify.costs import Cost, throttled_wait

_CODE = re.compile(r"[A-Z][A-Z0-9_]{1,63}")
_LONGEST_WAIT_SECONDS = 86_400.0
_FROZEN_WAIT_SECONDS = 300.0

Path = tuple[str | int, ...]


class ThrottledError(WorldAtFaultError):
    """The cost bucket is too empty; nothing was run."""


class TooCostlyError(OursToFixError):
    """One query asks for more than 1,000 points; nothing was run. Ask for less at once."""

    def __init__(self) -> None:
        super().__init__("query_too_costly")


class TokenRefusedError(OursToFixError):
    """401: the token is expired or revoked."""

    def __init__(self) -> None:
        super().__init__("token_refused", detail="Shopify")


class StoreUnavailableError(WorldAtFaultError):
    """402 (``store_frozen``: unpaid or paused) or 423 (``store_locked``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """The body of an answer that is a success; ``denied`` are the paths we may not see."""

    data: Mapping[str, Any]
    cost: Cost | None
    denied: Sequence[Path] = ()


def http_problem_in(status: int, headers: Mapping[str, str]) -> SyncError | None:
    """The error the status alone stands for, or None for a 2xx. Never raises."""
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    wait = retry_after_in(headers)
    known = _BY_STATUS.get(status)
    if known is not None:
        return known(wait)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return OutcomeUnknownError("unavailable", retry_after=wait)
    if status >= HTTPStatus.BAD_REQUEST:
        return OursToFixError("call_refused")
    return WorldAtFaultError("unexpected_status", retry_after=wait)


def parsed(envelope: Mapping[str, Any] | None) -> Parsed:
    """The data of a 2xx answer whose body is ``envelope``, None for one that is no JSON object.

    Raises:
        ThrottledError: with the wait the bucket needs.
        TooCostlyError: one query asks for too much.
        OursToFixError: the query is wrong, or nothing of it may be seen.
        OutcomeUnknownError: the body is not what was promised, or Shopify failed inside.
    """
    if envelope is None:
        raise OutcomeUnknownError("garbled_answer")
    cost = cost_in(envelope)
    errors = envelope.get("errors")
    listed = [each for each in errors if isinstance(each, dict)] if isinstance(errors, list) else []
    codes = [_code(each) for each in listed]
    for code, error in zip(codes, listed, strict=True):
        problem = _problem_of(code, error, cost)
        if problem is not None:
            raise problem
    data = envelope.get("data")
    if not isinstance(data, dict):
        raise _problem_without_data(codes)
    return Parsed(data=data, cost=cost, denied=tuple(_path(each) for each in listed))


def cost_in(envelope: Mapping[str, Any]) -> Cost | None:
    """``extensions.cost``, or None if it is not all there."""
    found = _at(envelope, "extensions", "cost")
    status = _at(found, "throttleStatus")
    requested = _number(found.get("requestedQueryCost"))
    numbers = [
        _number(status.get(name))
        for name in ("maximumAvailable", "currentlyAvailable", "restoreRate")
    ]
    maximum, available, rate = numbers
    if requested is None or maximum is None or available is None or rate is None:
        return None
    return Cost(
        requested=requested,
        actual=_number(found.get("actualQueryCost")),
        maximum=maximum,
        available=available,
        restore_rate=rate,
    )


def retry_after_in(headers: Mapping[str, str]) -> float | None:
    """``Retry-After`` in seconds (Shopify writes ``2.0``), or None."""
    for name, value in headers.items():
        if name.lower() == "retry-after" and re.fullmatch(r"\d{1,9}(\.\d{1,9})?", value.strip()):
            return min(float(value), _LONGEST_WAIT_SECONDS)
    return None


def date_in(headers: Mapping[str, str]) -> datetime | None:
    """The answer's ``Date``: Shopify's clock, in whole seconds."""
    for name, value in headers.items():
        if name.lower() == "date":
            try:
                moment = parsedate_to_datetime(value)
            except (ValueError, IndexError, TypeError):
                return None
            return moment if moment.tzinfo else None
    return None


def _problem_of(code: str, error: Mapping[str, Any], cost: Cost | None) -> SyncError | None:
    if code == "THROTTLED":
        return ThrottledError("throttled", retry_after=throttled_wait(cost))
    if code == "MAX_COST_EXCEEDED":
        return TooCostlyError()
    if code == "ACCESS_DENIED":
        # With a path: those nulls are not the truth, the rest is. Without: nothing is.
        return None if _path(error) else OursToFixError("access_denied")
    if code in _TRANSIENT:
        return OutcomeUnknownError("internal_error", detail=code)
    return OursToFixError("bad_query", detail=code)


def _problem_without_data(codes: Sequence[str]) -> SyncError:
    if "ACCESS_DENIED" in codes:
        return OursToFixError("access_denied")
    return OutcomeUnknownError("garbled_answer")


_TRANSIENT = frozenset({"INTERNAL_SERVER_ERROR", "TIMEOUT", "SERVICE_UNAVAILABLE"})
_BY_STATUS: Mapping[int, Callable[[float | None], SyncError]] = MappingProxyType(
    {
        401: lambda _: TokenRefusedError(),
        402: lambda wait: StoreUnavailableError(
            "store_frozen", retry_after=wait or _FROZEN_WAIT_SECONDS
        ),
        403: lambda _: OursToFixError("access_denied"),
        404: lambda _: OursToFixError("store_unknown"),
        408: lambda wait: OutcomeUnknownError("unavailable", retry_after=wait),
        423: lambda wait: StoreUnavailableError(
            "store_locked", retry_after=wait or _FROZEN_WAIT_SECONDS
        ),
        429: lambda wait: ThrottledError("throttled", retry_after=wait or 1.0),
        430: lambda wait: ThrottledError("throttled", retry_after=wait or 10.0),
    }
)


def _at(value: Any, *names: str) -> Mapping[str, Any]:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number else None


def _code(error: Mapping[str, Any]) -> str:
    code = _at(error, "extensions").get("code")
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""


def _path(error: Mapping[str, Any]) -> Path:
    path = error.get("path")
    if not isinstance(path, list):
        return ()
    return tuple(each for each in path if isinstance(each, str | int))
