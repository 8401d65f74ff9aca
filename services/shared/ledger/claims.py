"""Who is writing what now: one owner a key, for a time, on the database's clock."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from services.shared.contract.errors import OwnershipLostError
from services.shared.ledger.engine import Transaction, statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """The keys one owner got. ``taken_over`` are those whose former owner never settled."""

    keys: frozenset[str]
    taken_over: frozenset[str]


# What others hold is left out before anything is locked: of two overlapping batches neither waits
# for a claim, only for the other's claiming, and both claim in the order of the keys.
_CLAIM = statement(
    """
    INSERT INTO claims (key, owner, until)
    SELECT b.key, :owner, {now} + :lasts FROM {rows} AS b
    WHERE NOT EXISTS (SELECT 1 FROM claims AS c WHERE c.key = b.key AND c.until > {now})
    ORDER BY b.key
    ON CONFLICT (key) DO UPDATE SET owner = excluded.owner, until = excluded.until,
      former = claims.owner
    WHERE claims.until <= {now}
    RETURNING key, former
    """,
    keyed=1,
    key="text",
)
_LASTS = statement(
    """SELECT 1 AS lasts FROM claims
    WHERE key = :key AND owner = :owner AND until > {now} + :enough"""
)
_RENEW = statement(
    """UPDATE claims SET until = {now} + :lasts WHERE owner = :owner AND until > {now}
    RETURNING 1 AS kept"""
)
_RELEASE = statement(
    """DELETE FROM claims WHERE owner = :owner AND until > {now}
    AND key IN (SELECT b.key FROM {rows} AS b) RETURNING key""",
    key="text",
)
_FORFEIT = statement("UPDATE claims SET until = 0 WHERE owner NOT LIKE :mine")


async def claim(tx: Transaction, keys: Collection[str], *, owner: str, lasts_ms: int) -> Claimed:
    """Claim those of ``keys`` that nobody holds; never waits for the others."""
    got = await tx.run_batch(_CLAIM, [[key] for key in keys], owner=owner, lasts=lasts_ms)
    return Claimed(
        keys=frozenset(row.key for row in got),
        taken_over=frozenset(row.key for row in got if row.former),
    )


async def renew(tx: Transaction, *, owner: str, keys: Collection[str], lasts_ms: int) -> None:
    """Hold ``keys``, which are all that ``owner`` has, for most of ``lasts_ms`` at least.

    Raises:
        OwnershipLostError: one of them ran out, and may be somebody else's by now.
    """
    if await _still_lasts(tx, owner, keys, enough_ms=lasts_ms * 3 // 4):
        return
    if len(await tx.run(_RENEW, owner=owner, lasts=lasts_ms)) < len(set(keys)):
        raise OwnershipLostError("claim_lost")


async def _still_lasts(
    tx: Transaction, owner: str, keys: Collection[str], *, enough_ms: int
) -> bool:
    """Whether all of ``keys`` last that long: one tells, since they begin and end together.

    Nobody takes a claim over before it ran out, and who forfeits one forfeits all of its owner's.
    """
    if not keys:
        return True
    return bool(await tx.run(_LASTS, key=min(keys), owner=owner, enough=enough_ms))


async def release(tx: Transaction, *, owner: str, keys: Collection[str]) -> None:
    """Give ``keys`` back, in the transaction that settles what they were for.

    Raises:
        OwnershipLostError: one of them ran out; then nothing must be settled on its strength.
    """
    released = await tx.run_batch(_RELEASE, [[key] for key in sorted(set(keys))], owner=owner)
    if len(released) != len(set(keys)):
        raise OwnershipLostError("claim_lost")


async def forfeit_others(tx: Transaction, *, instance: str) -> None:
    """Let the claims of every other instance run out now.

    Only for one who knows that the others are dead (it holds their operating-system lock). What
    they were doing stays recognisable: taking such a claim over is taking over an expired one.
    """
    await tx.run(_FORFEIT, mine=f"{instance}:%")


def missing(wanted: Mapping[str, Collection[str]], claimed: Claimed) -> set[str]:
    """The names in ``wanted`` that did not get all of their keys."""
    return {name for name, keys in wanted.items() if not claimed.keys.issuperset(keys)}
