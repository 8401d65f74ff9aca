"""Which variants claim a SKU: only one that nobody else claims may lead to a HubSpot product.

Kept among the identities: the value is the variant, its target the SKU.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from services.shared.contract.keys import SourceKey
from services.shared.ledger import notes
from services.shared.ledger.engine import Transaction, statement

_KIND = "sku_of_variant"
_CLAIM = statement(
    """
    INSERT INTO identities (account_id, kind, value, target_id, shop, source_kind, source_id)
    SELECT :account, :kind, b.shop || '/' || b.id, b.sku, b.shop, b.source_kind, b.id
    FROM {rows} AS b WHERE true
    ON CONFLICT (account_id, kind, value) DO UPDATE SET target_id = excluded.target_id
    """,
    keyed=3,
    shop="text",
    source_kind="text",
    id="text",
    sku="text",
)
_RELEASE = statement(
    """DELETE FROM identities WHERE account_id = :account AND kind = :kind AND value IN
    (SELECT b.value FROM {rows} AS b)""",
    value="text",
)
_CLAIMED = statement(
    """SELECT i.target_id AS sku, count(*) AS variants FROM {rows} AS b JOIN identities AS i
      ON i.account_id = :account AND i.kind = :kind AND i.target_id = b.sku
    GROUP BY i.target_id""",
    sku="text",
)


_UNSEEN = statement(
    """SELECT s.shop FROM stores AS s WHERE s.state = 'active' AND NOT EXISTS (
      SELECT 1 FROM windows AS w WHERE w.shop = s.shop AND w.kind = 'products'
      AND w.state = 'complete')"""
)


_ACTIVE = statement("SELECT shop FROM stores WHERE state = 'active' ORDER BY shop")
_KNOWN = "skus_known"


async def unseen_stores(tx: Transaction) -> list[str]:
    """The active stores whose products were never read to the end: who knows what they claim."""
    return [str(row.shop) for row in await tx.run(_UNSEEN)]


async def all_claimed(tx: Transaction) -> None:
    """From now on the variants of every active store have claimed their SKUs."""
    active = [str(row.shop) for row in await tx.run(_ACTIVE)]
    await notes.put(tx, _KNOWN, " ".join(active))


async def are_all_claimed(tx: Transaction) -> bool:
    """Whether no store is active whose variants may still have to claim theirs."""
    active = {str(row.shop) for row in await tx.run(_ACTIVE)}
    return active <= set((await notes.get(tx, _KNOWN)).split())


async def claim(tx: Transaction, account: int, skus: Mapping[SourceKey, str]) -> None:
    """Let each variant claim its SKU, and no other; an empty one claims nothing."""
    rows = [[key.shop, key.kind, key.id, sku or None] for key, sku in skus.items()]
    await tx.run_batch(_CLAIM, rows, account=account, kind=_KIND)


async def release(tx: Transaction, account: int, variants: Iterable[SourceKey]) -> None:
    """Let variants that are gone claim nothing."""
    rows = [[f"{key.shop}/{key.id}"] for key in variants]
    await tx.run_batch(_RELEASE, rows, account=account, kind=_KIND)


async def claimants(tx: Transaction, account: int, skus: Iterable[str]) -> dict[str, int]:
    """How many variants claim each of ``skus``; those nobody claims are absent."""
    rows = [[sku] for sku in set(skus)]
    found = await tx.run_batch(_CLAIMED, rows, account=account, kind=_KIND)
    return {row.sku: int(row.variants) for row in found}
