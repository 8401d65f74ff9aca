"""Creating records where HubSpot takes no unique key of ours, and what was sent may be there."""

import asyncio
from functools import partial

import httpx
import pytest

from sandbox.hubspot.faults import Fault
from sandbox.shopify import actions, given
from tests.support.syncing import Scene, Syncing, named, sorted_values, story


def _no_unique_keys(shop: Syncing) -> None:
    shop.hubspot.switches.unique_properties = []


def _no_keys_as_ids(shop: Syncing) -> None:
    shop.hubspot.switches.custom_id_properties = []


def _everything(shop: Syncing) -> None:
    ana = given.customer(shop.store, email="ana@example.com")
    product = given.product(shop.store, variants=2)
    bought = [{"variant_id": product["variants"][0]["id"], "quantity": 1}]
    given.order(shop.store, lines=bought, customer=ana)
    given.checkout(shop.store, lines=named("Mug"), email="bob@example.com")


COUNTS = {"contacts": 2, "products": 2, "orders": 1, "carts": 1, "line_items": 2}


def counts(shop: Syncing) -> dict[str, int]:
    return {each: len(shop.shown(each)) for each in COUNTS}


async def _all_four(shop: Syncing) -> None:
    _everything(shop)
    await shop.passes(180)
    assert counts(shop) == COUNTS
    assert await shop.not_in_sync() == {}
    (order,) = shop.store.orders.values()
    actions.change_order(shop.store, order["id"], tags="changed", note="so")
    await shop.settled()
    assert shop.only("orders")["hs_tags"] == "changed"
    assert counts(shop) == COUNTS


test_an_account_without_unique_keys_gets_everything_once = story(_no_unique_keys)(_all_four)
test_an_account_that_refuses_our_keys_as_ids_gets_everything_once = story(_no_keys_as_ids)(
    _all_four
)


def _resets_after(path: str) -> Scene:
    async def scene(shop: Syncing) -> None:
        fault = shop.strike("reset", path, count=1)
        _everything(shop)
        await shop.passes(300)
        assert fault.count == 0, "the fault never struck"
        assert counts(shop) == COUNTS
        assert await shop.not_in_sync() == {}

    return scene


CALLS = (
    "*/contacts/batch/create",
    "*/products/batch/create",
    "*/orders/batch/create",
    "*/carts/batch/create",
    "*/line_items/batch/create",
    "*/associations/*/batch/*",
)
UPSERTS = ("*/products/batch/upsert", "*/orders/batch/upsert", "*/carts/batch/upsert")


@pytest.mark.parametrize("path", CALLS)
def test_a_reset_after_the_write_doubles_nothing_without_keys(path: str) -> None:
    story(_no_unique_keys)(_resets_after(path))()


@pytest.mark.parametrize("path", UPSERTS)
def test_a_reset_after_the_write_doubles_nothing_with_keys(path: str) -> None:
    story()(_resets_after(path))()


@story(_no_unique_keys)
async def test_creates_of_unknown_outcome_wait_for_one_shared_census(shop: Syncing) -> None:
    shop.strike("reset", "*/orders/batch/create", count=2)
    orders = [given.order(shop.store, lines=named("Mug")) for _ in range(3)]
    await shop.deliveries.idle()
    await shop.passes(5)
    waiting = [await shop.standing("orders", each) for each in orders]
    assert ("waiting", "census") in waiting
    before = len(_pages_of_orders(shop))
    await shop.passes(60)

    assert len(_pages_of_orders(shop)) - before <= 2
    assert len(shop.shown("orders")) == 3
    assert [await shop.standing("orders", each) for each in orders] == [("in_sync", "")] * 3


def _pages_of_orders(shop: Syncing) -> list[object]:
    calls = shop.to_hubspot.calls("/objects/2026-09/orders")
    return [each for each in calls if each.method == "GET"]


@story(_no_unique_keys)
async def test_a_create_that_never_arrived_is_repeated_after_the_census(shop: Syncing) -> None:
    shop.strike("reset", "*/orders/batch/create", count=1, applied=False)
    order = given.order(shop.store, lines=named("Mug"))
    await shop.passes(60)

    assert shop.only("orders")["hs_external_order_id"] == str(order["id"])
    assert await shop.not_in_sync() == {}


