"""What must hold of a ledger whichever database it is in; and PostgreSQL's own troubles."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from services.shared.contract.errors import OwnershipLostError
from services.shared.contract.keys import SourceKey
from services.shared.contract.versions import Version
from services.shared.ledger import (
    causes,
    claims,
    identities,
    leases,
    links,
    notes,
    open_links,
    pairing,
    reporting,
    settlements,
    sources,
    targets,
    waits,
    windows,
)
from services.shared.ledger.causes import NewCause
from services.shared.ledger.engine import Ledger, statement
from services.shared.ledger.identities import Identity
from services.shared.ledger.links import Link
from services.shared.ledger.settlements import Settlement
from services.shared.ledger.sources import Status
from services.shared.ledger.targets import TargetRow
from services.shared.ledger.waits import Wait
from services.shared.ledger.windows import NewWindow, WindowState
from tests.support.ledgers import aged

SHOP = "acme.myshopify.com"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
_NOW = statement("SELECT {now} AS moment")


def order(number: int) -> SourceKey:
    return SourceKey(SHOP, "orders", str(number))


async def test_its_clock_is_now_and_moves_within_a_transaction(ledger: Ledger) -> None:
    async with ledger.transaction() as tx:
        first = later = (await tx.run(_NOW))[0].moment
        async with asyncio.timeout(10):
            while later == first:
                later = (await tx.run(_NOW))[0].moment

    assert abs(first / 1000 - datetime.now(UTC).timestamp()) < 60
    assert later > first


async def test_a_settlement_is_read_back_as_it_was_written(ledger: Ledger) -> None:
    version = Version(updated_at=NOON, observed_at=NOON + timedelta(seconds=3))
    settled = Settlement(
        key=order(1),
        status=Status.IN_SYNC,
        target_id="901",
        version=version,
        is_acknowledged=True,
        label="#1001 \N{SNOWMAN}",
        body=b"\x00bytes",
        created_at=NOON,
    )
    async with ledger.transaction() as tx:
        await settlements.settle(tx, [settled])
        row = (await sources.look(tx, [order(1)]))[order(1)]

    assert (row.target_id, row.version, row.label) == ("901", version, "#1001 \N{SNOWMAN}")
    assert (row.body, row.created_at, row.status) == (b"\x00bytes", NOON, Status.IN_SYNC)
    assert row.acknowledged_at is not None


async def test_of_two_words_on_one_source_in_a_batch_the_last_counts(ledger: Ledger) -> None:
    async with ledger.transaction() as tx:
        await settlements.settle(
            tx,
            [
                Settlement(key=order(1), status=Status.FAILING, reason="first"),
                Settlement(key=order(1), status=Status.IN_SYNC, reason="last"),
            ],
        )
        row = (await sources.look(tx, [order(1)]))[order(1)]

    assert (row.status, row.reason) == (Status.IN_SYNC, "last")


async def test_text_that_a_database_cannot_hold_does_not_stop_a_batch(ledger: Ledger) -> None:
    odd = Settlement(key=order(1), status=Status.IN_SYNC, label="nul \x00, not \\u0000")
    async with ledger.transaction() as tx:
        await settlements.settle(tx, [odd, Settlement(key=order(2), status=Status.IN_SYNC)])
        found = await sources.look(tx, [order(1), order(2)])

    assert len(found) == 2
    assert found[order(1)].label.endswith(", not \\u0000")


async def test_what_is_wanted_behind_work_in_progress_stays_due(ledger: Ledger) -> None:
    async with ledger.transaction() as tx:
        await waits.wait(tx, [Wait(key=order(1), reason="busy", body=b"first")])
        seen = (await sources.look(tx, [order(1)]))[order(1)].wanted
        await waits.wait(tx, [Wait(key=order(1), reason="busy", body=b"second", changed_at=NOON)])
        await settlements.settle(
            tx, [Settlement(key=order(1), status=Status.IN_SYNC, seen=seen, target_id="9")]
        )
        row = (await sources.look(tx, [order(1)]))[order(1)]
        drawn = await sources.due(tx, "orders", 10)

    assert (row.status, row.reason, row.body) == (Status.WAITING, "changed_meanwhile", b"second")
    assert [each.key for each in drawn] == [order(1)]


async def test_what_one_has_claimed_nobody_else_gets_until_it_is_given_back(
    ledger: Ledger,
) -> None:
    async with ledger.transaction() as tx:
        first = await claims.claim(tx, ["a", "b"], owner="one:1", lasts_ms=60_000)
        second = await claims.claim(tx, ["b", "c"], owner="two:1", lasts_ms=60_000)
        await claims.renew(tx, owner="one:1", keys=first.keys, lasts_ms=60_000)
        await claims.release(tx, owner="one:1", keys=first.keys)
        third = await claims.claim(tx, ["a", "b"], owner="two:2", lasts_ms=60_000)

    assert [sorted(each.keys) for each in (first, second, third)] == [["a", "b"], ["c"], ["a", "b"]]
    assert not (first.taken_over | second.taken_over | third.taken_over)


async def test_claims_are_renewed_once_a_quarter_of_their_time_is_over(ledger: Ledger) -> None:
    async with ledger.transaction() as tx:
        await claims.claim(tx, ["a", "b"], owner="one:1", lasts_ms=60_000)
        await claims.renew(tx, owner="one:1", keys=["a", "b"], lasts_ms=60_000)
        await aged(tx, 20_000)
        await claims.renew(tx, owner="one:1", keys=["a", "b"], lasts_ms=60_000)
        await aged(tx, 50_000)
        others = await claims.claim(tx, ["a", "b"], owner="two:1", lasts_ms=60_000)

    assert not others.keys


async def test_claims_that_were_forfeited_are_missed_before_they_would_have_ended(
    ledger: Ledger,
) -> None:
    async with ledger.transaction() as tx:
        await claims.claim(tx, ["a", "b"], owner="one:1", lasts_ms=60_000)
        await claims.forfeit_others(tx, instance="two")
        with pytest.raises(OwnershipLostError):
            await claims.renew(tx, owner="one:1", keys=["a", "b"], lasts_ms=60_000)


async def test_a_claim_that_ran_out_is_taken_over_and_known_as_such(ledger: Ledger) -> None:
    async with ledger.transaction() as tx:
        await claims.claim(tx, ["a"], owner="one:1", lasts_ms=1_000)
        await aged(tx, 2_000)
        taken = await claims.claim(tx, ["a", "b"], owner="two:1", lasts_ms=60_000)

    assert (sorted(taken.keys), sorted(taken.taken_over)) == (["a", "b"], ["a"])
    with pytest.raises(OwnershipLostError):
        async with ledger.transaction() as tx:
            await claims.release(tx, owner="one:1", keys=["a"])
    with pytest.raises(OwnershipLostError):
        async with ledger.transaction() as tx:
            await claims.renew(tx, owner="one:1", keys=["a"], lasts_ms=60_000)


async def test_the_next_owner_of_a_settled_takeover_has_nothing_to_suspect(ledger: Ledger) -> None:
    async with ledger.transaction() as tx:
        await claims.claim(tx, ["a"], owner="one:1", lasts_ms=1_000)
        await aged(tx, 2_000)
        await claims.claim(tx, ["a"], owner="two:1", lasts_ms=60_000)
        await claims.release(tx, owner="two:1", keys=["a"])
        third = await claims.claim(tx, ["a"], owner="one:2", lasts_ms=60_000)

    assert not third.taken_over


async def test_a_lease_has_one_owner_and_a_token_that_grows_at_each_hand_over(
    ledger: Ledger,
) -> None:
    async with ledger.transaction() as tx:
        first = await leases.take(tx, "scan", "one", 1_000)
        refused = await leases.take(tx, "scan", "two", 1_000)
        again = await leases.take(tx, "scan", "one", 1_000)
        await aged(tx, 2_000)
        second = await leases.take(tx, "scan", "two", 1_000)

    assert (first, refused, again, second) == (1, None, 1, 2)


async def test_links_are_wanted_made_and_moved(ledger: Ledger) -> None:
    link = Link(shop=SHOP, from_kind="orders", from_id="1", to_kind="customers", to_id="7")
    customer = SourceKey(SHOP, "customers", "7")
    async with ledger.transaction() as tx:
        await settlements.settle(
            tx,
            [
                Settlement(key=order(1), status=Status.IN_SYNC, target_id="901"),
                Settlement(key=customer, status=Status.IN_SYNC, target_id="701"),
            ],
        )
        await links.want_these(tx, [link])
        await pairing.pair_carts(tx, [order(1)])
        assert await pairing.pair_more_carts(tx, 1, "") is None
        assert [each.link for each in await open_links.at(tx, [order(1)])] == [link]
        assert [each.link for each in await open_links.anywhere(tx, 10)] == [link]
        await open_links.put_off(tx, [link], 1_000)
        await open_links.done(tx, [(link, "701")])
        assert await links.wanted_pairs(tx, [order(1)]) == {(order(1), "701")}
        await links.moved(tx, {customer: "702"})
        await waits.retarget(tx, ["customers"], {"701": "702"})
        assert [*await sources.sharing(tx, "customers", ["702"])] == ["702"]
        # It leads to where its end was before.
        assert (await reporting.backlog(tx)).open_links == 1


async def test_what_is_known_of_targets_people_and_causes_is_found_again(ledger: Ledger) -> None:
    email = Identity(kind="email", value="a@b.c", target_id="701")
    frozen = NewCause(shop=SHOP, object_type="orders", reason="store_frozen")
    async with ledger.transaction() as tx:
        await waits.refer(tx, {order(2): 10})
        await waits.put_off(tx, [order(2)], 10)
        assert await sources.next_due_ms(tx, "orders") is not None
        await targets.record(tx, 1, [TargetRow(object_type="orders", id="901", fingerprint=b"f")])
        await targets.forget(tx, 1, [("orders", "902")])
        assert [*await targets.look(tx, 1, [("orders", "901")])] == [("orders", "901")]
        await identities.record(tx, 1, [email])
        await identities.forget_others(tx, 1, [email])
        assert await identities.look(tx, 1, [("email", "a@b.c")]) == {("email", "a@b.c"): email}
        cause = await causes.raise_cause(tx, frozen, 0)
        assert [each.id for each in await causes.to_probe(tx, 1_000)] == [cause]
        await causes.lift(tx, cause)
        assert await causes.open_causes(tx) == []


async def test_a_scan_that_ended_is_remembered(ledger: Ledger) -> None:
    scan = NewWindow(
        shop=SHOP, kind="orders", mode="scan", since=None, started_at=NOON, owner="one"
    )
    async with ledger.transaction() as tx:
        window = await windows.begin(tx, scan)
        assert await windows.end(tx, window, WindowState.COMPLETE, read_=1, appended=1)
        assert await windows.last_complete(tx, SHOP, "orders") is not None
        assert await windows.scanned_by_others(tx, SHOP, "two", 60_000) == 1


async def test_what_people_ask_about_is_told(ledger: Ledger) -> None:
    async with ledger.transaction() as tx:
        await settlements.settle(tx, [Settlement(key=order(1), status=Status.FAILING)])
        await notes.put(tx, "portal", "1")
        assert await notes.get(tx, "portal") == "1"
        await notes.audit(tx, "connected", SHOP)
        assert await reporting.counts(tx)
        assert await reporting.story(tx, order(1))
        assert await reporting.listed(tx, reporting.Chosen(shop=SHOP), 10)
        assert await reporting.retry(tx, [order(1)]) == [order(1)]
