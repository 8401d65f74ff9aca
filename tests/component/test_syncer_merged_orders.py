"""Two orders that people merged in HubSpot: one of the two is shown, and the other says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.shopify import actions, given
from services.shared.contract.keys import SourceKey
from services.shared.ledger import reporting
from services.shared.ledger.engine import statement
from tests.support.syncing import SHOP, Syncing, story

Order = dict[str, Any]
_SAME_ID = statement("UPDATE sources SET target_id = :target WHERE kind = 'customers' AND id = :id")


async def _merged(shop: Syncing) -> tuple[Order, Order]:
    """Two orders in sync, the second one merged into the first."""
    mug, lamp = (
        given.order(shop.store, lines=[{"title": each, "price": "10.00", "quantity": 1}], note=each)
        for each in ("mug", "lamp")
    )
    await shop.settled()
    one, two = [str((await shop.row("orders", each))["target_id"]) for each in (mug, lamp)]
    shop.people.merge("orders", one, two)
    return mug, lamp


def _new_ids(shop: Syncing) -> None:
    shop.hubspot.switches.merge_makes_new_id = True


async def _is_left_to(shop: Syncing, kept: Order, other: Order) -> None:
    """HubSpot shows ``kept`` and nothing else, and the ledger says so of both."""
    shown = shop.only("orders")
    assert shown["hs_external_order_id"] == str(kept["id"])
    assert shown["hs_order_note"] == shop.store.orders[kept["id"]]["note"]
    assert await shop.standing("orders", kept) == ("in_sync", "")
    assert await shop.standing("orders", other) == ("excluded", "merged_into_another")
    row = await shop.row("orders", other)
    assert row["detail"] == f"{shown['hs_object_id']} {SHOP}/orders/{kept['id']}"


@story()
async def test_the_order_whose_record_is_left_is_shown_and_the_other_says_so(
    shop: Syncing,
) -> None:
    mug, lamp = await _merged(shop)
    actions.change_order(shop.store, lamp["id"], note="lamp changed")
    await shop.passes(60)
    await _is_left_to(shop, mug, lamp)
    assert shop.only("line_items")["name"] == "mug"

    actions.change_order(shop.store, mug["id"], note="mug changed")
    actions.change_order(shop.store, lamp["id"], note="lamp changed again")
    await shop.passes(60)
    await _is_left_to(shop, mug, lamp)


@story(_new_ids)
async def test_a_record_with_a_new_id_shows_the_order_that_changes_first(shop: Syncing) -> None:
    mug, lamp = await _merged(shop)
    actions.change_order(shop.store, lamp["id"], note="lamp changed")
    await shop.passes(60)
    actions.change_order(shop.store, mug["id"], note="mug changed")
    await shop.passes(60)

    await _is_left_to(shop, lamp, mug)


@pytest.mark.parametrize("before", [None, _new_ids])
def test_two_that_change_at_once_end_as_one(before: Callable[[Syncing], None] | None) -> None:
    @story(before)
    async def scene(shop: Syncing) -> None:
        mug, lamp = await _merged(shop)
        for each in (lamp, mug):
            actions.change_order(shop.store, each["id"], note=f"{each['note']} changed")
        await shop.passes(60)

        await _is_left_to(shop, mug, lamp)

    scene()


@story()
async def test_one_that_is_tried_again_does_not_write_over_the_other(shop: Syncing) -> None:
    mug, lamp = await _merged(shop)
    actions.change_order(shop.store, lamp["id"], note="lamp changed")
    await shop.passes(60)
    async with shop.ledger.transaction() as tx:
        await reporting.retry(tx, [SourceKey(SHOP, "orders", str(lamp["id"]))])
    await shop.passes(60)

    # The simulator lets both keys lead to what is left.
    await _is_left_to(shop, mug, lamp)


@story()
async def test_a_merged_order_whose_id_is_that_of_a_contact_moves_no_customer(
    shop: Syncing,
) -> None:
    ana = given.customer(shop.store, email="ana@example.com")
    _, lamp = await _merged(shop)
    old = str((await shop.row("orders", lamp))["target_id"])
    async with shop.ledger.transaction() as tx:
        await tx.run(_SAME_ID, target=old, id=str(ana["id"]))
    actions.change_order(shop.store, lamp["id"], note="lamp changed")
    await shop.passes(1)

    assert (await shop.row("customers", ana))["target_id"] == old
