"""How a ledger on PostgreSQL is used."""

from __future__ import annotations

from dataclasses import dataclass

LOCK_TAKEN = "LockNotAvailableError"
"""The detail of an outage that is a lock somebody else has: asyncpg's name for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How the server is used; times in seconds.

    ``keeps_statements`` spares the server planning the same statements again. It needs a direct
    connection, or a proxy that knows prepared statements (PgBouncer from 1.21).
    """

    connections: int = 10
    connect_seconds: float = 5.0
    statement_seconds: float = 15.0
    lock_seconds: float = 5.0
    keeps_statements: bool = False
