"""Whose contact an order is linked to, when that changes without any word of the order."""

from typing import Any

from sandbox.shopify import actions, given
from services.shared.ledger.engine import statement
from tests.support.syncing import Syncing, named, story


async def links(shop: Syncing) -> list[Any]:
    """What is wanted of variants."""
    async with shop.ledger.transaction() as tx:
        return list(await tx.run(statement("SELECT state FROM links WHERE to_kind = 'variants'")))


@story()
async def test_orders_of_a_customer_that_was_merged_go_over_to_the_other(shop: Syncing) -> None:
    kept = given.customer(shop.store, email="ana@example.com")
    gone = given.customer(shop.store, email="ana.old@example.com")
    given.order(shop.store, lines=named("Mug"), customer=gone)
    await shop.settled()
    assert shop.buyers() == ["ana.old@example.com"]
    actions.merge_customers(shop.store, kept["id"], gone["id"])
    await shop.settled()

    assert shop.buyers() == ["ana@example.com"]
    assert await shop.not_in_sync() == {}


@story()
async def test_a_customer_known_by_phone_gets_its_orders_with_its_email(shop: Syncing) -> None:
    bob = given.customer(shop.store, email=None, phone="+14165550100")
    given.order(shop.store, lines=named("Mug"), customer=bob, email=None)
    await shop.settled()
    assert shop.buyers() == []
    actions.change_customer(shop.store, bob["id"], email="bob@example.com")
    await shop.settled()

    assert shop.buyers() == ["bob@example.com"]
    assert await shop.not_in_sync() == {}


@story()
async def test_an_order_goes_from_the_contact_of_its_own_email_to_its_customers(
    shop: Syncing,
) -> None:
    bob = given.customer(shop.store, email=None, phone="+14165550100")
    given.order(shop.store, lines=named("Mug"), customer=bob, email="office@example.com")
    await shop.settled()
    assert shop.buyers() == ["office@example.com"]
    actions.change_customer(shop.store, bob["id"], email="bob@example.com")
    await shop.settled()

    assert shop.buyers() == ["bob@example.com"]


@story()
async def test_an_order_leaves_a_customer_whose_email_was_struck_out_for_its_own_email(
    shop: Syncing,
) -> None:
    bob = given.customer(shop.store, email="bob@example.com")
    given.order(shop.store, lines=named("Mug"), customer=bob, email="office@example.com")
    await shop.settled()
    assert shop.buyers() == ["bob@example.com"]
    actions.change_customer(shop.store, bob["id"], email=None)
    await shop.settled()

    assert shop.buyers() == ["office@example.com"]
    actions.change_customer(shop.store, bob["id"], email="robert@example.com")
    await shop.settled()

    assert shop.buyers() == ["robert@example.com"]


@story()
async def test_a_line_of_a_variant_that_its_product_has_no_more_leaves_no_link_open(
    shop: Syncing,
) -> None:
    shop.deliveries.faults.drop = 1.0
    product = given.product(shop.store, variants=2, title="Shirt")
    variant = product["variants"][0]["id"]
    shop.deliveries.faults.drop, shop.deliveries.faults.delay = 0.0, 1.0
    given.order(shop.store, lines=[{"variant_id": variant, "quantity": 1}])
    shop.deliveries.faults.delay = 0.0
    actions.delete_variant(shop.store, variant)
    await shop.passes(30)
    assert [each.state for each in await links(shop)] == ["pending"]
    await shop.passes(300)

    assert await links(shop) == []
    assert len(shop.shown("line_items")) == 1
    assert await shop.not_in_sync() == {}


@story()
async def test_a_guests_order_gets_a_contact_of_its_own_when_the_customers_is_renamed(
    shop: Syncing,
) -> None:
    given.order(shop.store, lines=named("Mug"), email="ana@example.com", guest=True)
    await shop.settled()
    ana = given.customer(shop.store, email="ana@example.com")
    await shop.settled()
    assert len(shop.shown("contacts")) == 1
    actions.change_customer(shop.store, ana["id"], email="ana.maria@example.com")
    await shop.settled()

    assert shop.buyers() == ["ana@example.com"]
    assert len(shop.shown("contacts")) == 2
    assert await shop.not_in_sync() == {}
