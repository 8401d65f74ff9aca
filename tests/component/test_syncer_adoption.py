"""What stands in HubSpot before us is adopted where it can be told, and never doubled."""

from collections.abc import Mapping

from sandbox.shopify import actions, given
from services.shared.ledger.engine import statement
from tests.support.syncing import OTHER_SHOP, SHOP, Syncing, named, sorted_values, story

_NATIVE_ORDERS = statement("SELECT count(*) AS number FROM identities WHERE kind = 'native:orders'")


def shirts(*skus: str) -> list[dict[str, object]]:
    return [
        {"price": "5.00", "sku": sku, "option1": f"Size {number}"}
        for number, sku in enumerate(skus)
    ]


def native_product(shop: Syncing, sku: str, **more: str) -> str:
    made = shop.people.native("products", {"name": "Shirt", "price": "1.00", "hs_sku": sku, **more})
    return str(made["id"])


def _one_shirt(shop: Syncing) -> None:
    shop.door.is_holding = True
    native_product(shop, "S-1", description="As people wrote it")
    given.product(shop.store, variants=shirts("S-1", "S-2"), title="Shirt")


@story(_one_shirt)
async def test_a_product_without_our_key_is_adopted_by_its_sku(shop: Syncing) -> None:
    (before,) = [each["hs_object_id"] for each in shop.shown("products")]
    await scanned(shop)

    adopted = [each for each in shop.shown("products") if each["hs_sku"] == "S-1"]
    assert [each["hs_object_id"] for each in adopted] == [before]
    assert adopted[0]["shopify_variant_id"]
    assert sorted_values(shop.shown("products"), "hs_sku") == ["S-1", "S-2"]
    assert await shop.not_in_sync() == {}


@story(_one_shirt)
async def test_nothing_is_adopted_by_sku_before_every_store_has_been_read(shop: Syncing) -> None:
    await shop.scan(SHOP)
    await shop.passes(60)
    waiting = [each for each in (await shop.standings()).values() if each[0] == "waiting"]
    assert waiting == [("waiting", "skus_unknown")]
    await shop.scan(OTHER_SHOP)
    await shop.passes(60)

    assert await shop.not_in_sync() == {}
    assert len(shop.shown("products")) == 2


def _two_claims(shop: Syncing) -> None:
    shop.door.is_holding = True
    native_product(shop, "S-1")
    given.product(shop.store, variants=shirts("S-1"), title="Shirt")
    given.product(shop.other_store, variants=shirts("S-1"), title="Shirt")


@story(_two_claims)
async def test_a_sku_that_two_stores_claim_adopts_nothing_and_that_is_said(shop: Syncing) -> None:
    (before,) = [each["hs_object_id"] for each in shop.shown("products")]
    await scanned(shop)

    assert len(shop.shown("products")) == 3
    (untouched,) = [e for e in shop.shown("products") if e["hs_object_id"] == before]
    assert "shopify_sync_key" not in untouched
    said = [each for key, each in (await shop.standings()).items() if key.startswith("products/")]
    assert said == [("in_sync", "sku_not_unique")] * 2


def _two_holders(shop: Syncing) -> None:
    native_product(shop, "S-1")
    native_product(shop, "S-1")
    given.product(shop.store, variants=shirts("S-1"), title="Shirt")


@story(_two_holders)
async def test_a_sku_that_two_hubspot_products_have_adopts_neither_and_that_is_said(
    shop: Syncing,
) -> None:
    await scanned(shop)

    assert len(shop.shown("products")) == 3
    assert ("in_sync", "sku_not_unique") in (await shop.standings()).values()


def _unique_skus(shop: Syncing) -> None:
    shop.hubspot.schemas["products"].redefine("hs_sku", unique=True)
    shop.hubspot.records["products"].index("hs_sku")


@story(_unique_skus)
async def test_a_sku_refused_as_taken_leads_to_adoption_of_who_has_it(shop: Syncing) -> None:
    before = native_product(shop, "S-1")
    given.product(shop.store, variants=shirts("S-1", "S-2"), title="Shirt")
    await shop.settled()

    found = {each["hs_sku"]: each["hs_object_id"] for each in shop.shown("products")}
    assert found["S-1"] == before
    assert len(shop.shown("products")) == 2
    assert await shop.not_in_sync() == {}


@story(_unique_skus)
async def test_a_sku_two_variants_claim_is_failing_for_the_second_and_names_the_first(
    shop: Syncing,
) -> None:
    given.product(shop.store, variants=shirts("S-1"), title="Shirt")
    await shop.settled()
    second = given.product(shop.other_store, variants=shirts("S-1"), title="Shirt")
    await shop.settled()

    holder = shop.only("products")["hs_object_id"]
    assert await shop.standing("products", second) == ("failing", "sku_taken")
    assert holder in (await shop.row("products", second))["detail"]
    calls = len(shop.to_hubspot.requests)
    await shop.passes(600)
    assert len(shop.to_hubspot.requests) == calls, "a refusal is not tried again by itself"


