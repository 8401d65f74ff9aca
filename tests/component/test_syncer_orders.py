"""Orders in Shopify, and what HubSpot shows of them."""

import asyncio

from sandbox.shopify import actions, given
from sandbox.shopify.model import Record
from tests.support.syncing import Syncing, named, sorted_values, story

CANCELLED = "3c85a297-e9ce-400b-b42e-9f16853d69d6"
OPEN = "4b27b500-f031-4927-9811-68a0b525cbae"
PROCESSED = "937ea84d-0a4f-4dcf-9028-3f9c2aafbf03"
SHIPPED = "aa99e8d0-c1d5-4071-b915-d240bbb1aed9"
DELIVERED = "3725360f-519b-4b18-a593-494d60a29c9f"


def line(order: Record, title: str) -> str:
    return next(str(each["id"]) for each in order["line_items"] if each["title"] == title)


@story()
async def test_an_order_brings_its_lines_and_its_customer(shop: Syncing) -> None:
    ana = given.customer(shop.store, email="ana@example.com")
    order = given.order(shop.store, lines=2, customer=ana)
    await shop.settled()

    shown = shop.only("orders")
    assert shown["hs_external_order_id"] == str(order["id"])
    lines = shop.linked("orders", shown["hs_object_id"], "line_items")
    assert lines == {each["hs_object_id"] for each in shop.shown("line_items")}
    assert len(lines) == len(order["line_items"])
    contact = shop.only("contacts")
    assert contact["email"] == "ana@example.com"
    assert shop.linked("orders", shown["hs_object_id"], "contacts") == {contact["hs_object_id"]}
    assert await shop.not_in_sync() == {}


@story()
async def test_a_line_names_the_product_it_is_of_whichever_came_first(shop: Syncing) -> None:
    shop.door.is_holding = True
    product = given.product(shop.store, variants=2)
    chosen = product["variants"][1]
    given.order(shop.store, lines=[{"variant_id": chosen["id"], "quantity": 1}])
    await shop.deliveries.idle()
    shop.door.is_holding = False
    await shop.door.deliver(shop.door.of("orders/create")[0])
    await shop.settled()
    await shop.door.deliver(shop.door.of("products/create")[0])
    await shop.settled()

    products = {each["shopify_variant_id"]: each["hs_object_id"] for each in shop.shown("products")}
    assert shop.only("line_items")["hs_product_id"] == products[str(chosen["id"])]


@story()
async def test_an_order_before_its_customer_is_linked_when_the_customer_comes(
    shop: Syncing,
) -> None:
    shop.door.is_holding = True
    ana = given.customer(shop.store, email="ana@example.com")
    given.order(shop.store, lines=named("Mug"), customer=ana)
    await shop.deliveries.idle()
    shop.door.is_holding = False
    await shop.door.deliver(shop.door.of("orders/create")[0])
    await shop.settled()

    order, contact = shop.only("orders"), shop.only("contacts")
    assert contact["email"] == "ana@example.com"
    assert shop.linked("orders", order["hs_object_id"], "contacts") == {contact["hs_object_id"]}
    assert await shop.not_in_sync() == {}


@story()
async def test_a_guest_becomes_a_contact_by_email(shop: Syncing) -> None:
    given.order(shop.store, lines=named("Mug"), guest=True, email="Guest@Example.com")
    await shop.settled()

    order, contact = shop.only("orders"), shop.only("contacts")
    assert contact["email"] == "guest@example.com"
    assert shop.linked("orders", order["hs_object_id"], "contacts") == {contact["hs_object_id"]}


def _known_guest(shop: Syncing) -> None:
    shop.people.create("contacts", {"email": "guest@example.com", "firstname": "Gustav"})


@story(_known_guest)
async def test_a_guest_never_changes_a_contact_that_is_there(shop: Syncing) -> None:
    given.order(shop.store, lines=named("Mug"), guest=True, email="guest@example.com")
    await shop.settled()

    contact = shop.only("contacts")
    assert contact["firstname"] == "Gustav"
    assert "shopify_sync_key" not in contact
    order = shop.only("orders")
    assert shop.linked("orders", order["hs_object_id"], "contacts") == {contact["hs_object_id"]}


@story()
async def test_an_order_without_any_email_stands_without_a_contact(shop: Syncing) -> None:
    order = given.order(shop.store, lines=named("Mug"), guest=True)
    await shop.settled()

    assert shop.shown("contacts") == []
    assert shop.only("orders")["hs_external_order_id"] == str(order["id"])
    assert await shop.standing("orders", order) == ("in_sync", "without_contact")


@story()
async def test_the_stage_follows_what_happens_to_an_order(shop: Syncing) -> None:
    stages: list[str] = []

    async def note() -> None:
        await shop.settled()
        stages.append(shop.only("orders")["hs_pipeline_stage"])

    order = given.order(shop.store, lines=named("Mug", "Lamp"), payment="pending")
    await note()
    actions.capture(shop.store, order["id"])
    await note()
    shipment = actions.fulfil(shop.store, order["id"])
    await note()
    actions.track(shop.store, order["id"], shipment["fulfillments"][-1]["id"], "delivered")
    await note()

    assert stages == [OPEN, PROCESSED, SHIPPED, DELIVERED]


