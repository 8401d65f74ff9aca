"""A ledger whose clock ran ahead and was set right again goes on at once."""

from __future__ import annotations

from datetime import UTC, datetime

from services.shared.hubspot.pacing import Lane, NotYet
from services.shared.ledger import leases, notes, setbacks, windows
from services.shared.ledger.engine import Ledger, statement
from services.shared.ledger.quota import LedgerQuota
from services.shared.ledger.stores import ACCOUNT
from tests.support.ledgers import aged

SHOP = "acme.myshopify.com"
_HOUR = 3_600_000
_PUT_OFF = statement(
    """INSERT INTO sources (shop, kind, id, status, due_at, suspect_until)
    VALUES ('acme.myshopify.com', 'orders', '1', 'waiting', {now} + 1000, {now} + 1000)"""
)
_CLAIM = statement("INSERT INTO claims (key, owner, until) VALUES ('key', 'one', {now} + 60000)")
_STATE = statement(
    """SELECT due_at - {now} AS due, suspect_until - {now} AS suspect,
    (SELECT until FROM claims) - {now} AS claim FROM sources"""
)


async def _lived_ahead(ledger: Ledger) -> None:
    """What is in the ledger was written while its clock was an hour ahead."""
    async with ledger.transaction() as tx:
        await tx.run(_PUT_OFF)
        await tx.run(_CLAIM)
        await leases.take(tx, "scan", "one", 30_000)
        await aged(tx, -_HOUR)
        ahead = int(await notes.get(tx, "clock")) + _HOUR
        await notes.put(tx, "clock", str(ahead))
        await tx.run(statement(f"UPDATE quota SET next_slot = {ahead * 1000}"))


async def test_what_was_put_off_by_a_clock_that_ran_ahead_is_due_at_once(ledger: Ledger) -> None:
    await LedgerQuota(ledger, ACCOUNT).draw(Lane.LIVE)
    assert await setbacks.repair(ledger) == 0
    await _lived_ahead(ledger)

    went_back = await setbacks.repair(ledger)

    assert went_back > 59 * 60_000
    async with ledger.transaction() as tx:
        row = (await tx.run(_STATE))[0]
        assert row.due <= 0
        assert row.suspect <= 60_000
        assert row.claim <= 60_000
        assert await leases.take(tx, "scan", "two", 30_000)
    assert not isinstance(await LedgerQuota(ledger, ACCOUNT).draw(Lane.LIVE), NotYet)


async def test_what_was_scanned_by_a_clock_that_ran_ahead_is_not_fresh_for_so_long(
    ledger: Ledger,
) -> None:
    await setbacks.repair(ledger)
    async with ledger.transaction() as tx:
        scan = windows.NewWindow(
            shop=SHOP,
            kind="orders",
            mode="scan",
            since=None,
            started_at=datetime.now(UTC),
            owner="one",
        )
        window = await windows.begin(tx, scan)
        await windows.end(tx, window, windows.WindowState.COMPLETE, read_=0, appended=0)
        assert await windows.scanned_by_others(tx, SHOP, "two", 60_000) == 1

    await _lived_ahead(ledger)

    async with ledger.transaction() as tx:
        assert await windows.scanned_by_others(tx, SHOP, "two", 60_000) == 0
    await setbacks.repair(ledger)
    async with ledger.transaction() as tx:
        assert await windows.scanned_by_others(tx, SHOP, "two", 60_000) == 1
        await aged(tx, 60_000)
        assert await windows.scanned_by_others(tx, SHOP, "two", 60_000) == 0


async def test_a_clock_that_goes_on_or_is_corrected_a_little_changes_nothing(
    ledger: Ledger,
) -> None:
    await setbacks.repair(ledger)
    async with ledger.transaction() as tx:
        await tx.run(_PUT_OFF)
        await aged(tx, -_HOUR)
        await notes.put(tx, "clock", str(int(await notes.get(tx, "clock")) + 30_000))

    assert await setbacks.repair(ledger) == 0
    assert await setbacks.repair(ledger) == 0

    async with ledger.transaction() as tx:
        await tx.run(_CLAIM)
        assert (await tx.run(_STATE))[0].due > _HOUR / 2
