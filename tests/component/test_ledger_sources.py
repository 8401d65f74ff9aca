"""What the ledger promises of sources: waits, settlements, what is due, who shares a target."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.shared.contract.keys import SourceKey
from services.shared.contract.versions import Version
from services.shared.ledger import causes, claims, settlements, sources, waits
from services.shared.ledger.causes import NewCause
from services.shared.ledger.engine import Ledger, Transaction
from services.shared.ledger.settlements import Settlement
from services.shared.ledger.sources import SourceRow, Status
from services.shared.ledger.waits import Wait
from tests.support.ledgers import aged

SHOP = "acme.myshopify.com"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FROZEN = NewCause(shop=SHOP, object_type="orders", reason="store_frozen")


def order(number: int) -> SourceKey:
    return SourceKey(SHOP, "orders", str(number))


async def row_of(tx: Transaction, key: SourceKey) -> SourceRow:
    return (await sources.look(tx, [key]))[key]


async def test_settling_what_was_seen_makes_nothing_due(ledger: Ledger) -> None:
    async with ledger.transaction() as tx:
        await waits.wait(tx, [Wait(key=order(1), reason="busy", body=b"{}", changed_at=NOON)])
        seen = (await row_of(tx, order(1))).wanted
        await settlements.settle(
            tx, [Settlement(key=order(1), status=Status.IN_SYNC, seen=seen, is_acknowledged=True)]
        )
        row = await row_of(tx, order(1))
        drawn = await sources.due(tx, "orders", 10)

    assert drawn == []
    assert (row.status, row.due_at, row.body, row.changed_at) == (Status.IN_SYNC, None, None, None)
    assert row.acknowledged_at is not None
    assert row.attempts == 0


async def test_a_wait_of_our_own_is_settled_by_the_work_it_interrupts(ledger: Ledger) -> None:
    async with ledger.transaction() as tx:
        await waits.wait(tx, [Wait(key=order(1), reason="unavailable", is_news=True)])
        seen = (await row_of(tx, order(1))).wanted
        await waits.wait(tx, [Wait(key=order(1), reason="unavailable", is_news=False)])
        await settlements.settle(tx, [Settlement(key=order(1), status=Status.IN_SYNC, seen=seen)])

        assert (await row_of(tx, order(1))).status is Status.IN_SYNC


async def test_the_oldest_wait_and_the_oldest_change_are_remembered(ledger: Ledger) -> None:
    async with ledger.transaction() as tx:
        await waits.wait(tx, [Wait(key=order(1), reason="one", changed_at=NOON)])
        first = await row_of(tx, order(1))
        await aged(tx, 5_000)
        later = NOON + timedelta(minutes=1)
        await waits.wait(tx, [Wait(key=order(1), reason="two", changed_at=later)])
        second = await row_of(tx, order(1))

    assert (second.reason, second.changed_at, second.attempts) == ("two", NOON, first.attempts + 1)
    assert second.waiting_since is not None
    assert first.waiting_since is not None
    assert second.waiting_since < first.waiting_since


async def test_a_claimed_deletion_stays_claimed_through_other_waits(ledger: Ledger) -> None:
    async with ledger.transaction() as tx:
        await waits.wait(tx, [Wait(key=order(1), reason="one", claims_deletion=True)])
        await waits.wait(tx, [Wait(key=order(1), reason="two")])
        assert (await row_of(tx, order(1))).deletion_claimed
        seen = (await row_of(tx, order(1))).wanted
        await settlements.settle(
            tx, [Settlement(key=order(1), status=Status.DELETED, seen=seen, deleted_at=NOON)]
        )
        row = await row_of(tx, order(1))

    assert (row.deletion_claimed, row.deleted_at) == (False, NOON)


async def test_only_what_is_due_and_unclaimed_is_drawn_oldest_first(ledger: Ledger) -> None:
    async with ledger.transaction() as tx:
        for number, due_in in ((1, 3_000), (2, 1_000), (3, 2_000), (4, 3_600_000)):
            await waits.wait(tx, [Wait(key=order(number), reason="later", due_in_ms=due_in)])
        assert await sources.due(tx, "orders", 10) == []
        await aged(tx, 10_000)
        await claims.claim(tx, [str(order(3))], owner="one:1", lasts_ms=60_000)
        drawn = [row.key for row in await sources.due(tx, "orders", 10)]
        overdue = await sources.next_due_ms(tx, "orders")

    assert drawn == [order(2), order(1)]
    assert overdue is not None
    assert overdue < 0


async def test_no_more_is_drawn_than_was_asked_for(ledger: Ledger) -> None:
    async with ledger.transaction() as tx:
        await waits.wait(tx, [Wait(key=order(number), reason="now") for number in (1, 2)])
        await aged(tx, 1_000)

        assert len(await sources.due(tx, "orders", 1)) == 1


async def test_what_waits_for_a_cause_is_due_when_the_cause_is_lifted(ledger: Ledger) -> None:
    async with ledger.transaction() as tx:
        cause = await causes.raise_cause(tx, FROZEN, 1_000)
        assert await causes.raise_cause(tx, FROZEN, 1_000) == cause
        await waits.wait(tx, [Wait(key=order(1), reason="store_frozen", cause_id=cause)])
        await waits.wait(tx, [Wait(key=order(2), reason="busy", due_in_ms=3_600_000)])
        await aged(tx, 10_000)
        assert await sources.due(tx, "orders", 10) == []
        await causes.lift(tx, cause)
        drawn = [row.key for row in await sources.due(tx, "orders", 10)]
        open_ = await causes.open_causes(tx)
        again = await causes.raise_cause(tx, FROZEN, 1_000)

    assert drawn == [order(1)]
    assert open_ == []
    assert again != cause


async def test_a_probe_is_given_to_one_caller_at_a_time(ledger: Ledger) -> None:
    async with ledger.transaction() as tx:
        cause = await causes.raise_cause(tx, FROZEN, 1_000)
        early = await causes.to_probe(tx, 5_000)
        await aged(tx, 2_000)
        first = await causes.to_probe(tx, 5_000)
        second = await causes.to_probe(tx, 5_000)
        await aged(tx, 6_000)
        third = await causes.to_probe(tx, 5_000)

    assert [[each.id for each in probed] for probed in (early, first, second, third)] == [
        [],
        [cause],
        [],
        [cause],
    ]


async def test_what_is_referred_to_is_made_known_once_and_never_disturbed(ledger: Ledger) -> None:
    async with ledger.transaction() as tx:
        await settlements.settle(tx, [Settlement(key=order(1), status=Status.FAILING)])
        await waits.refer(tx, {order(1): 0, order(2): 0})
        known, new = await row_of(tx, order(1)), await row_of(tx, order(2))

    assert (known.status, known.due_at) == (Status.FAILING, None)
    assert (new.status, new.reason, new.wanted) == (Status.WAITING, "referred_to", 1)


async def test_sharers_of_a_target_come_newest_first_and_without_those_who_left(
    ledger: Ledger,
) -> None:
    def customer(number: int, status: Status = Status.IN_SYNC) -> Settlement:
        return Settlement(
            key=SourceKey(SHOP, "customers", str(number)),
            status=status,
            target_id="900",
            version=Version(updated_at=NOON + timedelta(minutes=number)),
        )

    async with ledger.transaction() as tx:
        await settlements.settle(
            tx, [customer(1), customer(3), customer(2), customer(4, Status.DELETED)]
        )
        shared = await sources.sharing(tx, "customers", ["900", "901"])

    assert [row.key.id for row in shared["900"]] == ["3", "2", "1"]
    assert "901" not in shared


async def test_a_merge_is_followed_by_all_who_are_behind_the_old_id(ledger: Ledger) -> None:
    customer = SourceKey(SHOP, "customers", "1")
    async with ledger.transaction() as tx:
        await settlements.settle(
            tx,
            [
                Settlement(key=customer, status=Status.IN_SYNC, target_id="900"),
                Settlement(key=order(1), status=Status.IN_SYNC, target_id="900"),
            ],
        )
        await waits.retarget(tx, ("customers", "guests"), {"900": "901"})
        moved, other = await row_of(tx, customer), await row_of(tx, order(1))

    assert (moved.target_id, moved.reason) == ("901", "merged_in_hubspot")
    assert moved.due_at is not None
    assert (other.target_id, other.due_at) == ("900", None)


async def test_parts_are_found_by_what_they_belong_to(ledger: Ledger) -> None:
    def part(number: int, parent: str) -> Settlement:
        key = SourceKey(SHOP, "line_items", str(number))
        return Settlement(key=key, status=Status.IN_SYNC, parent_id=parent)

    async with ledger.transaction() as tx:
        await settlements.settle(tx, [part(1, "7"), part(2, "7"), part(3, "8")])
        found = await sources.parts(tx, [order(7), order(9)], "line_items")

    assert sorted(row.key.id for row in found[order(7)]) == ["1", "2"]
    assert order(9) not in found
