"""Who does what alone: one owner a name, for a time, with a token that grows at each hand-over."""

from __future__ import annotations

from services.shared.ledger.engine import Transaction, statement

_TAKE = statement(
    """
    INSERT INTO leases (name, owner, token, until) VALUES (:name, :owner, 1, {now} + :lasts)
    ON CONFLICT (name) DO UPDATE SET
      token = CASE WHEN leases.owner = excluded.owner THEN leases.token ELSE leases.token + 1 END,
      owner = excluded.owner, until = excluded.until
    WHERE leases.owner = excluded.owner OR leases.until <= {now}
    RETURNING token
    """
)
_GIVE = statement("UPDATE leases SET until = 0 WHERE name = :name AND owner = :owner")


async def take(tx: Transaction, name: str, owner: str, lasts_ms: int) -> int | None:
    """Take or renew the lease; its token, or None while somebody else has it."""
    got = await tx.run(_TAKE, name=name, owner=owner, lasts=lasts_ms)
    return int(got[0].token) if got else None


async def give_back(tx: Transaction, name: str, owner: str) -> None:
    """Let others take it at once."""
    await tx.run(_GIVE, name=name, owner=owner)
