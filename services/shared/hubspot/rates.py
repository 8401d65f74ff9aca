"""What HubSpot's answers say of its rate limits.

https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

WINDOW_SECONDS = 10.0


class Policy(StrEnum):
    """Which limit a 429 speaks of."""

    TEN_SECONDLY = "TEN_SECONDLY_ROLLING"
    SECONDLY = "SECONDLY"
    DAILY = "DAILY"


# HubSpot documents no Retry-After on 429; these are what its own Node client waits. It never
# retries DAILY: a look every quarter of an hour costs little, and finds a limit that was raised.
PAUSE_SECONDS: Mapping[Policy, float] = MappingProxyType(
    {Policy.TEN_SECONDLY: 10.0, Policy.SECONDLY: 1.0, Policy.DAILY: 900.0}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RateFacts:
    """One answer's rate headers; ``None`` is not said. ``refused`` is set on a 429 only."""

    limit: int | None = None
    remaining: int | None = None
    daily_limit: int | None = None
    daily_remaining: int | None = None
    refused: Policy | None = None
    retry_after: float | None = None


def rate_facts_in(headers: Mapping[str, str], refused: Policy | None = None) -> RateFacts:
    """The rate facts in ``headers``; what is missing or no number is ``None``.

    ``X-HubSpot-RateLimit-Max`` counts only when it is said for ten seconds, or for no interval.
    """
    low = {name.lower(): value for name, value in headers.items()}
    interval = _count(low.get("x-hubspot-ratelimit-interval-milliseconds"))
    is_ten_seconds = interval in (None, int(WINDOW_SECONDS * 1000))
    return RateFacts(
        limit=_count(low.get("x-hubspot-ratelimit-max")) if is_ten_seconds else None,
        remaining=_count(low.get("x-hubspot-ratelimit-remaining")) if is_ten_seconds else None,
        daily_limit=_count(low.get("x-hubspot-ratelimit-daily")),
        daily_remaining=_count(low.get("x-hubspot-ratelimit-daily-remaining")),
        refused=refused,
        retry_after=seconds_in(low.get("retry-after")),
    )


def policy_in(envelope: Mapping[str, Any]) -> Policy:
    """The limit a 429's body names; the ten-second one if it names none we know."""
    said = f"{envelope.get('policyName', '')} {envelope.get('message', '')}".upper()
    if "DAILY" in said:
        return Policy.DAILY
    if "SECONDLY" in said and "TEN_SECONDLY" not in said:
        return Policy.SECONDLY
    return Policy.TEN_SECONDLY


def seconds_in(text: str | None) -> float | None:
    """A ``Retry-After`` in whole seconds, at most a day; dates and nonsense are ``None``."""
    count = _count(text)
    return None if count is None else float(min(count, 86_400))


def _count(text: str | None) -> int | None:
    if text is None or not (text.isascii() and text.isdigit()) or len(text) > len("1000000000"):
        return None
    return int(text)
