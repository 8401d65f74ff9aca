"""What SQLite's refusals mean to those who append and read."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from types import MappingProxyType

from services.shared.contract.errors import LogUnavailableError

# Primary result codes, https://www.sqlite.org/rescode.html: a reason, and seconds to stay away.
_REFUSALS: Mapping[int, tuple[str, float]] = MappingProxyType(
    {
        sqlite3.SQLITE_BUSY: ("log_locked", 1.0),
        sqlite3.SQLITE_LOCKED: ("log_locked", 1.0),
        sqlite3.SQLITE_FULL: ("log_disk_full", 30.0),
        sqlite3.SQLITE_IOERR: ("log_disk_failed", 10.0),
        sqlite3.SQLITE_READONLY: ("log_read_only", 30.0),
        sqlite3.SQLITE_CANTOPEN: ("log_cannot_open", 10.0),
        sqlite3.SQLITE_CORRUPT: ("log_damaged", 60.0),
        sqlite3.SQLITE_NOTADB: ("log_damaged", 60.0),
    }
)
_OTHER = ("log_failed", 10.0)


def unavailable(problem: sqlite3.Error) -> LogUnavailableError:
    """``problem`` as the error of the ports."""
    code = getattr(problem, "sqlite_errorcode", 0) & 0xFF
    reason, retry_after = _REFUSALS.get(code, _OTHER)
    return LogUnavailableError(reason, retry_after=retry_after, detail=str(problem))


def closed() -> LogUnavailableError:
    """The log was closed in this process."""
    return LogUnavailableError("log_closed", retry_after=1.0)
