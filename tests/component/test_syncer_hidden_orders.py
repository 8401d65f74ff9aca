"""Orders of more than 60 days, which an app without ``read_all_orders`` cannot read."""

from datetime import timedelta

from sandbox.shopify import actions, given
from sandbox.shopify.model import Record
from services.shared.contract.keys import SourceKey
from services.shared.ledger import reporting
from tests.support.syncing import SHOP, Syncing, story
from tests.support.virtual_time import virtual_now


def _hiding(shop: Syncing) -> None:
    shop.store.scopes = tuple(each for each in shop.store.scopes if each != "read_all_orders")


def _old_order(shop: Syncing) -> Record:
    sixty_one_days_ago = virtual_now() - timedelta(days=61)
    return given.order(shop.store, lines=1, created_at=sixty_one_days_ago)


@story(before=_hiding)
async def test_an_order_that_may_be_hidden_is_not_believed_to_be_deleted(shop: Syncing) -> None:
    old = _old_order(shop)
    young = given.order(shop.store, lines=1)
    await shop.settled()
    for order in (old, young):
        actions.delete_order(shop.store, order["id"])
    await shop.settled()

    assert [each["hs_external_order_id"] for each in shop.shown("orders")] == [str(old["id"])]
    assert await shop.standing("orders", old) == ("excluded", "deletion_unproved")
    assert await shop.standing("orders", young) == ("deleted", "")


@story(before=_hiding)
async def test_a_deletion_is_believed_once_the_app_may_see_old_orders(shop: Syncing) -> None:
    old = _old_order(shop)
    await shop.settled()
    actions.delete_order(shop.store, old["id"])
    await shop.settled()
    shop.store.scopes = (*shop.store.scopes, "read_all_orders")
    async with shop.ledger.transaction() as tx:
        await reporting.retry(tx, [SourceKey(SHOP, "orders", str(old["id"]))])
    await shop.settled()

    assert shop.shown("orders") == []
    assert await shop.standing("orders", old) == ("deleted", "")


@story(before=_hiding)
async def test_a_scope_that_is_granted_proves_the_deletion_without_anybodys_asking(
    shop: Syncing,
) -> None:
    old = _old_order(shop)
    await shop.settled()
    actions.delete_order(shop.store, old["id"])
    await shop.settled()
    actions.change_scopes(shop.store, (*shop.store.scopes, "read_all_orders"))
    await shop.settled()

    assert shop.shown("orders") == []
    assert await shop.standing("orders", old) == ("deleted", "")


@story(before=_hiding)
async def test_an_old_order_that_still_changes_was_not_deleted(shop: Syncing) -> None:
    old = _old_order(shop)
    await shop.settled()
    like = shop.door.of("orders/create")[0]
    claim = shop.signed(like, b'{"id": %d}' % old["id"])
    claim.headers["x-shopify-topic"] = "orders/delete"
    claim.headers["x-shopify-webhook-id"] = "a-claim"
    await shop.door.deliver(claim)
    await shop.settled()
    assert await shop.standing("orders", old) == ("excluded", "deletion_unproved")
    await shop.passes(5)
    actions.change_order(shop.store, old["id"], note="alive")
    await shop.settled()

    assert shop.only("orders")["hs_order_note"] == "alive"
    assert await shop.standing("orders", old) == ("in_sync", "")
