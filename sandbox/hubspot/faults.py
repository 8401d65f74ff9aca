"""What goes wrong on purpose: each fault names the calls it strikes, how often, and what they see.

A fault is a JSON object for ``PUT /_sandbox/faults`` and a value in process:

``kind``     one of :data:`KINDS`
``path``     a shell pattern over the path, ``*`` by default; ``method`` likewise
``share``    the share of matching calls it strikes, 1 by default (drawn from the account's seed)
``count``    how many it strikes before it is spent; without it, no end
``skip``     how many matching calls it lets pass first
``applied``  whether the write takes place although the caller does not see it; see the kinds
``status``   of kind ``status``; ``seconds`` of the kinds that wait or say how long to wait
"""

from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from random import Random
from typing import Any

import orjson
from pydantic import TypeAdapter

# Kind -> (what the caller sees, whether the write is applied unless said otherwise).
KINDS: dict[str, tuple[str, bool]] = {
    "status": ("an error answer with `status`, a page of HTML for the gateway's own 5xx", False),
    "locked": ("423 Locked; the lock lasts 2 s", False),
    "migrating": ("477 with Retry-After in seconds", False),
    "burst": ("429 with the ten-second policy", False),
    "daily": ("429 with the daily policy", False),
    "secondly": ("429 of the search limit", False),
    "empty": ("2xx with an empty body", True),
    "html": ("2xx with a page of HTML", True),
    "truncated": ("2xx with the second half of the body missing", True),
    "errors": ("2xx whose last row is replaced by an entry in `errors`, unwritten", True),
    "reset": ("the connection is reset; the write took place", True),
    "slow": ("the answer after `seconds`; applied before the wait, or after it", True),
}


@dataclass(slots=True, kw_only=True)
class Fault:
    """One fault as set; ``count`` and ``skip`` run down."""

    kind: str
    path: str = "*"
    method: str = "*"
    share: float = 1.0
    count: int | None = None
    skip: int = 0
    applied: bool | None = None
    status: int = 500
    seconds: float = 2.0

    @property
    def applies(self) -> bool:
        """Whether the struck call is carried out (for ``slow``: before the wait)."""
        return KINDS[self.kind][1] if self.applied is None else self.applied

    def strikes(self, method: str, path: str, random: Random) -> bool:
        """Whether this call is struck; counts it."""
        if self.count == 0 or not fnmatchcase(path, self.path):
            return False
        if not fnmatchcase(method, self.method):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.share < 1.0 and random.random() >= self.share:
            return False
        if self.count is not None:
            self.count -= 1
        return True


def fault_from(said: dict[str, Any]) -> Fault:
    """The fault a JSON object describes; ``ValueError`` names what is not understood."""
    unknown = set(said) - {each.name for each in fields(Fault)}
    if unknown:
        raise ValueError(f"a fault has no {', '.join(sorted(unknown))}")
    if said.get("kind") not in KINDS:
        raise ValueError(f"kind is one of {', '.join(KINDS)}")
    fault = _FAULT.validate_json(orjson.dumps(said), strict=True)
    if not (0 <= fault.share <= 1 and fault.seconds >= 0 and fault.skip >= 0):
        raise ValueError("share is between 0 and 1; seconds and skip are not negative")
    if fault.status not in STATUSES:
        raise ValueError("status is an HTTP status of 400 to 599")
    return fault


STATUSES = range(400, 600)
_FAULT = TypeAdapter(Fault)
