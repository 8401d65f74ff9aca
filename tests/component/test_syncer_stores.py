"""Stores that are frozen, refuse us, grant a scope or are uninstalled."""

import asyncio

from sandbox.shopify import actions, given
from services.shared.contract.keys import SourceKey
from services.shared.ledger import causes, sources, waits
from services.shared.ledger.causes import NewCause
from services.shared.ledger.waits import Wait
from tests.support.ledgers import open_reasons
from tests.support.syncing import OTHER_SHOP, SHOP, Syncing, story


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
    assert await open_reasons(shop.ledger) == [(SHOP, "store_frozen")]
    shop.store.frozen = False
    await shop.passes(90)

    assert await open_reasons(shop.ledger) == []
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

    assert await open_reasons(shop.ledger) == [(OTHER_SHOP, "access_denied")]
    async with shop.ledger.transaction() as tx:
        rows = await sources.look(tx, [SourceKey(SHOP, "customers", str(ana["id"]))])
    assert [each.status for each in rows.values()] == ["in_sync"]


@story()
async def test_an_uninstalled_store_is_switched_off_once_its_token_is_refused(
    shop: Syncing,
) -> None:
    actions.uninstall(shop.other_store)
    await shop.passes(10)

    assert shop.connections.active_shops() == [SHOP]


@story()
async def test_an_uninstall_that_only_a_header_claims_is_not_believed(shop: Syncing) -> None:
    given.customer(shop.other_store, email="eve@example.com")
    await shop.settled()
    asked = len(shop.to_shopify.requests)
    claim = shop.door.of("customers/create")[-1]
    claim.headers["x-shopify-topic"] = "app/uninstalled"
    await shop.door.deliver(claim)
    await shop.passes(10)

    assert len(shop.to_shopify.requests) > asked, "the store was not asked"
    assert set(shop.connections.active_shops()) == {SHOP, OTHER_SHOP}


@story()
async def test_an_uninstall_that_cannot_be_confirmed_now_is_confirmed_later(
    shop: Syncing,
) -> None:
    shop.to_shopify.is_cut = True
    actions.uninstall(shop.other_store)
    await asyncio.sleep(30)
    assert OTHER_SHOP in shop.connections.active_shops()

    shop.to_shopify.is_cut = False

    await shop.until(lambda: OTHER_SHOP not in shop.connections.active_shops())
