"""What cannot be done now waits by the record, for one cause, and holds up nobody else."""

import asyncio
from collections import Counter
from dataclasses import replace

import httpx

from sandbox.shopify import actions, given
from services.shared.ledger import claims
from tests.support.ledgers import open_reasons
from tests.support.syncing import SHOP, Syncing, named, story


@story()
async def test_a_scope_hubspot_misses_stops_that_object_alone_until_it_is_granted(
    shop: Syncing,
) -> None:
    token = shop.hubspot.tokens.bearers[shop.hubspot.token]
    without = token.scopes - {"crm.objects.orders.write", "crm.objects.orders.read"}
    shop.hubspot.tokens.bearers[shop.hubspot.token] = replace(token, scopes=without)
    ana = given.customer(shop.store, email="ana@example.com")
    orders = [given.order(shop.store, lines=named("Mug"), customer=ana) for _ in range(3)]
    await shop.settled()

    assert await shop.standing("customers", ana) == ("in_sync", "")
    assert {await shop.standing("orders", each) for each in orders} == {
        ("waiting", "scope_missing")
    }
    assert await open_reasons(shop.ledger) == [("*", "scope_missing")]
    shop.hubspot.tokens.bearers[shop.hubspot.token] = token
    await shop.passes(90)

    assert await shop.not_in_sync() == {}
    assert len(shop.shown("orders")) == 3


@story()
async def test_a_token_hubspot_refuses_loses_nothing(shop: Syncing) -> None:
    token = shop.hubspot.tokens.bearers.pop(shop.hubspot.token)
    given.order(shop.store, lines=named("Mug"), email="ana@example.com")
    await shop.passes(120)
    assert shop.shown("orders") == []
    shop.hubspot.tokens.bearers[shop.hubspot.token] = token
    await shop.passes(120)

    assert len(shop.shown("orders")) == 1
    assert await shop.not_in_sync() == {}


@story()
async def test_an_outage_of_hubspot_is_waited_out(shop: Syncing) -> None:
    fault = shop.strike("status", count=40, status=503)
    given.order(shop.store, lines=named("Mug"), email="ana@example.com")
    await shop.passes(60)
    shop.hubspot.faults.clear()
    await shop.passes(100)

    assert fault.count is not None
    assert fault.count < 40
    assert len(shop.shown("orders")) == 1
    assert await shop.not_in_sync() == {}


@story()
async def test_a_shopify_token_past_its_day_is_renewed_once_for_all(shop: Syncing) -> None:
    given.customer(shop.store, email="ana@example.com")
    await shop.settled()
    grants = len(shop.to_shopify.calls("/access_token"))
    shop.skip(24 * 3600)
    for number in range(20):
        given.customer(shop.store, email=f"c{number}@example.com")
        given.order(shop.store, lines=named("Mug"), email=f"b{number}@example.com")
    await shop.settled()

    assert await shop.not_in_sync() == {}
    assert len(shop.to_shopify.calls("/access_token")) - grants == 1


@story()
async def test_a_spent_day_is_a_shared_cause_and_ends_by_itself(shop: Syncing) -> None:
    given.customer(shop.store, email="before@example.com")
    await shop.settled()
    spent = shop.strike("daily", count=1)
    people = [given.customer(shop.store, email=f"p{each}@example.com") for each in range(3)]
    given.order(shop.store, lines=named("Mug"))
    await shop.settled()

    assert spent.count == 0
    assert set(await open_reasons(shop.ledger)) == {("*", "quota_spent")}
    for each in people:
        assert await shop.standing("customers", each) == ("waiting", "quota_spent")
    asked = len(shop.to_hubspot.requests)
    await shop.passes(600)
    assert len(shop.to_hubspot.requests) == asked, "calls that nobody could answer"
    await shop.passes(360)

    assert await open_reasons(shop.ledger) == []
    assert await shop.not_in_sync() == {}
    assert len(shop.shown("orders")) == 1


@story()
async def test_a_claim_that_ran_out_is_taken_over_and_looked_at_twice(shop: Syncing) -> None:
    order = given.order(shop.store, lines=named("Mug"))
    await shop.settled()
    key = f"{SHOP}/orders/{order['id']}"
    async with shop.ledger.transaction() as tx:
        await claims.claim(tx, [key], owner="somebody:1", lasts_ms=5_000)
    actions.change_order(shop.store, order["id"], note="changed")
    await shop.until(lambda: shop.only("orders").get("hs_order_note") == "changed", patience=30)
    await asyncio.sleep(2)
    row = await shop.row("orders", order)
    assert row["suspect_until"], "a late write of its former owner may still come"
    shop.people.edit(
        "orders", shop.only("orders")["hs_object_id"], {"hs_order_note": "overwritten"}
    )
    await shop.passes(60)

    assert shop.only("orders")["hs_order_note"] == "changed"
    assert (await shop.row("orders", order))["suspect_until"] is None


