"""The three meanings of failure.

    SyncError
    ├── EventAtFaultError     nobody can ever apply this event: dead-letter it with its reason
    ├── RecordAtFaultError    the other side refuses this record: mark it failing and go on
    ├── WorldAtFaultError     it may work later: try again, then wait by the record, or hold
    │   ├── OutcomeUnknownError   the call may or may not have been applied
    │   ├── LogUnavailableError   the log cannot take or give events now
    │   └── LedgerConflictError   two transactions stood in each other's way, and ours gave way
    ├── OwnershipLostError    another process took over what this one was working on
    └── OursToFixError        revoked token, missing scope, bug: stop that part, say so

Errors carry facts, not prose to parse, and never anything secret or personal.
"""

from __future__ import annotations


class SyncError(Exception):
    """Anything that goes wrong on the path, with a short machine-readable ``reason``."""

    def __init__(self, reason: str, *, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class EventAtFaultError(SyncError):
    """Nobody can apply this event: no JSON, no ids, a shape we do not know."""


class RecordAtFaultError(SyncError):
    """The vendor refuses this record.

    ``code`` is the vendor's own code, ``field`` the property it names; neither quotes a value.
    """

    def __init__(self, reason: str, *, code: str = "", field: str = "", detail: str = "") -> None:
        super().__init__(reason, detail=detail)
        self.code = code
        self.field = field


class WorldAtFaultError(SyncError):
    """The other side, or the way to it, is not working now.

    ``retry_after`` is how many seconds the other side asked us to wait, if it said so.
    """

    def __init__(self, reason: str, *, retry_after: float | None = None, detail: str = "") -> None:
        super().__init__(reason, detail=detail)
        self.retry_after = retry_after


class OutcomeUnknownError(WorldAtFaultError):
    """The call was sent and no answer came: it may or may not have been applied."""


class LogUnavailableError(WorldAtFaultError):
    """The log cannot take or give events now: it is down, full, or at its size limit."""


class LedgerConflictError(WorldAtFaultError):
    """Two transactions stood in each other's way, and ours gave way: nothing was written."""


class OwnershipLostError(SyncError):
    """A partition, claim or lease belongs to somebody else by now."""


class OursToFixError(SyncError):
    """Nothing but an operator helps: a revoked token, a missing scope, a setting, a bug."""
