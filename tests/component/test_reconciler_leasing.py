"""One reconciler a store at a time, and what becomes of the one that lost its lease."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from services.reconciler.housekeeping import keep_house
from services.reconciler.leasing import LEASE_MS, Term, leased
from services.shared.contract.errors import OwnershipLostError
from services.shared.ledger import leases, windows
from services.shared.ledger.engine import Ledger, Transaction
from services.shared.ledger.leases import Lease
from services.shared.ledger.windows import NewWindow, WindowState
from tests.support.ledgers import aged

SHOP = "acme.myshopify.com"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
QUICK = Term(lasts_ms=400, renew_seconds=0.05)


def scan_by(owner: str) -> NewWindow:
    return NewWindow(
        shop=SHOP, kind="orders", mode="scan", since=None, started_at=NOON, owner=owner
    )


async def test_a_store_is_one_reconcilers_until_it_is_done(ledger: Ledger) -> None:
    async with leased(ledger, SHOP, "one") as first, leased(ledger, SHOP, "two") as second:
        assert first is not None
        assert second is None
    async with leased(ledger, SHOP, "two") as third:
        assert third == Lease(name=f"scan:{SHOP}", owner="two", token=2)


async def test_a_long_scan_keeps_its_store(ledger: Ledger) -> None:
    async with leased(ledger, SHOP, "one", QUICK) as mine:
        assert mine is not None
        until = await ledger.now() + 3 * QUICK.lasts_ms
        while await ledger.now() < until:
            async with leased(ledger, SHOP, "two", QUICK) as other:
                assert other is None


async def test_a_store_whose_reconciler_died_is_another_ones_within_thirty_seconds(
    ledger: Ledger,
) -> None:
    assert LEASE_MS < 30_000
    async with ledger.transaction() as tx:
        await leases.take(tx, f"scan:{SHOP}", "dead", LEASE_MS)
        await aged(tx, LEASE_MS)

    async with leased(ledger, SHOP, "two") as lease:
        assert lease is not None


async def test_a_scan_whose_lease_went_to_another_is_cut_short(ledger: Ledger) -> None:
    async def scan() -> None:
        async with leased(ledger, SHOP, "one", QUICK):
            async with ledger.transaction() as tx:
                await aged(tx, 1_000)
                assert await leases.take(tx, f"scan:{SHOP}", "two", 60_000)
            await asyncio.Event().wait()

    with pytest.raises(OwnershipLostError):
        await scan()


async def test_who_is_told_to_stop_is_cancelled_and_not_told_of_a_lost_lease(
    ledger: Ledger,
) -> None:
    inside = asyncio.Event()

    async def scan() -> None:
        async with leased(ledger, SHOP, "one"):
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(scan())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with leased(ledger, SHOP, "two") as lease:
        assert lease is not None


async def test_late_updates_of_one_that_was_fenced_out_are_refused(ledger: Ledger) -> None:
    async with ledger.transaction() as tx:
        token = await leases.take(tx, f"scan:{SHOP}", "one", 1_000)
        assert token is not None
        lost = Lease(name=f"scan:{SHOP}", owner="one", token=token)
        window = await windows.begin(tx, scan_by("one"))
        await aged(tx, 2_000)
        await leases.take(tx, f"scan:{SHOP}", "two", 60_000)

    async def late(tx: Transaction) -> bool:
        await leases.fence(tx, lost)
        return await windows.end(tx, window, WindowState.COMPLETE, read_=1, appended=0)

    with pytest.raises(OwnershipLostError):
        await ledger.done(late)
    async with ledger.transaction() as tx:
        await windows.begin(tx, scan_by("two"))
        # Even one that forgot to look: its window was broken by the one that came after it.
        assert not await windows.end(tx, window, WindowState.COMPLETE, read_=1, appended=0)
        assert await windows.last_complete(tx, SHOP, "orders") is None


async def test_a_lease_regained_is_not_the_lease_that_was_lost(ledger: Ledger) -> None:
    name = f"scan:{SHOP}"
    async with ledger.transaction() as tx:
        token = await leases.take(tx, name, "one", 1_000)
        await aged(tx, 2_000)
        await leases.take(tx, name, "two", 1_000)
        await aged(tx, 2_000)
        await leases.take(tx, name, "one", 60_000)
    with pytest.raises(OwnershipLostError):
        async with ledger.transaction() as tx:
            await leases.fence(tx, Lease(name=name, owner="one", token=token or 0))


async def test_one_of_many_keeps_house_and_only_once_an_hour(ledger: Ledger) -> None:
    kept = [await keep_house(ledger, each) for each in ("one", "two", "one")]
    async with ledger.transaction() as tx:
        await aged(tx, 3_600_000)

    assert kept == [True, False, False]
    assert await keep_house(ledger, "two")