@story()
async def test_a_line_twice_there_after_a_takeover_is_there_once_in_the_end(
    shop: Syncing,
) -> None:
    order = given.order(shop.store, lines=named("Mug"))
    await shop.settled()
    (line,) = shop.shown("line_items")
    key = line["shopify_sync_key"]
    double = {"name": "Mug", "quantity": "1", "price": "10.00", "shopify_sync_key": key}
    shop.people.add_line_item(shop.only("orders")["hs_object_id"], double)
    async with shop.ledger.transaction() as tx:
        source = f"{SHOP}/orders/{order['id']}"
        await claims.claim(tx, [source], owner="somebody:1", lasts_ms=5_000)
    actions.change_order(shop.store, order["id"], note="changed")
    await shop.passes(60)

    assert [each["hs_object_id"] for each in shop.shown("line_items")] == [line["hs_object_id"]]


@story()
async def test_fresh_changes_go_before_history_when_the_quota_is_short(shop: Syncing) -> None:
    shop.hubspot.quota.burst = 10
    shop.door.is_holding = True
    for _ in range(30):
        given.product(shop.store, variants=20)
        given.order(shop.store, lines=named("Mug"))
    await shop.deliveries.idle()
    shop.door.is_holding = False
    await shop.scan(SHOP)
    await asyncio_moment(shop)
    fresh = given.order(shop.store, lines=named("Lamp"))
    began = shop.now()
    await shop.until(
        lambda: any(
            each["hs_external_order_id"] == str(fresh["id"]) for each in shop.shown("orders")
        ),
        patience=120,
    )
    took = shop.now() - began
    await shop.settled(patience=3600)

    assert took < (shop.now() - began) / 2
    assert await shop.not_in_sync() == {}


async def asyncio_moment(shop: Syncing) -> None:
    """Until history is being written."""
    await shop.until(lambda: bool(shop.shown("products") or shop.shown("orders")))


@story()
async def test_the_quota_is_never_exceeded(shop: Syncing) -> None:
    refused: Counter[int] = Counter()

    def note(answer: httpx.Response) -> None:
        refused[answer.status_code] += 1

    shop.to_hubspot.after["/upsert"] = shop.to_hubspot.after["/create"] = (note, 0.0)
    shop.hubspot.quota.burst = 20
    for number in range(40):
        given.order(shop.store, lines=named("Mug"), email=f"c{number}@example.com")
    await shop.settled(patience=3600)

    assert refused[429] == 0
    assert len(shop.shown("orders")) == 40


@story()
async def test_one_bad_row_among_many_costs_its_neighbours_nothing(shop: Syncing) -> None:
    shop.hubspot.switches.rows_fail_batches = True
    shop.door.is_holding = True
    people = [given.customer(shop.store, email=f"c{number}@example.com") for number in range(60)]
    bad = given.customer(shop.store, email="nonsense@")
    await shop.scan(SHOP)
    await shop.settled(patience=600)

    assert len(shop.shown("contacts")) == len(people)
    assert await shop.standing("customers", bad) == ("failing", "INVALID_EMAIL")
    assert list(await shop.not_in_sync()) == [f"customers/{bad['id']}"]


def _one_currency(shop: Syncing) -> None:
    shop.hubspot.settings.rates.clear()


@story(_one_currency)
async def test_an_order_in_a_currency_the_account_lacks_is_there_and_says_so(
    shop: Syncing,
) -> None:
    dollars = next(s for s in shop.shopify.stores.values() if s.currency != "EUR")
    order = given.order(dollars, lines=named("Mug"))
    await shop.settled()

    shown = shop.only("orders")
    assert "hs_currency_code" not in shown
    assert dollars.currency in shown["shopify_currency_note"]
    assert "hs_line_item_currency_code" not in shop.only("line_items")
    assert await shop.standing("orders", order) == ("in_sync", "")


@story()
async def test_a_call_carried_out_after_it_was_given_up_and_repeated_does_not_stay(
    shop: Syncing,
) -> None:
    order = given.order(shop.store, lines=named("Mug"))
    await shop.settled()
    shop.strike("slow", path="*/orders/batch/update", applied=False, seconds=17.0)
    actions.change_order(shop.store, order["id"], note="first")
    await asyncio.sleep(16)
    assert shop.only("orders")["hs_order_note"] == "first", "repeated after its time was over"
    actions.change_order(shop.store, order["id"], note="second")
    await asyncio.sleep(0.5)
    assert shop.only("orders")["hs_order_note"] == "second"
    await asyncio.sleep(1)
    assert shop.only("orders")["hs_order_note"] == "first", "it came late"
    await shop.settled()

    assert shop.only("orders")["hs_order_note"] == "second"
    assert await shop.not_in_sync() == {}
