"""Carts are paired with their orders piece by piece, while others write."""

from __future__ import annotations

import asyncio
from typing import cast

from services.shared.ledger.engine import Ledger, statement
from services.shared.ledger.pairing import PIECE
from services.shared.runtime.vitals import Vitals
from services.syncer.linking import Linker
from services.syncer.writing import Writer

SHOP = "acme.myshopify.com"
CARTS = 2 * PIECE + 1
_CART = statement(
    """INSERT INTO sources (shop, kind, id, status, target_id)
    SELECT b.shop, 'checkouts', b.id, 'in_sync', b.id FROM {rows} AS b""",
    shop="text",
    id="text",
)
_TOKEN = statement(
    """INSERT INTO identities (account_id, kind, value, shop, source_kind, source_id)
    SELECT 1, b.kind, b.id, b.shop, b.end_kind, b.id FROM {rows} AS b""",
    kind="text",
    shop="text",
    end_kind="text",
    id="text",
)
_LINKS = statement("SELECT count(*) AS n FROM links")


async def _filled(ledger: Ledger) -> None:
    """Carts whose orders are not in HubSpot yet: what is paired waits, and nobody is called."""
    ids = [f"{each:06}" for each in range(CARTS)]
    ends = (("checkout_token", "checkouts"), ("order_of_checkout", "orders"))
    async with ledger.transaction() as tx:
        await tx.run_batch(_CART, [[SHOP, each] for each in ids])
        rows = [[kind, SHOP, end, each] for kind, end in ends for each in ids]
        await tx.run_batch(_TOKEN, rows)


async def test_all_carts_of_a_large_ledger_are_paired_after_a_start(ledger: Ledger) -> None:
    await _filled(ledger)
    linker = Linker(ledger, cast("Writer", None))
    stopping = asyncio.Event()
    running = asyncio.create_task(linker.run(stopping, Vitals().pulse("links", 60)))
    seen: set[int] = set()
    async with asyncio.timeout(60):
        while CARTS not in seen:
            async with ledger.transaction() as tx:
                seen.add(int((await tx.run(_LINKS))[0].n))
    stopping.set()
    await running
    assert seen <= {0, PIECE, 2 * PIECE, CARTS}, "one piece a transaction"
