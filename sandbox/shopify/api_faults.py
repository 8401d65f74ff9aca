"""What may go wrong at the Admin API, each switchable while running."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from random import Random
from typing import Protocol

STATUSES: Mapping[int, str] = {
    400: "Bad Request",
    401: "[API] Invalid API key or access token (unrecognized login or wrong password)",
    402: "Unavailable Shop",
    403: "[API] This action requires merchant approval for the scope it needs.",
    404: "Not Found",
    423: "Shop is locked",
    429: "Exceeded rate limit. Reduce request rates to resume uninterrupted service.",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


class Faults(Protocol):
    """A group of switches under one name of ``/_sandbox/faults``."""

    def update(self, changes: Mapping[str, object], /) -> None:
        """Set the named switches; ValueError, and nothing set, if any is refused."""

    def as_json(self) -> dict[str, object]:
        """Every switch by its name."""


@dataclass(slots=True, kw_only=True)
class ApiFaults:
    """The switches; everything off by default.

    Attributes:
        status: Answer with this HTTP status (one of ``STATUSES``) instead; 0 is off.
        throttled: Answer ``THROTTLED``, an HTTP 200.
        share: The share of the requests this befalls.
        times: After so many, ``status`` and ``throttled`` go off by themselves; 0 is never.
        shop: Only this shop's requests; all shops' if empty.
        retry_after: The ``Retry-After`` of a 429 or 503, in seconds; none if 0.
        slow_seconds: Every answer takes so much longer.
        not_json: With ``status``: the body is a proxy's HTML page.
    """

    status: int = 0
    throttled: bool = False
    share: float = 1.0
    times: int = 0
    shop: str = ""
    retry_after: float = 0.0
    slow_seconds: float = 0.0
    not_json: bool = False

    def update(self, changes: Mapping[str, object], /) -> None:
        """Set the named switches; ValueError, and nothing set, if any is refused."""
        kinds = {each.name: type(each.default) for each in fields(self)}
        for name, value in changes.items():
            kind = kinds.get(name)
            number = kind is float and isinstance(value, int) and not isinstance(value, bool)
            if kind is None or not (type(value) is kind or number):
                raise ValueError(f"no such fault: {name} = {value!r}")
        status = changes.get("status", 0)
        if status and status not in STATUSES:
            raise ValueError(f"no such status: {status}")
        for name, value in changes.items():
            setattr(self, name, float(value) if kinds[name] is float else value)  # type: ignore[arg-type] # checked above

    def as_json(self) -> dict[str, object]:
        """Every switch by its name."""
        return asdict(self)

    def befalls(self, shop: str, random: Random) -> bool:
        """Whether this request is answered wrongly; counts it if so."""
        if not (self.status or self.throttled) or (self.shop and self.shop != shop):
            return False
        return self.share >= 1 or random.random() < self.share

    def count(self) -> None:
        """One has been answered wrongly; after ``times`` of them it is over."""
        if self.times:
            self.times -= 1
            if not self.times:
                self.status, self.throttled = 0, False
