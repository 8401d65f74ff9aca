"""What people do in HubSpot, and how the sync takes it."""

from sandbox.shopify import actions, given
from services.shared.contract.keys import SourceKey
from services.shared.ledger import reporting
from services.shared.ledger.engine import statement
from tests.support.syncing import SHOP, Syncing, named, sorted_values, story


@story()
async def test_an_order_people_archived_is_excluded_and_not_made_again(shop: Syncing) -> None:
    order = given.order(shop.store, lines=named("Mug"))
    await shop.settled()
    shop.people.archive("orders", shop.only("orders")["hs_object_id"])
    for note in ("one", "two"):
        actions.change_order(shop.store, order["id"], note=note)
        await shop.settled()
        assert shop.shown("orders") == []
        assert await shop.standing("orders", order) == ("excluded", "archived_in_hubspot")


@story()
async def test_an_archived_order_that_people_restored_goes_on_when_asked_for(
    shop: Syncing,
) -> None:
    order = given.order(shop.store, lines=named("Mug"))
    await shop.settled()
    target = shop.only("orders")["hs_object_id"]
    shop.people.archive("orders", target)
    for note in ("one", "two"):
        actions.change_order(shop.store, order["id"], note=note)
        await shop.settled()
    shop.people.restore("orders", target)
    async with shop.ledger.transaction() as tx:
        await reporting.retry(tx, [SourceKey(SHOP, "orders", str(order["id"]))])
    await shop.settled()

    shown = shop.only("orders")
    assert (shown["hs_object_id"], shown["hs_order_note"]) == (target, "two")
    assert await shop.standing("orders", order) == ("in_sync", "")


@story()
async def test_a_contact_people_archived_is_excluded_and_not_made_again(shop: Syncing) -> None:
    ana = given.customer(shop.store, email="ana@example.com")
    await shop.settled()
    shop.people.archive("contacts", shop.only("contacts")["hs_object_id"])
    actions.change_customer(shop.store, ana["id"], first_name="Anna")
    await shop.settled()

    assert shop.shown("contacts") == []
    assert await shop.standing("customers", ana) == ("excluded", "archived_in_hubspot")


@story()
async def test_a_contact_made_anew_by_people_is_taken_in_place_of_the_archived_one(
    shop: Syncing,
) -> None:
    shop.hubspot.switches.archived_blocks_unique = False
    ana = given.customer(shop.store, email="ana@example.com")
    await shop.settled()
    shop.people.archive("contacts", shop.only("contacts")["hs_object_id"])
    anew = shop.people.create("contacts", {"email": "ana@example.com"})
    actions.change_customer(shop.store, ana["id"], first_name="Anna")
    await shop.settled()

    contact = shop.only("contacts")
    assert (contact["hs_object_id"], contact["firstname"]) == (anew["id"], "Anna")
    assert contact["shopify_customer_id"] == str(ana["id"])
    assert await shop.standing("customers", ana) == ("in_sync", "")


@story()
async def test_a_guest_whose_contact_people_archived_buys_without_one_and_is_not_asked_for_again(
    shop: Syncing,
) -> None:
    given.order(shop.store, lines=named("Mug"), email="guest@example.com", guest=True)
    await shop.settled()
    shop.people.archive("contacts", shop.only("contacts")["hs_object_id"])
    given.order(shop.store, lines=named("Cup"), email="guest@example.com", guest=True)
    await shop.passes(60)
    calls = len(shop.to_hubspot.requests)
    await shop.passes(3600)

    assert len(shop.shown("orders")) == 2
    assert shop.shown("contacts") == []
    assert len(shop.to_hubspot.requests) == calls, "what HubSpot refused is asked for again"
    async with shop.ledger.transaction() as tx:
        assert await tx.run(statement("SELECT * FROM links WHERE state <> 'done'")) == []


@story()
async def test_a_guest_gets_the_contact_that_people_made_in_place_of_an_archived_one(
    shop: Syncing,
) -> None:
    shop.hubspot.switches.archived_blocks_unique = False
    given.order(shop.store, lines=named("Mug"), email="guest@example.com", guest=True)
    await shop.settled()
    shop.people.archive("contacts", shop.only("contacts")["hs_object_id"])
    anew = shop.people.create("contacts", {"email": "guest@example.com"})
    order = given.order(shop.store, lines=named("Cup"), email="guest@example.com", guest=True)
    await shop.passes(700)

    target = str((await shop.row("orders", order))["target_id"])
    assert [*shop.hubspot.associations.of("orders", target, "contacts")] == [anew["id"]]
    assert await shop.not_in_sync() == {}


