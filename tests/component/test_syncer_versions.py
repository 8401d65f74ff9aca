"""Whatever comes, in whatever order and however often: HubSpot ends with the newest state."""

import itertools

import httpx
import pytest

from sandbox.shopify import actions, given
from services.shared.ledger.engine import statement
from tests.support.syncing import SHOP, Syncing, named, story


async def _three_notes(shop: Syncing) -> list[httpx.Request]:
    """An order changed twice, a minute apart; its three deliveries, kept back."""
    shop.door.is_holding = True
    order = given.order(shop.store, lines=named("Mug"), note="first")
    await shop.passes(60)
    for note in ("second", "third"):
        actions.change_order(shop.store, order["id"], note=note)
        await shop.passes(60)
    shop.door.is_holding = False
    return [shop.door.of("orders/create")[0], *shop.door.of("orders/updated")[-2:]]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_any_order_of_deliveries_ends_in_the_newest_state(order: tuple[int, ...]) -> None:
    @story()
    async def scene(shop: Syncing) -> None:
        deliveries = await _three_notes(shop)
        for each in order:
            await shop.door.deliver(deliveries[each])
            await shop.settled()
        assert shop.only("orders")["hs_order_note"] == "third"
        assert len(shop.shown("line_items")) == 1

    scene()


@story()
async def test_a_delivery_that_comes_again_writes_nothing(shop: Syncing) -> None:
    given.order(shop.store, lines=named("Mug"))
    await shop.settled()
    await shop.passes(10)
    before = len(shop.to_hubspot.requests)
    for each in list(shop.door.kept):
        await shop.door.deliver(each)
    await shop.settled()

    writes = [
        each.url.path
        for each in shop.to_hubspot.requests[before:]
        if each.url.path.endswith(("/create", "/update", "/upsert", "/archive", "/default"))
    ]
    assert writes == []


@story()
async def test_a_stale_delivery_is_superseded_without_any_call(shop: Syncing) -> None:
    deliveries = await _three_notes(shop)
    await shop.door.deliver(deliveries[2])
    await shop.settled()
    before = len(shop.to_hubspot.requests), len(shop.to_shopify.requests)
    await shop.door.deliver(deliveries[0])
    await shop.settled()

    assert (len(shop.to_hubspot.requests), len(shop.to_shopify.requests)) == before


@story()
async def test_two_changes_of_one_second_are_decided_by_a_read(shop: Syncing) -> None:
    order = given.order(shop.store, lines=named("Mug"), note="first")
    actions.change_order(shop.store, order["id"], note="second")
    actions.change_order(shop.store, order["id"], note="third")
    await shop.deliveries.idle()
    await shop.settled()

    assert shop.only("orders")["hs_order_note"] == "third"


@story()
async def test_a_tie_with_an_open_version_is_read_and_one_with_a_closed_is_not(
    shop: Syncing,
) -> None:
    given.order(shop.store, lines=named("Mug"))
    await shop.settled()
    await shop.passes(10)
    created = shop.door.of("orders/create")[0]
    before = len(shop.to_shopify.requests)
    await shop.door.deliver(created)
    await shop.settled()
    read = len(shop.to_shopify.requests) - before
    await shop.door.deliver(created)
    await shop.settled()

    assert len(shop.to_shopify.requests) - before == read, "the read has closed the version"


@story()
async def test_a_hint_while_a_write_is_under_way_is_not_lost(shop: Syncing) -> None:
    ana = given.customer(shop.store, email="ana@example.com")
    await shop.settled()
    done: list[int] = []

    def meanwhile(request: httpx.Request) -> None:
        if not done:
            done.append(1)
            actions.change_tags(shop.store, ana["id"], ("vip",))

    shop.to_hubspot.before["/contacts/batch/update"] = meanwhile
    shop.strike("slow", "*/contacts/batch/update", seconds=5, count=1)
    actions.change_customer(shop.store, ana["id"], first_name="Anna")
    await shop.settled()

    assert done
    assert shop.only("contacts")["shopify_tags"] == "vip"