@story(_no_unique_keys)
async def test_a_killed_process_doubles_nothing_without_keys(shop: Syncing) -> None:
    given.order(shop.store, lines=named("Mug"))
    await shop.until(lambda: bool(shop.to_hubspot.calls("/orders/batch/create")))
    await shop.kill()
    shop.start()
    await shop.passes(120)

    assert len(shop.shown("orders")) == 1
    assert len(shop.shown("line_items")) == 1
    assert await shop.not_in_sync() == {}


@story(_no_unique_keys)
async def test_an_order_deleted_before_its_create_is_known_is_found_and_archived(
    shop: Syncing,
) -> None:
    shop.strike("reset", "*/orders/batch/create", count=1)
    order = given.order(shop.store, lines=named("Mug"))
    await shop.until(lambda: bool(shop.shown("orders")))
    actions.delete_order(shop.store, order["id"])
    await shop.passes(120)

    assert shop.shown("orders") == []
    assert await shop.standing("orders", order) == ("deleted", "")


@story()
async def test_a_contact_made_by_somebody_else_meanwhile_is_adopted_by_its_id(
    shop: Syncing,
) -> None:
    made: list[str] = []

    def first(request: object) -> None:
        if not made:
            made.append(shop.people.create("contacts", {"email": "ana@example.com"})["id"])

    shop.to_hubspot.before["/contacts/batch/create"] = first
    ana = given.customer(shop.store, email="ana@example.com")
    await shop.settled()

    contact = shop.only("contacts")
    assert contact["hs_object_id"] == made[0]
    assert contact["shopify_customer_id"] == str(ana["id"])
    assert await shop.standing("customers", ana) == ("in_sync", "")


def _small_schema(shop: Syncing) -> None:
    shop.hubspot.switches.custom_property_limit = 0
    shop.hubspot.schemas["orders"].remove("hs_tags")


@story(_small_schema)
async def test_what_the_schema_lacks_is_left_out(shop: Syncing) -> None:
    _everything(shop)
    await shop.passes(180)

    assert counts(shop) == COUNTS
    assert await shop.not_in_sync() == {}
    assert sorted_values(shop.shown("contacts"), "email") == ["ana@example.com", "bob@example.com"]
    assert "hs_tags" not in shop.only("orders")


def _dies_before_its_create_is_known(kind: str, call: str, *, arrives_late: bool) -> Scene:
    """Nobody heard of the create; it is applied before the record is deleted, or only after."""

    async def scene(shop: Syncing) -> None:
        sent: list[httpx.Request] = []
        shop.to_hubspot.before[call] = sent.append
        fault = shop.strike("reset", f"*{call}", applied=not arrives_late)
        shop.hubspot.faults.append(Fault(kind="status", path="*/batch/*", status=503))
        make, delete = _LIVES[kind]
        made = make(shop.store)
        await shop.until(lambda: fault.count == 0)
        delete(shop.store, made["id"])
        await asyncio.sleep(15)
        if arrives_late:
            shop.hubspot.faults.clear()
            await asyncio.sleep(2)
            await shop.to_hubspot.handle_async_request(sent[0])
        # While calls still fail, or at once: nobody may have archived it before this look.
        assert shop.shown(kind), "it was never created"
        shop.hubspot.faults.clear()
        await shop.passes(300)

        assert shop.shown(kind) == []
        assert await shop.standing(kind, made) == ("deleted", "")

    return scene


_LIVES = {
    "products": (partial(given.product, variants=2), actions.delete_product),
    "orders": (partial(given.order, guest=True), actions.delete_order),
}
_dies = _dies_before_its_create_is_known
_CREATE, _UPSERT = "/products/batch/create", "/products/batch/upsert"
test_a_keyless_product_that_was_created_unheard_of_is_archived = story(_no_unique_keys)(
    _dies("products", _CREATE, arrives_late=False)
)
test_a_keyless_product_created_after_its_deletion_is_archived = story(_no_unique_keys)(
    _dies("products", _CREATE, arrives_late=True)
)
test_a_keyed_product_that_was_created_unheard_of_is_archived = story()(
    _dies("products", _UPSERT, arrives_late=False)
)
test_a_keyed_product_created_after_its_deletion_is_archived = story()(
    _dies("products", _UPSERT, arrives_late=True)
)
test_an_order_created_after_its_deletion_is_archived = story()(
    _dies("orders", "/orders/batch/upsert", arrives_late=True)
)
