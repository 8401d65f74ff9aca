"""Products in Shopify, and what HubSpot shows of them: one product a variant."""

from sandbox.shopify import actions, given
from tests.support.syncing import Syncing, sorted_values, story


@story()
async def test_each_variant_is_a_product_of_its_own(shop: Syncing) -> None:
    product = given.product(shop.store, variants=3, title="Shirt")
    await shop.settled()

    ids = sorted(str(each["id"]) for each in product["variants"])
    assert sorted_values(shop.shown("products"), "shopify_variant_id") == ids
    assert await shop.not_in_sync() == {}


@story()
async def test_a_product_of_many_variants_is_whole(shop: Syncing) -> None:
    given.product(shop.store, variants=150)
    await shop.settled()

    assert len(shop.shown("products")) == 150


@story()
async def test_a_deleted_variant_leaves_and_a_new_one_comes(shop: Syncing) -> None:
    product = given.product(shop.store, variants=2, title="Shirt")
    await shop.settled()
    actions.delete_variant(shop.store, product["variants"][0]["id"])
    actions.add_variant(shop.store, product["id"], option1="Size 9", price="5.00", sku="S-9")
    await shop.settled()

    ids = sorted(str(each["id"]) for each in shop.store.products[product["id"]]["variants"])
    assert sorted_values(shop.shown("products"), "shopify_variant_id") == ids


@story()
async def test_a_deleted_product_leaves_with_all_of_its_variants(shop: Syncing) -> None:
    product = given.product(shop.store, variants=2)
    kept = given.product(shop.store, variants=1)
    await shop.settled()
    actions.delete_product(shop.store, product["id"])
    await shop.settled()

    (left,) = shop.shown("products")
    assert left["shopify_product_id"] == str(kept["id"])
    assert await shop.standing("products", product) == ("deleted", "")


@story()
async def test_a_changed_price_is_the_only_thing_written(shop: Syncing) -> None:
    product = given.product(shop.store, variants=2)
    await shop.settled()
    before = len(shop.to_hubspot.calls("/batch/update"))
    actions.change_variant(shop.store, product["variants"][0]["id"], price="99.00")
    await shop.settled()

    updates = shop.to_hubspot.calls("/batch/update")[before:]
    assert len(updates) == 1
    assert b'"price":"99.00"' in updates[0].content
    assert b"shopify_vendor" not in updates[0].content