@story()
async def test_a_variant_people_archived_stays_away_and_its_siblings_go_on(shop: Syncing) -> None:
    product = given.product(shop.store, variants=2, title="Shirt")
    await shop.settled()
    first, second = shop.shown("products")
    shop.people.archive("products", first["hs_object_id"])
    actions.change_product(shop.store, product["id"], vendor="Another")
    await shop.settled()

    left = shop.only("products")
    assert (left["hs_object_id"], left["shopify_vendor"]) == (second["hs_object_id"], "Another")
    variant = {"id": first["shopify_variant_id"]}
    assert await shop.standing("variants", variant) == ("excluded", "archived_in_hubspot")


@story()
async def test_a_line_people_archived_before_it_named_its_product_leaves_no_link_open(
    shop: Syncing,
) -> None:
    product = given.product(shop.store, variants=1, title="Mug")
    variant = product["variants"][0]["id"]
    frozen = shop.strike("locked", path="*/line_items/batch/update", count=10_000, seconds=1)
    order = given.order(shop.store, lines=[{"variant_id": variant, "quantity": 1}])
    await shop.until(lambda: len(shop.shown("line_items")) == 1)
    shop.people.archive("line_items", shop.only("line_items")["hs_object_id"])
    shop.hubspot.faults.remove(frozen)
    await shop.settled()

    async with shop.ledger.transaction() as tx:
        assert await tx.run(statement("SELECT * FROM links WHERE state <> 'done'")) == []
    line = {"id": order["line_items"][0]["id"]}
    assert await shop.standing("line_items", line) == ("excluded", "archived_in_hubspot")


@story()
async def test_an_email_is_had_if_people_archived_the_contact_that_held_it(shop: Syncing) -> None:
    shop.hubspot.switches.archived_blocks_unique = False
    ana = given.customer(shop.store, email="ana@example.com")
    given.order(shop.store, lines=named("Mug"), email="ana.maria@example.com", guest=True)
    await shop.settled()
    held = [e for e in shop.shown("contacts") if e["email"] == "ana.maria@example.com"]
    shop.people.archive("contacts", held[0]["hs_object_id"])
    actions.change_customer(shop.store, ana["id"], email="ana.maria@example.com")
    await shop.settled()

    assert shop.only("contacts")["email"] == "ana.maria@example.com"
    assert await shop.standing("customers", ana) == ("in_sync", "")


@story()
async def test_an_email_moved_to_one_another_contact_holds_is_failing_and_names_both(
    shop: Syncing,
) -> None:
    ana = given.customer(shop.store, email="ana@example.com", first_name="Ana")
    await shop.settled()
    ours = shop.only("contacts")["hs_object_id"]
    holder = shop.people.create("contacts", {"email": "anna@example.com", "firstname": "Someone"})
    actions.change_customer(shop.store, ana["id"], email="anna@example.com", first_name="Annabel")
    await shop.settled()

    row = await shop.row("customers", ana)
    assert (row["status"], row["reason"]) == ("failing", "email_taken")
    assert ours in row["detail"]
    assert holder["id"] in row["detail"]
    shown = {each["email"]: each["firstname"] for each in shop.shown("contacts")}
    assert shown == {"ana@example.com": "Annabel", "anna@example.com": "Someone"}


@story()
async def test_a_line_people_took_out_is_not_put_back(shop: Syncing) -> None:
    order = given.order(shop.store, lines=named("Mug", "Lamp"))
    await shop.settled()
    mug = next(each for each in shop.shown("line_items") if each["name"] == "Mug")
    shop.people.archive("line_items", mug["hs_object_id"])
    line = next(each for each in order["line_items"] if each["title"] == "Mug")
    actions.edit_order(shop.store, order["id"], set_quantities={str(line["id"]): 3})
    await shop.settled()

    assert sorted_values(shop.shown("line_items"), "name") == ["Lamp"]
    assert await shop.standing("line_items", line) == ("excluded", "archived_in_hubspot")


@story()
async def test_values_people_changed_stay_until_shopify_changes_them(shop: Syncing) -> None:
    order = given.order(shop.store, lines=named("Mug"))
    await shop.settled()
    shown = shop.only("orders")
    shop.people.edit("orders", shown["hs_object_id"], {"hs_order_note": "ring twice"})
    actions.change_order(shop.store, order["id"], phone="+14165550123")
    await shop.settled()
    assert shop.only("orders")["hs_order_note"] == "ring twice"
    actions.change_order(shop.store, order["id"], note="leave it at the door")
    await shop.settled()

    assert shop.only("orders")["hs_order_note"] == "leave it at the door"
