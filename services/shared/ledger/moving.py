"""How running processes learn that their ledger moves to another database.

While it is carried over, the mover holds a lease in the old ledger; should the mover die, the lease
runs out and everything goes on where it was. Once it has moved, the old ledger says so for ever.
"""

from __future__ import annotations

from enum import StrEnum

from services.shared.ledger.engine import Transaction, statement

_MOVED_TO = "moved_to"


class Phase(StrEnum):
    """What a process does about it."""

    STAYING = "staying"
    DRAINING = "draining"  # take in nothing new, settle what is there
    STOPPING = "stopping"  # stop: the ledger is being copied
    MOVED = "moved"  # never start on this ledger again


_PHASE = statement(
    """SELECT CASE
      WHEN EXISTS (SELECT 1 FROM settings WHERE name = 'moved_to') THEN 'moved'
      WHEN EXISTS (SELECT 1 FROM leases WHERE name = 'moving:stopping' AND until > {now})
        THEN 'stopping'
      WHEN EXISTS (SELECT 1 FROM leases WHERE name = 'moving:draining' AND until > {now})
        THEN 'draining'
      ELSE 'staying' END AS phase"""
)
_ANNOUNCE = statement(
    """INSERT INTO leases (name, owner, token, until)
    VALUES ('moving:' || :phase, :owner, 1, {now} + :lasts)
    ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until,
      token = leases.token + 1
    WHERE leases.owner = excluded.owner OR leases.until <= {now} RETURNING token"""
)
_WITHDRAW = statement("DELETE FROM leases WHERE name LIKE 'moving:%' AND owner = :owner")
_LEAVE = statement(
    f"INSERT INTO settings (name, value, changed_at) VALUES ('{_MOVED_TO}', :to, {{now}})"
)


async def phase(tx: Transaction) -> Phase:
    """How far moving is."""
    return Phase((await tx.run(_PHASE))[0].phase)


async def announce(tx: Transaction, what: Phase, owner: str, lasts_ms: int) -> bool:
    """Let processes drain or stop for so long; False if another mover is at it."""
    return bool(await tx.run(_ANNOUNCE, phase=what.value, owner=owner, lasts=lasts_ms))


async def withdraw(tx: Transaction, owner: str) -> None:
    """Let everything go on here."""
    await tx.run(_WITHDRAW, owner=owner)


async def leave(tx: Transaction, to: str) -> None:
    """Say for ever that the ledger is elsewhere; ``to`` names it without a password."""
    await tx.run(_LEAVE, to=to)
