"""Who does what alone: one owner a name, for a time, with a token that grows at each hand-over."""

from __future__ import annotations

from dataclasses import dataclass

from services.shared.contract.errors import OwnershipLostError
from services.shared.ledger.engine import Transaction, statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """What an owner got: ``token`` tells it from every earlier and later lease of that name."""

    name: str
    owner: str
    token: int


# Of the lease on scanning a store: before its host.
SCAN_PREFIX = "scan:"
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
_TAKE_ANEW = statement(
    """
    INSERT INTO leases (name, owner, token, until) VALUES (:name, :owner, 1, {now} + :lasts)
    ON CONFLICT (name) DO UPDATE SET token = leases.token + 1, owner = excluded.owner,
      until = excluded.until
    WHERE leases.until <= {now}
    RETURNING token
    """
)
_RENEW = statement(
    """UPDATE leases SET until = {now} + :lasts
    WHERE name = :name AND owner = :owner AND token = :token AND until > {now} RETURNING token"""
)
_HELD = statement(
    """SELECT token FROM leases
    WHERE name = :name AND owner = :owner AND token = :token AND until > {now} {locked}"""
)
_CURRENT = statement("SELECT name FROM leases WHERE until > {now}")
_GIVE = statement("UPDATE leases SET until = 0 WHERE name = :name AND owner = :owner")


async def current(tx: Transaction) -> frozenset[str]:
    """The names of the leases that somebody has now."""
    return frozenset(row.name for row in await tx.run(_CURRENT))


async def take(tx: Transaction, name: str, owner: str, lasts_ms: int) -> int | None:
    """Take or renew the lease; its token, or None while somebody else has it."""
    got = await tx.run(_TAKE, name=name, owner=owner, lasts=lasts_ms)
    return int(got[0].token) if got else None


async def take_anew(tx: Transaction, name: str, owner: str, lasts_ms: int) -> int | None:
    """Take a lease that has run out, be it ours; its token, or None while it lasts."""
    got = await tx.run(_TAKE_ANEW, name=name, owner=owner, lasts=lasts_ms)
    return int(got[0].token) if got else None


async def renew(tx: Transaction, lease: Lease, lasts_ms: int) -> None:
    """Hold it longer.

    Raises:
        OwnershipLostError: it ran out, and may be somebody else's by now.
    """
    if not await tx.run(_RENEW, **_named(lease), lasts=lasts_ms):
        raise OwnershipLostError("lease_lost")


async def fence(tx: Transaction, lease: Lease) -> None:
    """Let what this transaction writes stand only if the lease is still ours.

    Nobody takes it over before the transaction ends.

    Raises:
        OwnershipLostError: it ran out, or is somebody else's.
    """
    if not await tx.run(_HELD, **_named(lease)):
        raise OwnershipLostError("lease_lost")


async def give_back(tx: Transaction, name: str, owner: str) -> None:
    """Let others take it at once."""
    await tx.run(_GIVE, name=name, owner=owner)


def _named(lease: Lease) -> dict[str, str | int]:
    return {"name": lease.name, "owner": lease.owner, "token": lease.token}
