"""Scans: what changed in a store since the last one, and what of that the ledger lacks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest

from sandbox.shopify import actions, given
from services.reconciler.scan import Scanner
from services.shared.contract.errors import SyncError
from services.shared.contract.topics import ObjectType, backfill_topic, live_topic
from services.shared.ledger import windows
from services.shared.ledger.engine import statement
from tests.support.syncing import OTHER_SHOP, SHOP, Syncing, named, story
from tests.support.virtual_time import START

_WINDOWS = statement("SELECT kind, mode, state, read, appended, since FROM windows ORDER BY id")


def _unheard(shop: Syncing) -> None:
    """Every webhook is lost."""
    shop.door.is_holding = True


def one_of_each(shop: Syncing) -> None:
    ana = given.customer(shop.store, email="ana@example.com")
    given.product(shop.store, variants=2)
    given.order(shop.store, lines=named("Mug"), customer=ana)
    given.checkout(shop.store, lines=named("Lamp"), email="bob@example.com")


async def appended(shop: Syncing, topic: str) -> list[Mapping[str, str]]:
    """The headers of a topic's events so far."""
    until = START + timedelta(days=1)
    return [event.headers async for event in shop.log.between(topic, START, until)]


async def scans(shop: Syncing, kind: str) -> list[tuple[str, str, int, int]]:
    async with shop.ledger.transaction() as tx:
        rows = await tx.run(_WINDOWS)
    return [(row.mode, row.state, row.read, row.appended) for row in rows if row.kind == kind]


@story(_unheard)
async def test_the_first_scan_is_the_initial_sync_on_the_backfill_topics(shop: Syncing) -> None:
    one_of_each(shop)
    await shop.scan()
    await shop.settled()

    for kind in ObjectType:
        (headers,) = await appended(shop, backfill_topic(kind))
        assert headers["origin"] == "backfill"
        assert headers["observed-at"]
        assert await appended(shop, live_topic(kind)) == []
        assert await scans(shop, kind) == [("backfill", "complete", 1, 1)]
    assert len(shop.shown("orders")) == 1
    assert len(shop.shown("products")) == 2


@story(_unheard)
async def test_later_scans_bring_only_what_changed_on_the_live_topics(shop: Syncing) -> None:
    orders = [given.order(shop.store, lines=named("Mug")) for _ in range(3)]
    await shop.passes(10)
    await shop.scan()
    await shop.passes(900)
    actions.change_order(shop.store, orders[1]["id"], note="changed")
    await shop.passes(10)
    await shop.scan()
    await shop.settled()

    (headers,) = await appended(shop, live_topic(ObjectType.ORDERS))
    assert headers["origin"] == "reconcile"
    assert await scans(shop, "orders") == [
        ("backfill", "complete", 3, 3),
        ("scan", "complete", 3, 1),
    ]
    notes = {each.get("hs_order_note", "") for each in shop.shown("orders")}
    assert notes == {"", "changed"}


@story(_unheard)
async def test_windows_overlap_and_what_is_known_and_confirmed_is_not_read_again(
    shop: Syncing,
) -> None:
    given.order(shop.store, lines=named("Mug"))
    await shop.passes(10)
    await shop.scan()
    await shop.settled()
    await shop.passes(60)
    await shop.scan()
    await shop.settled()

    assert await scans(shop, "orders") == [
        ("backfill", "complete", 1, 1),
        ("scan", "complete", 1, 0),
    ]


@story(_unheard)
async def test_a_scan_cut_short_is_broken_and_the_next_one_covers_it(shop: Syncing) -> None:
    given.order(shop.store, lines=named("Mug"))
    await shop.passes(5)
    shop.store.frozen = True
    with pytest.raises(SyncError):
        await shop.scan()
    shop.store.frozen = False
    shop.to_shopify.is_cut = True
    with pytest.raises(SyncError):
        await shop.scan()
    shop.to_shopify.is_cut = False
    async with shop.ledger.transaction() as tx:
        assert await windows.last_complete(tx, SHOP, "orders") is None
    await shop.scan()
    await shop.settled()

    assert len(shop.shown("orders")) == 1
    assert [state for _, state, _, _ in await scans(shop, "orders")][-1] == "complete"


@story(_unheard)
async def test_a_scan_that_dies_between_list_and_log_is_not_done(shop: Syncing) -> None:
    given.order(shop.store, lines=named("Mug"))
    await shop.passes(5)

    class Full:
        async def append(self, _: object) -> None:
            raise SyncError("log_full")

    admin_of = shop.connections.admin_of
    scanner = Scanner(shop.ledger, Full(), admin_of, instance="scanner", floor=None)
    with pytest.raises(SyncError):
        await scanner.scan(SHOP, ObjectType.ORDERS)
    assert await scans(shop, "orders") == [("backfill", "broken", 1, 0)]
    await shop.scan()
    await shop.settled()

    assert len(shop.shown("orders")) == 1


@story(_unheard)
async def test_a_throttled_scan_waits_and_is_whole(shop: Syncing) -> None:
    for _ in range(30):
        given.order(shop.store, lines=named("Mug"))
    await shop.passes(5)
    shop.shopify.faults.update({"throttled": True, "times": 3})
    await shop.scan()
    await shop.settled()

    assert len(shop.shown("orders")) == 30
    assert await scans(shop, "orders") == [("backfill", "complete", 30, 30)]


@story(_unheard)
async def test_each_store_has_scans_of_its_own(shop: Syncing) -> None:
    given.order(shop.store, lines=named("Mug"))
    given.order(shop.other_store, lines=named("Lamp"))
    await shop.passes(5)
    shop.store.frozen = True
    with pytest.raises(SyncError):
        await shop.scan(SHOP)
    await shop.scan(OTHER_SHOP)
    await shop.settled()

    assert [each["hs_source_store"] for each in shop.shown("orders")] == [OTHER_SHOP]


@story(_unheard)
async def test_history_before_the_floor_is_left_alone(shop: Syncing) -> None:
    given.order(shop.store, lines=named("Old"))
    await shop.passes(3600)
    given.order(shop.store, lines=named("New"))
    await shop.passes(5)
    floor = START + timedelta(minutes=30)
    admin_of = shop.connections.admin_of
    scanner = Scanner(shop.ledger, shop.log, admin_of, instance="scanner", floor=floor)
    for kind in ObjectType:
        await scanner.scan(SHOP, kind)
    await shop.settled()

    assert len(shop.shown("orders")) == 1
    assert [each["name"] for each in shop.shown("line_items")] == ["New"]


@story(_unheard)
async def test_products_that_are_not_active_are_seen_as_well(shop: Syncing) -> None:
    given.product(shop.store, status="draft")
    given.product(shop.store, status="archived")
    await shop.passes(5)
    await shop.scan()
    await shop.settled()

    assert {each["shopify_status"] for each in shop.shown("products")} == {"draft", "archived"}


@story(_unheard)
async def test_lists_that_lag_behind_are_caught_by_the_overlap(shop: Syncing) -> None:
    shop.store.set({"index_lag_seconds": 60}, ())
    await shop.scan()
    given.order(shop.store, lines=named("Mug"))
    await shop.passes(5)
    await shop.scan()
    await shop.settled()
    assert shop.shown("orders") == []
    await shop.passes(90)
    await shop.scan()
    await shop.settled()

    assert len(shop.shown("orders")) == 1