@story()
async def test_a_cancelled_order_is_shown_cancelled_with_its_reason(shop: Syncing) -> None:
    order = given.order(shop.store, lines=named("Mug"))
    await shop.settled()
    actions.cancel(shop.store, order["id"], "fraud")
    await shop.settled()

    shown = shop.only("orders")
    assert shown["hs_pipeline_stage"] == CANCELLED
    assert shown["hs_cancellation_reason"] == "Fraudulent order"
    assert shown["hs_external_canceled_date"]


@story()
async def test_a_refund_shows_what_was_given_back(shop: Syncing) -> None:
    order = given.order(shop.store, lines=named("Mug", "Lamp"))
    await shop.settled()
    actions.refund(shop.store, order["id"], amount="4.00")
    await shop.settled()

    shown = shop.only("orders")
    assert float(shown["hs_refund_amount"]) == 4
    assert shown["hs_payment_status"] == "Partially refunded"


@story()
async def test_an_edited_order_shows_its_lines_as_they_are_now(shop: Syncing) -> None:
    order = given.order(shop.store, lines=named("Mug", "Lamp", "Scarf"))
    await shop.settled()
    actions.edit_order(
        shop.store,
        order["id"],
        add=named("Kettle"),
        set_quantities={line(order, "Mug"): 0, line(order, "Lamp"): 3},
    )
    await shop.settled()

    shown = {each["name"]: each["quantity"] for each in shop.shown("line_items")}
    assert shown == {"Lamp": "3", "Scarf": "1", "Kettle": "1"}
    order_id = shop.only("orders")["hs_object_id"]
    assert len(shop.linked("orders", order_id, "line_items")) == 3


@story()
async def test_a_line_that_could_not_be_taken_out_is_taken_out_later(shop: Syncing) -> None:
    order = given.order(shop.store, lines=named("Mug", "Lamp"))
    await shop.settled()
    out_of_order = shop.strike("migrating", "*/line_items/batch/archive", seconds=60.0)
    actions.cancel(shop.store, order["id"], "fraud")
    await shop.until(lambda: out_of_order.count == 0)
    await asyncio.sleep(1)
    assert await shop.standing("orders", order) == ("waiting", "account_migrating")
    await shop.passes(90)

    assert shop.shown("line_items") == []
    assert await shop.standing("orders", order) == ("in_sync", "")


@story()
async def test_lines_that_people_added_stay_when_ours_are_removed(shop: Syncing) -> None:
    order = given.order(shop.store, lines=named("Mug", "Lamp"))
    await shop.settled()
    shop.people.add_line_item(
        shop.only("orders")["hs_object_id"], {"name": "Gift wrap", "quantity": "1", "price": "2"}
    )
    actions.edit_order(shop.store, order["id"], set_quantities={line(order, "Mug"): 0})
    await shop.settled()

    assert sorted_values(shop.shown("line_items"), "name") == ["Gift wrap", "Lamp"]


@story()
async def test_a_deleted_order_leaves_hubspot_with_its_lines_and_its_contact_stays(
    shop: Syncing,
) -> None:
    order = given.order(shop.store, lines=named("Mug", "Lamp"), email="ana@example.com")
    await shop.settled()
    actions.delete_order(shop.store, order["id"])
    await shop.settled()

    assert shop.shown("orders") == []
    assert shop.shown("line_items") == []
    assert shop.only("contacts")["email"] == "ana@example.com"
    assert await shop.standing("orders", order) == ("deleted", "")


@story()
async def test_an_order_of_many_lines_is_whole(shop: Syncing) -> None:
    order = given.order(shop.store, lines=named(*(f"Thing {n}" for n in range(130))))
    await shop.settled()

    assert len(shop.shown("line_items")) == 130
    order_id = shop.only("orders")["hs_object_id"]
    assert len(shop.linked("orders", order_id, "line_items")) == 130
    assert await shop.standing("orders", order) == ("in_sync", "")


@story()
async def test_one_refused_order_is_failing_and_its_neighbours_are_in_sync(shop: Syncing) -> None:
    shop.hubspot.switches.required_when = {
        "orders": [["hs_order_name", "#1002", "hs_referring_site"]]
    }
    orders = [given.order(shop.store, lines=named("Mug")) for _ in range(3)]
    await shop.settled()

    refused = [await shop.standing("orders", each) for each in orders]
    assert [status for status, _ in refused].count("in_sync") == 2
    assert ("failing", "MISSING_CONDITIONAL_REQUIRED_PROPERTY") in refused
    assert len(shop.shown("orders")) == 2


@story()
async def test_a_line_in_a_currency_the_account_lacks_is_left_in_it_and_said(
    shop: Syncing,
) -> None:
    order = given.order(shop.store, lines=named("Mug"))
    await shop.settled()

    assert await shop.standing("orders", order) == ("in_sync", "")
    assert "hs_currency_code" in shop.only("orders")


@story()
async def test_two_stores_with_one_order_number_are_two_orders(shop: Syncing) -> None:
    given.order(shop.store, lines=named("Mug"))
    given.order(shop.other_store, lines=named("Mug"))
    await shop.settled()

    assert len(set(sorted_values(shop.shown("orders"), "hs_source_store"))) == 2
    assert len(set(sorted_values(shop.shown("orders"), "shopify_sync_key"))) == 2


@story()
async def test_a_row_that_hubspot_stumbles_over_is_written_again(shop: Syncing) -> None:
    shop.strike("errors", "*/orders/batch/upsert")
    given.order(shop.store)
    await shop.settled()

    assert len(shop.shown("orders")) == 1
    assert await shop.not_in_sync() == {}