@story(_unique_skus)
async def test_a_sku_changed_to_a_taken_one_is_failing_and_the_other_values_are_written(
    shop: Syncing,
) -> None:
    one = given.product(shop.store, variants=shirts("S-1"), title="Shirt")
    given.product(shop.store, variants=shirts("S-2"), title="Mug")
    await shop.settled()
    actions.change_variant(shop.store, one["variants"][0]["id"], sku="S-2", price="77.00")
    await shop.settled()

    assert await shop.standing("products", one) == ("failing", "sku_taken")
    prices = {each["hs_sku"]: each["price"] for each in shop.shown("products")}
    assert prices["S-1"] == "77.00"


def native_order(shop: Syncing, order: Mapping[str, object], *lines: dict[str, str]) -> str:
    made = shop.people.native(
        "orders",
        {"hs_external_order_id": str(order["id"]), "hs_source_store": SHOP, "hs_order_name": "#1"},
    )
    for each in lines:
        shop.people.add_line_item(made["id"], each)
    return str(made["id"])


def _native_orders(shop: Syncing) -> None:
    shop.door.is_holding = True
    goods = [*named("Mug", sku="M-1"), *named("Lamp", sku="L-1")]
    order = given.order(shop.store, lines=goods)
    native_order(
        shop,
        order,
        {"name": "Mug", "hs_sku": "M-1", "quantity": "1", "price": "10"},
        {"name": "Lamp", "hs_sku": "L-1", "quantity": "1", "price": "10.00"},
        {"name": "Gift wrap", "quantity": "1", "price": "2"},
    )


@story(_native_orders)
async def test_an_order_and_its_lines_are_adopted_and_peoples_lines_stay(shop: Syncing) -> None:
    before = {each["hs_object_id"] for each in shop.shown("line_items")}
    order_id = shop.only("orders")["hs_object_id"]
    await scanned(shop)

    assert shop.only("orders")["hs_object_id"] == order_id
    assert {each["hs_object_id"] for each in shop.shown("line_items")} == before
    keyed = {each["name"] for each in shop.shown("line_items") if "shopify_sync_key" in each}
    assert keyed == {"Mug", "Lamp"}
    assert await shop.not_in_sync() == {}


def _ambiguous_order(shop: Syncing) -> None:
    shop.door.is_holding = True
    order = given.order(shop.store, lines=named("Mug", "Mug"))
    mug = {"name": "Mug", "quantity": "1", "price": "10"}
    native_order(shop, order, mug, dict(mug))


@story(_ambiguous_order)
async def test_lines_that_cannot_be_told_apart_adopt_nothing_and_are_failing(
    shop: Syncing,
) -> None:
    before = shop.shown("line_items")
    await scanned(shop)

    (order,) = shop.store.orders.values()
    assert await shop.standing("orders", order) == ("failing", "ambiguous_lines")
    assert shop.shown("line_items") == before
    actions.change_order(shop.store, order["id"], note="again")
    await scanned(shop)
    assert shop.shown("line_items") == before
    assert await shop.standing("orders", order) == ("failing", "ambiguous_lines")


def _native_cart(shop: Syncing) -> None:
    checkout = given.checkout(shop.store, lines=named("Mug"), email="ana@example.com")
    shop.people.native(
        "carts", {"hs_external_cart_id": str(checkout["id"]), "hs_source_store": SHOP}
    )


@story(_native_cart)
async def test_a_cart_is_adopted_by_its_native_key(shop: Syncing) -> None:
    before = shop.only("carts")["hs_object_id"]
    await shop.passes(180)

    assert shop.only("carts")["hs_object_id"] == before
    assert shop.only("carts")["shopify_sync_key"]


def _many_orders(shop: Syncing) -> None:
    for number in range(250):
        shop.people.native("orders", {"hs_external_order_id": str(number), "hs_source_store": SHOP})
    # The third page does not come for longer than anybody is patient.
    shop.strike("status", "*/objects/*/orders", method="GET", skip=2, count=5, status=503)


def census_pages(shop: Syncing) -> list[str]:
    """From where each page of orders was read, oldest request first."""
    return [
        request.url.params.get("after", "")
        for request in shop.to_hubspot.calls("/objects/2026-09/orders")
        if request.method == "GET"
    ]


@story(_many_orders)
async def test_a_census_that_meets_errors_reads_every_page(shop: Syncing) -> None:
    async with shop.ledger.transaction() as tx:
        found = await tx.run(_NATIVE_ORDERS)
    assert found[0].number == 250
    assert len(census_pages(shop)) > 3


@story(_many_orders, begun=False)
async def test_a_census_goes_on_where_it_was_when_the_process_was_killed(shop: Syncing) -> None:
    await shop.until(lambda: len(census_pages(shop)) == 3)
    await shop.kill()
    shop.start()
    await shop.settled()

    assert census_pages(shop).count("") == 1, "the first page is read once"
    async with shop.ledger.transaction() as tx:
        found = await tx.run(_NATIVE_ORDERS)
    assert found[0].number == 250


async def scanned(shop: Syncing) -> None:
    shop.door.is_holding = True
    for each in shop.shopify.stores:
        await shop.scan(each)
    await shop.passes(40)
