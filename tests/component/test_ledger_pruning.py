"""What the ledger forgets, and what it must not."""

from __future__ import annotations

from datetime import UTC, datetime

from services.shared.contract.keys import SourceKey
from services.shared.ledger import (
    claims,
    identities,
    links,
    notes,
    settlements,
    sources,
    stores,
    waits,
    windows,
)
from services.shared.ledger.engine import Ledger, statement
from services.shared.ledger.identities import Identity
from services.shared.ledger.links import Link
from services.shared.ledger.pruning import prune
from services.shared.ledger.settlements import Settlement
from services.shared.ledger.sources import Status
from services.shared.ledger.stores import StoreCredentials, StoreState
from services.shared.ledger.vault import Vault
from services.shared.ledger.waits import Wait
from services.shared.ledger.windows import NewWindow, WindowState
from tests.support.ledgers import aged

LEFT, HERE = "left.myshopify.com", "here.myshopify.com"
NOON = datetime(2020, 3, 1, 12, tzinfo=UTC)
_DAY_MS = 24 * 3600 * 1000
_AGE_STORES = statement("UPDATE stores SET changed_at = changed_at - :by")


async def _two_stores(ledger: Ledger) -> None:
    vault = Vault(["a passphrase for tests"])
    async with ledger.transaction() as tx:
        await stores.put_account(tx, vault, "token")
        for shop in (LEFT, HERE):
            await stores.connect(tx, vault, shop, StoreCredentials(admin_token="t"))
            order, customer = SourceKey(shop, "orders", "1"), SourceKey(shop, "customers", "7")
            await settlements.settle(
                tx, [Settlement(key=each, status=Status.IN_SYNC) for each in (order, customer)]
            )
            link = Link(shop=shop, from_kind="orders", from_id="1", to_kind="customers", to_id="7")
            await links.want_these(tx, [link])
            token = Identity(kind="checkout_token", value=shop, source=order)
            key = Identity(kind="native:products", value=f"{shop}/5", target_id="901")
            await identities.record(tx, 1, [token, key])
        await stores.switch(tx, LEFT, StoreState.UNINSTALLED)


async def test_a_store_that_left_is_forgotten_after_a_while_and_no_other(ledger: Ledger) -> None:
    await _two_stores(ledger)
    assert not await prune(ledger)
    async with ledger.transaction() as tx:
        await tx.run(_AGE_STORES, by=91 * _DAY_MS)

    assert await prune(ledger) == {
        "links of stores that left": 1,
        "identities of stores that left": 1,
        "sources of stores that left": 2,
    }
    async with ledger.transaction() as tx:
        kept = await sources.look(tx, [SourceKey(shop, "orders", "1") for shop in (LEFT, HERE)])
        native = ("native:products", f"{LEFT}/5")
        found = await identities.look(tx, 1, [native, ("checkout_token", HERE)])
    assert [key.shop for key in kept] == [HERE]
    assert len(found) == 2


async def test_what_a_store_that_left_still_waits_for_is_kept(ledger: Ledger) -> None:
    await _two_stores(ledger)
    async with ledger.transaction() as tx:
        await waits.wait(tx, [Wait(key=SourceKey(LEFT, "orders", "1"), reason="busy")])
        await tx.run(_AGE_STORES, by=91 * _DAY_MS)

    assert (await prune(ledger))["sources of stores that left"] == 1


async def test_old_scans_are_forgotten_but_the_last_complete_one_of_each_object(
    ledger: Ledger,
) -> None:
    async with ledger.transaction() as tx:
        for state in (WindowState.COMPLETE, WindowState.COMPLETE, WindowState.BROKEN):
            window = await windows.begin(
                tx,
                NewWindow(
                    shop=HERE, kind="orders", mode="scan", since=None, started_at=NOON, owner="one"
                ),
            )
            await windows.end(tx, window, state, read_=0, appended=0)

    assert await prune(ledger) == {"windows": 2}
    async with ledger.transaction() as tx:
        assert await windows.last_complete(tx, HERE, "orders") is not None


async def test_more_than_a_piece_is_forgotten_in_pieces(ledger: Ledger) -> None:
    async with ledger.transaction() as tx:
        keys = [f"k{each}" for each in range(2_500)]
        await claims.claim(tx, keys, owner="dead:1", lasts_ms=1)
        await notes.audit(tx, "connected", HERE)
        await aged(tx, 2 * _DAY_MS)

    assert await prune(ledger) == {"claims": 2_500}


async def test_a_claim_that_just_ran_out_is_kept_for_its_taker_to_be_suspicious(
    ledger: Ledger,
) -> None:
    async with ledger.transaction() as tx:
        await claims.claim(tx, ["a"], owner="dead:1", lasts_ms=1)
        await aged(tx, 60_000)
    await prune(ledger)
    async with ledger.transaction() as tx:
        taken = await claims.claim(tx, ["a"], owner="two:1", lasts_ms=1_000)

    assert taken.taken_over
