"""Carts and the orders their checkouts became, which share a token: linked whichever came last."""

from __future__ import annotations

from collections.abc import Iterable

from services.shared.contract.keys import SourceKey
from services.shared.ledger.engine import Transaction, statement

PIECE = 2_000
"""How many tokens are looked at in one transaction: some 5 ms, 50 at most, of a million."""

_PAIR = statement(
    """
    INSERT INTO links (shop, from_kind, from_id, to_kind, to_id, state, created_at)
    SELECT DISTINCT c.shop, c.source_kind, c.source_id, o.source_kind, o.source_id, 'pending', {now}
    FROM {rows} AS b
    JOIN identities AS k ON k.shop = b.shop AND k.source_kind = b.kind AND k.source_id = b.id
    JOIN identities AS c ON c.account_id = k.account_id AND c.kind = 'checkout_token'
      AND c.value = k.value
    JOIN identities AS o ON o.account_id = k.account_id AND o.kind = 'order_of_checkout'
      AND o.value = k.value
    JOIN sources AS s ON s.shop = c.shop AND s.kind = c.source_kind AND s.id = c.source_id
    WHERE k.kind IN ('checkout_token', 'order_of_checkout') AND s.target_id IS NOT NULL
    ON CONFLICT (shop, from_kind, from_id, to_kind, to_id) DO NOTHING
    """,
    shop="text",
    kind="text",
    id="text",
)
# By the key of the table, so that a piece of it costs the same wherever it lies.
_END_OF_PIECE = statement(
    """
    SELECT max(p.value) AS value FROM (SELECT value FROM identities
      WHERE account_id = :account AND kind = 'checkout_token' AND value > :after
      ORDER BY value LIMIT :most) AS p
    """
)
_PAIR_PIECE = statement(
    """
    INSERT INTO links (shop, from_kind, from_id, to_kind, to_id, state, created_at)
    SELECT DISTINCT c.shop, c.source_kind, c.source_id, o.source_kind, o.source_id, 'pending', {now}
    FROM identities AS c
    JOIN identities AS o ON o.account_id = c.account_id AND o.kind = 'order_of_checkout'
      AND o.value = c.value
    JOIN sources AS s ON s.shop = c.shop AND s.kind = c.source_kind AND s.id = c.source_id
    WHERE c.account_id = :account AND c.kind = 'checkout_token' AND s.target_id IS NOT NULL
      AND c.value > :after AND c.value <= :until
    ON CONFLICT (shop, from_kind, from_id, to_kind, to_id) DO NOTHING
    """
)


async def pair_carts(tx: Transaction, touched: Iterable[SourceKey]) -> None:
    """Let carts among or behind ``touched`` be linked to the orders their checkouts became."""
    await tx.run_batch(_PAIR, [[key.shop, key.kind, key.id] for key in set(touched)])


async def pair_more_carts(
    tx: Transaction, account: int, after: str, most: int = PIECE
) -> str | None:
    """``pair_carts`` for what is known already: who settled an end may have died before pairing it.

    One piece at a time, of tokens behind ``after``: it holds up the ledger's writers. Returns where
    the next begins, or None after the last; the first begins at ``""``.
    """
    until = (await tx.run(_END_OF_PIECE, account=account, after=after, most=most))[0].value
    if until is not None:
        await tx.run(_PAIR_PIECE, account=account, after=after, until=until)
    return None if until is None else str(until)
