"""What cannot be done now waits by the record, for one cause, and holds up nobody else."""

import asyncio
from collections import Counter
from dataclasses import replace

import httpx

from sandbox.shopify import actions, given
from services.shared.contract.keys import SourceKey
from services.shared.ledger import causes, claims, sources, waits
from services.shared.ledger.causes import NewCause
from services.shared.ledger.waits import Wait
from tests.support.syncing import OTHER_SHOP, SHOP, Syncing, sorted_values, story


def named(*names: str) -> list[dict[str, object]]:
    return [{"title": name, "price": "10.00", "quantity": 1} for name in names]


async def open_reasons(shop: Syncing) -> list[tuple[str, str]]:
    async with shop.ledger.transaction() as tx:
        return [(each.shop, each.reason) for each in await causes.open_causes(tx)]


@story()
async def test_a_frozen_store_waits_for_one_cause_and_the_other_goes_on(shop: Syncing) -> None:
    shop.store.frozen = True
    ana = given.customer(shop.store, email="ana@example.com")
    bob = given.customer(shop.store, email="bob@example.com")
    eve = given.customer(shop.other_store, email="eve@example.com")
    await shop.settled()

    assert await shop.standing("customers", ana) == ("waiting", "store_frozen")
    assert await shop.standing("customers", bob) == ("waiting", "store_frozen")
    assert await shop.standing("customers", eve) == ("in_sync", "")
    assert await open_reasons(shop) == [(SHOP, "store_frozen")]
    shop.store.frozen = False
    await shop.passes(90)

    assert await open_reasons(shop) == []
    assert await shop.not_in_sync() == {}
    assert len(shop.shown("contacts")) == 3


@story()
async def test_credentials_a_store_refuses_wait_until_they_are_taken_again(shop: Syncing) -> None:
    shop.store.credentials_permitted = False
    shop.store.tokens.clear()
    ana = given.customer(shop.store, email="ana@example.com")
    await shop.settled()
    assert await shop.standing("customers", ana) == ("waiting", "credentials_refused")
    shop.store.credentials_permitted = True
    await shop.passes(90)

    assert await shop.not_in_sync() == {}


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
    assert await open_reasons(shop) == [("*", "scope_missing")]
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
        await waits.wait(
            tx, [Wait(key=SourceKey(SHOP, "orders", str(order["id"])), reason="retry")]
        )
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
            await waits.wait(tx, [replace(wait, body=body)])

    def find_it_busy_once(_: httpx.Response) -> None:
        if not elsewhere:
            elsewhere.append(asyncio.create_task(put_off(b'{"landing_site":"/sale"}')))

    shop.to_shopify.after["/graphql.json"] = (find_it_busy_once, 1.0)
    await put_off(None)
    await shop.passes(5)

    assert elsewhere, "the order was never read"
    assert shop.only("orders")["hs_landing_site"] == "/sale"


@story()
async def test_records_a_store_did_not_let_us_read_are_read_once_it_grants_the_scope(
    shop: Syncing,
) -> None:
    scopes = shop.store.scopes
    shop.store.scopes = tuple(each for each in scopes if each != "read_customers")
    ana = given.customer(shop.store, email="ana@example.com")
    await shop.settled()
    assert await shop.standing("customers", ana) == ("excluded", "unreadable_in_shopify")
    actions.change_scopes(shop.store, scopes)
    await shop.settled()

    assert await shop.standing("customers", ana) == ("in_sync", "")
    assert shop.only("contacts")["email"] == "ana@example.com"


@story()
async def test_what_waits_for_a_scope_is_tried_as_soon_as_scopes_change(shop: Syncing) -> None:
    ana = given.customer(shop.store, email="ana@example.com")
    await shop.settled()
    in_an_hour = 3_600_000
    async with shop.ledger.transaction() as tx:
        for name in (SHOP, OTHER_SHOP):
            denied = NewCause(shop=name, object_type="customers", reason="access_denied")
            cause_id = await causes.raise_cause(tx, denied, in_an_hour)
            key = SourceKey(name, "customers", str(ana["id"]))
            await waits.wait(tx, [Wait(key=key, reason=denied.reason, cause_id=cause_id)])
    actions.change_scopes(shop.store, shop.store.scopes)
    await shop.settled()

    assert await open_reasons(shop) == [(OTHER_SHOP, "access_denied")]
    async with shop.ledger.transaction() as tx:
        rows = await sources.look(tx, [SourceKey(SHOP, "customers", str(ana["id"]))])
    assert [each.status for each in rows.values()] == ["in_sync"]


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
async def test_an_uninstalled_store_is_switched_off_only_when_its_token_is_refused(
    shop: Syncing,
) -> None:
    actions.uninstall(shop.other_store)
    await shop.passes(10)

    assert shop.connections.active_shops() == [SHOP]
    assert OTHER_SHOP not in shop.connections.active_shops()
