"""What only a webhook carries stays with its record, whatever keeps that from being written."""

import asyncio

import httpx
import msgspec

from sandbox.shopify import actions, given
from services.shared.contract.keys import SourceKey
from services.shared.ledger import claims, waits
from services.shared.ledger.waits import Wait
from tests.support.syncing import SHOP, Syncing, named, sorted_values, story


@story()
async def test_what_only_a_webhook_carries_outlasts_the_wait_for_a_busy_record(
    shop: Syncing,
) -> None:
    given.order(shop.store, lines=named("Lamp"))
    await shop.settled()
    shop.door.is_holding = True
    order = given.order(shop.store, lines=named("Mug"), landing_site="/sale?utm_source=mail")
    await shop.deliveries.idle()
    async with shop.ledger.transaction() as tx:
        key = f"{SHOP}/orders/{order['id']}"
        await claims.claim(tx, [key], owner="somebody:1", lasts_ms=5_000)
    shop.door.is_holding = False
    await shop.door.deliver(shop.door.of("orders/create")[-1])
    await asyncio.sleep(1)
    assert await shop.standing("orders", order) == ("waiting", "busy")
    await shop.passes(10)

    assert "/sale?utm_source=mail" in sorted_values(shop.shown("orders"), "hs_landing_site")


@story()
async def test_what_only_a_webhook_carries_outlasts_a_call_hubspot_does_not_answer(
    shop: Syncing,
) -> None:
    shop.strike("status", "*/orders/batch/*", status=503, count=9, applied=False)
    given.order(shop.store, lines=named("Mug"), landing_site="/sale?utm_source=mail")
    await shop.passes(60)

    assert shop.only("orders")["hs_landing_site"] == "/sale?utm_source=mail"


@story()
async def test_what_only_a_webhook_carries_outlasts_a_refusal(shop: Syncing) -> None:
    shop.hubspot.switches.required_when = {"orders": [["hs_order_name", "#1001", "hs_order_note"]]}
    order = given.order(shop.store, lines=named("Mug"), landing_site="/sale?utm_source=mail")
    await shop.settled()
    assert (await shop.standing("orders", order))[0] == "failing"
    shop.hubspot.switches.required_when = {}
    async with shop.ledger.transaction() as tx:
        key = SourceKey(SHOP, "orders", str(order["id"]))
        await waits.wait(tx, [Wait(key=key, reason="retried")])
    await shop.settled()

    assert shop.only("orders")["hs_landing_site"] == "/sale?utm_source=mail"


@story()
async def test_an_event_that_comes_between_a_read_and_its_claim_is_not_settled_by_them(
    shop: Syncing,
) -> None:
    order = given.order(shop.store, lines=named("Mug"))
    await shop.settled()
    wait = Wait(key=SourceKey(SHOP, "orders", str(order["id"])), reason="busy")
    elsewhere: list[asyncio.Task[None]] = []

    async def put_off(body: bytes | None) -> None:
        async with shop.ledger.transaction() as tx:
            await waits.wait(tx, [msgspec.structs.replace(wait, body=body)])

    def find_it_busy_once(_: httpx.Response) -> None:
        if not elsewhere:
            elsewhere.append(asyncio.create_task(put_off(b'{"landing_site":"/sale"}')))

    shop.to_shopify.after["/graphql.json"] = (find_it_busy_once, 1.0)
    await put_off(None)
    await shop.passes(5)

    assert elsewhere, "the order was never read"
    assert shop.only("orders")["hs_landing_site"] == "/sale"


def _landed(shop: Syncing) -> list[str]:
    return sorted_values(shop.shown("orders"), "hs_landing_site")


@story()
async def test_what_a_webhook_tells_after_a_scan_was_faster_is_added(shop: Syncing) -> None:
    shop.door.is_holding = True
    order = given.order(shop.store, lines=named("Mug"), landing_site="/sale")
    await shop.passes(5)
    await shop.scan()
    await shop.settled()
    assert _landed(shop) == [""], "no read shows it"
    shop.door.is_holding = False
    await shop.door.deliver(shop.door.of("orders/create")[-1])
    await shop.passes(5)

    assert _landed(shop) == ["/sale"]
    assert await shop.standing("orders", order) == ("in_sync", "")


@story()
async def test_of_two_late_webhooks_the_later_one_is_believed_in_any_order(shop: Syncing) -> None:
    for first in (0, 1):
        shop.door.is_holding = True
        order = given.order(shop.store, lines=named("Mug"), landing_site="/first")
        await shop.passes(5)
        shop.store.orders[order["id"]]["landing_site"] = "/second"
        actions.change_order(shop.store, order["id"], note="once")
        await shop.passes(5)
        actions.change_order(shop.store, order["id"], note="twice")
        await shop.deliveries.idle()
        held = [
            shop.door.of("orders/create")[-1],
            [e for e in shop.door.of("orders/updated") if b'"note":"once"' in e.content][-1],
        ]
        await shop.passes(5)
        await shop.scan()
        await shop.settled()
        shop.door.is_holding = False
        await shop.door.deliver(held[first])
        await shop.passes(5)
        await shop.door.deliver(held[1 - first])
        await shop.passes(5)

        assert "/first" not in _landed(shop)
        assert _landed(shop)[-1] == "/second"
        assert await shop.not_in_sync() == {}


@story()
async def test_a_late_webhook_that_tells_nothing_new_costs_no_call(shop: Syncing) -> None:
    given.order(shop.store, lines=named("Mug"), landing_site="/sale")
    await shop.passes(5)
    await shop.scan()
    await shop.settled()
    calls = len(shop.to_shopify.requests), len(shop.to_hubspot.requests)
    await shop.door.deliver(shop.door.of("orders/create")[-1])
    await shop.passes(2)

    assert (len(shop.to_shopify.requests), len(shop.to_hubspot.requests)) == calls
    assert _landed(shop) == ["/sale"]


@story()
async def test_a_late_webhook_does_not_bring_back_what_people_archived(shop: Syncing) -> None:
    shop.door.is_holding = True
    order = given.order(shop.store, lines=named("Mug"), landing_site="/sale")
    await shop.passes(5)
    await shop.scan()
    await shop.settled()
    shop.people.archive("orders", shop.only("orders")["hs_object_id"])
    actions.change_order(shop.store, order["id"], note="changed")
    await shop.passes(5)
    await shop.scan()
    await shop.settled()
    assert await shop.standing("orders", order) == ("excluded", "archived_in_hubspot")
    shop.door.is_holding = False
    await shop.door.deliver(shop.door.of("orders/create")[-1])
    await shop.passes(5)

    assert shop.shown("orders") == []
    assert await shop.standing("orders", order) == ("excluded", "archived_in_hubspot")
