"""Checkouts in Shopify, and what HubSpot shows of them."""

import sqlite3
from contextlib import closing

from sandbox.shopify import actions, given
from tests.support.product_parts import LEDGER
from tests.support.syncing import ABANDONED_AFTER, Syncing, named, sorted_values, story

DELAY = ABANDONED_AFTER.total_seconds()
_FORGET_THE_PAIR = "DELETE FROM links WHERE from_kind = 'checkouts' AND to_kind = 'orders'"


@story()
async def test_a_checkout_becomes_a_cart_after_the_abandonment_delay_and_not_before(
    shop: Syncing,
) -> None:
    checkout = given.checkout(shop.store, lines=named("Mug", "Lamp"), email="ana@example.com")
    await shop.settled()
    assert shop.shown("carts") == []
    assert await shop.standing("checkouts", checkout) == ("excluded", "not_yet_abandoned")
    await shop.passes(DELAY)

    cart = shop.only("carts")
    lines = shop.linked("carts", cart["hs_object_id"], "line_items")
    assert lines == {each["hs_object_id"] for each in shop.shown("line_items")}
    assert sorted_values(shop.shown("line_items"), "name") == ["Lamp", "Mug"]
    contact = shop.only("contacts")
    assert contact["email"] == "ana@example.com"
    assert shop.linked("carts", cart["hs_object_id"], "contacts") == {contact["hs_object_id"]}


@story()
async def test_a_checkout_that_is_still_being_changed_is_not_abandoned(shop: Syncing) -> None:
    checkout = given.checkout(shop.store, lines=named("Mug"), email="ana@example.com")
    await shop.passes(DELAY - 40)
    actions.change_checkout(shop.store, checkout["id"], lines=named("Mug", "Lamp"))
    await shop.passes(DELAY - 40)
    assert shop.shown("carts") == []
    await shop.passes(80)

    assert sorted_values(shop.shown("line_items"), "name") == ["Lamp", "Mug"]


@story()
async def test_a_checkout_without_contact_information_is_no_cart(shop: Syncing) -> None:
    checkout = given.checkout(shop.store, lines=named("Mug"), guest=True)
    await shop.passes(DELAY + 60)

    assert shop.shown("carts") == []
    assert await shop.standing("checkouts", checkout) == ("excluded", "no_contact_information")


@story()
async def test_a_checkout_completed_in_time_is_no_cart(shop: Syncing) -> None:
    checkout = given.checkout(shop.store, lines=named("Mug"), email="ana@example.com")
    await shop.settled()
    actions.complete_checkout(shop.store, checkout["id"])
    await shop.passes(DELAY + 60)

    assert shop.shown("carts") == []
    assert len(shop.shown("orders")) == 1
    assert await shop.standing("checkouts", checkout) == ("excluded", "completed")


@story()
async def test_a_cart_whose_checkout_completes_is_linked_to_the_order(shop: Syncing) -> None:
    checkout = given.checkout(shop.store, lines=named("Mug"), email="ana@example.com")
    await shop.passes(DELAY + 60)
    actions.complete_checkout(shop.store, checkout["id"])
    await shop.settled()

    cart, order = shop.only("carts"), shop.only("orders")
    assert shop.linked("carts", cart["hs_object_id"], "orders") == {order["hs_object_id"]}
    lines = shop.linked("carts", cart["hs_object_id"], "line_items")
    others = shop.linked("orders", order["hs_object_id"], "line_items")
    assert len(lines) == len(others) == 1
    assert lines.isdisjoint(others)


@story()
async def test_a_cart_is_linked_though_who_wrote_its_order_died_before_linking(
    shop: Syncing,
) -> None:
    checkout = given.checkout(shop.store, lines=named("Mug"), email="ana@example.com")
    await shop.passes(DELAY + 60)
    actions.complete_checkout(shop.store, checkout["id"])
    await shop.settled()
    await shop.kill()
    ends = [(each, shop.only(each)["hs_object_id"]) for each in ("carts", "orders")]
    shop.hubspot.associations.dissociate(*ends)
    with closing(sqlite3.connect(shop.folder / LEDGER)) as ledger:
        ledger.execute(_FORGET_THE_PAIR)
        ledger.commit()

    shop.start()

    await shop.until(lambda: shop.linked(*ends[0], "orders") == {ends[1][1]})


@story()
async def test_a_deleted_checkout_takes_its_cart_and_lines_with_it(shop: Syncing) -> None:
    checkout = given.checkout(shop.store, lines=named("Mug"), email="ana@example.com")
    await shop.passes(DELAY + 60)
    assert len(shop.shown("carts")) == 1
    actions.delete_checkout(shop.store, checkout["id"])
    await shop.settled()

    assert shop.shown("carts") == []
    assert shop.shown("line_items") == []
    assert await shop.standing("checkouts", checkout) == ("deleted", "")


@story()
async def test_a_line_taken_out_of_an_abandoned_cart_is_archived(shop: Syncing) -> None:
    checkout = given.checkout(shop.store, lines=named("Mug", "Lamp"), email="ana@example.com")
    await shop.passes(DELAY + 60)
    actions.change_checkout(shop.store, checkout["id"], lines=named("Lamp"))
    await shop.settled()

    assert sorted_values(shop.shown("line_items"), "name") == ["Lamp"]


@story()
async def test_a_cart_that_was_half_made_when_its_checkout_completed_is_finished(
    shop: Syncing,
) -> None:
    checkout = given.checkout(shop.store, lines=named("Mug", "Lamp"), email="ana@example.com")
    await shop.settled()
    shop.strike("reset", count=1000, path="*/carts/batch/*", applied=True)
    await shop.passes(DELAY + 100)
    assert (await shop.standing("checkouts", checkout))[0] == "waiting"
    assert len(shop.shown("carts")) == 1
    actions.complete_checkout(shop.store, checkout["id"])
    shop.hubspot.faults.clear()
    await shop.settled()

    cart = shop.only("carts")
    assert cart["hs_external_status"] == "completed"
    assert len(shop.linked("carts", cart["hs_object_id"], "line_items")) == 2
    assert len(shop.linked("carts", cart["hs_object_id"], "orders")) == 1