@story()
async def test_a_burst_on_one_record_is_one_write(shop: Syncing) -> None:
    order = given.order(shop.store, lines=named("Mug"))
    await shop.settled()
    shop.door.is_holding = True
    for number in range(20):
        actions.change_order(shop.store, order["id"], note=f"note {number}")
        await shop.passes(2)
    shop.door.is_holding = False
    before = len(shop.to_hubspot.calls("/orders/batch/update"))
    for each in shop.door.of("orders/updated")[-20:]:
        await shop.door.deliver(each)
    await shop.settled()

    assert shop.only("orders")["hs_order_note"] == "note 19"
    assert len(shop.to_hubspot.calls("/orders/batch/update")) - before <= 3


@story()
async def test_a_late_update_does_not_bring_a_deleted_order_back(shop: Syncing) -> None:
    order = given.order(shop.store, lines=named("Mug"))
    await shop.settled()
    actions.change_order(shop.store, order["id"], note="last words")
    actions.delete_order(shop.store, order["id"])
    await shop.settled()
    for each in shop.door.of("orders/updated"):
        await shop.door.deliver(each)
    await shop.settled()

    assert shop.shown("orders") == []
    assert await shop.standing("orders", order) == ("deleted", "")


@story()
async def test_a_deletion_that_a_read_contradicts_is_looked_at_again_after_the_lag(
    shop: Syncing,
) -> None:
    order = given.order(shop.store, lines=named("Mug"))
    doomed = given.order(shop.store, lines=named("Lamp"))
    actions.delete_order(shop.store, doomed["id"])
    await shop.settled()
    (deletion,) = shop.door.of("orders/delete")
    forged = str(order["id"]).encode()
    body = deletion.content.replace(str(doomed["id"]).encode(), forged)
    await shop.door.deliver(shop.signed(deletion, body))
    await shop.passes(10)
    assert await shop.standing("orders", order) == ("waiting", "contradictory_read")
    actions.change_order(shop.store, order["id"], note="still here")
    await shop.passes(150)

    assert shop.only("orders")["hs_order_note"] == "still here"
    assert await shop.standing("orders", order) == ("in_sync", "")


@story()
async def test_a_tombstone_is_lifted_by_a_read_that_finds_the_record(shop: Syncing) -> None:
    order = given.order(shop.store, lines=named("Mug"), note="back again")
    await shop.settled()
    async with shop.ledger.transaction() as tx:
        await tx.run(_BURIED)
    await shop.passes(10)
    actions.change_order(shop.store, order["id"], note="back indeed")
    await shop.settled()

    assert await shop.standing("orders", order) == ("in_sync", "")
    assert shop.only("orders")["hs_order_note"] == "back indeed"


_BURIED = statement(
    "UPDATE sources SET status = 'deleted', deleted_at = {now}, due_at = NULL WHERE kind = 'orders'"
)


@story()
async def test_an_older_read_never_replaces_a_newer_state(shop: Syncing) -> None:
    order = given.order(shop.store, lines=named("Mug"), note="first")
    await shop.passes(10)
    slow: list[int] = []

    def meanwhile(_: httpx.Response) -> None:
        # Shopify's answer is on its way when the record changes, and the webhook overtakes it.
        if not slow:
            slow.append(1)
            actions.change_order(shop.store, order["id"], note="third")

    shop.to_shopify.after["/graphql.json"] = (meanwhile, 4.0)
    actions.refund(shop.store, order["id"], amount="1.00")
    await shop.settled()

    assert slow
    assert shop.only("orders")["hs_order_note"] == "third"
    assert float(shop.only("orders")["hs_refund_amount"]) == 1


@story()
async def test_a_scan_brings_what_every_dropped_webhook_would_have(shop: Syncing) -> None:
    shop.door.is_holding = True
    order = given.order(shop.store, lines=named("Mug"), email="ana@example.com")
    await shop.scan(SHOP)
    await shop.settled()
    actions.change_order(shop.store, order["id"], note="changed")
    await shop.passes(400)
    await shop.scan(SHOP)
    await shop.settled()

    assert shop.only("orders")["hs_order_note"] == "changed"
    assert shop.only("contacts")["email"] == "ana@example.com"
