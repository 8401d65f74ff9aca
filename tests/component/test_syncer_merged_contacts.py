"""Contacts that people merge in HubSpot, and the customers, guests and orders behind them."""

from sandbox.shopify import actions, given
from sandbox.shopify.model import Record
from services.shared.contract.keys import SourceKey
from services.shared.ledger import reporting
from tests.support.syncing import SHOP, Syncing, named, story


async def merge_contacts_of(shop: Syncing, one: Record, other: Record) -> None:
    """People merge the contacts of two customers into that of the first."""
    ids = [str((await shop.row("customers", each))["target_id"]) for each in (one, other)]
    shop.people.merge("contacts", *ids)


@story()
async def test_merged_contacts_are_followed(shop: Syncing) -> None:
    shop.hubspot.switches.merge_makes_new_id = True
    ana = given.customer(shop.store, email="ana@example.com")
    await shop.settled()
    other = shop.people.create("contacts", {"email": "ana@home.example"})
    before = await shop.row("customers", ana)
    shop.people.merge("contacts", other["id"], str(before["target_id"]))
    actions.change_customer(shop.store, ana["id"], first_name="Anna")
    await shop.settled()

    contact = shop.only("contacts")
    assert contact["firstname"] == "Anna"
    assert (await shop.row("customers", ana))["target_id"] == contact["hs_object_id"]
    assert await shop.standing("customers", ana) == ("in_sync", "")


@story()
async def test_two_customers_whose_contacts_people_merged_share_the_one_that_is_left(
    shop: Syncing,
) -> None:
    ana = given.customer(shop.store, email="ana@example.com", first_name="Ana")
    await shop.passes(10)
    anna = given.customer(shop.other_store, email="anna@example.com", first_name="Anna")
    await shop.settled()
    one, two = (each["hs_object_id"] for each in shop.shown("contacts"))
    shop.people.merge("contacts", one, two)
    actions.change_customer(shop.other_store, anna["id"], first_name="Annabel")
    await shop.passes(60)

    assert shop.only("contacts")["firstname"] == "Annabel"
    for each in (ana, anna):
        assert (await shop.row("customers", each))["target_id"] == one


@story()
async def test_an_email_that_changes_leaves_a_merged_contact_to_the_customer_whose_email_it_shows(
    shop: Syncing,
) -> None:
    shop.hubspot.switches.merge_makes_new_id = True
    ana = given.customer(shop.store, email="ana@example.com", first_name="Ana")
    bob = given.customer(shop.other_store, email="bob@example.com", first_name="Bob")
    given.order(shop.other_store, lines=named("Mug"), customer=bob)
    await shop.settled()
    await merge_contacts_of(shop, ana, bob)
    actions.change_customer(shop.other_store, bob["id"], email="robert@example.com")
    await shop.settled()

    shown = {each["email"]: each for each in shop.shown("contacts")}
    assert {email: each["firstname"] for email, each in shown.items()} == {
        "ana@example.com": "Ana",
        "robert@example.com": "Bob",
    }
    assert shown["ana@example.com"]["shopify_customer_id"] == str(ana["id"])
    assert shop.buyers() == ["robert@example.com"]
    assert await shop.not_in_sync() == {}


@story()
async def test_an_email_that_is_taken_is_left_to_its_contact_by_one_whose_own_people_merged(
    shop: Syncing,
) -> None:
    shop.hubspot.switches.merge_makes_new_id = True
    ana = given.customer(shop.store, email="ana@example.com", first_name="Ana")
    anna = given.customer(shop.other_store, email="anna@example.com", first_name="Anna")
    bob = given.customer(shop.store, email="bob@example.com", first_name="Bob")
    await shop.settled()
    await merge_contacts_of(shop, ana, anna)
    actions.change_customer(shop.other_store, anna["id"], note="Called")
    await shop.settled()
    actions.change_customer(shop.store, bob["id"], email=None)
    await shop.settled()
    actions.change_customer(shop.store, ana["id"], email="bob@example.com")
    await shop.settled()

    shown = {each["email"]: each["firstname"] for each in shop.shown("contacts")}
    assert shown == {"ana@example.com": "Anna", "bob@example.com": "Ana"}
    assert await shop.standing("customers", ana) == ("in_sync", "")


@story()
async def test_two_contacts_that_people_merged_as_they_were_told_fail_no_more(
    shop: Syncing,
) -> None:
    ana = given.customer(shop.store, email="ana@example.com", first_name="Ana")
    await shop.settled()
    held = shop.people.create("contacts", {"email": "ana.maria@example.com"})
    actions.change_customer(shop.store, ana["id"], email="ana.maria@example.com")
    await shop.settled()
    assert await shop.standing("customers", ana) == ("failing", "email_taken")
    own = str((await shop.row("customers", ana))["target_id"])
    shop.people.merge("contacts", own, held["id"])
    async with shop.ledger.transaction() as tx:
        await reporting.retry(tx, [SourceKey(SHOP, "customers", str(ana["id"]))])
    await shop.settled()

    contact = shop.only("contacts")
    assert (contact["hs_object_id"], contact["firstname"]) == (own, "Ana")
    assert contact["hs_additional_emails"] == "ana.maria@example.com"
    assert await shop.standing("customers", ana) == ("in_sync", "")


@story()
async def test_a_guest_whose_contact_people_merged_with_a_customers_holds_no_other_guest_up(
    shop: Syncing,
) -> None:
    shop.hubspot.switches.merge_makes_new_id = True
    ana = given.customer(shop.store, email="ana@example.com")
    given.order(shop.store, lines=named("Mug"), email="guest@example.com", guest=True)
    await shop.settled()
    by_email = {each["email"]: each["hs_object_id"] for each in shop.shown("contacts")}
    shop.people.merge("contacts", by_email["guest@example.com"], by_email["ana@example.com"])
    actions.change_customer(shop.store, ana["id"], first_name="Anna")
    await shop.settled()
    given.order(shop.store, lines=named("Cup"), email="other@example.com", guest=True)
    await shop.settled()

    assert {each["email"] for each in shop.shown("contacts")} == {
        "guest@example.com",
        "other@example.com",
    }
    assert await shop.not_in_sync() == {}


@story()
async def test_an_order_leaves_the_contact_that_its_own_was_merged_into(shop: Syncing) -> None:
    shop.hubspot.switches.merge_makes_new_id = True
    ana = given.customer(shop.store, email="ana@example.com")
    bob = given.customer(shop.store, email="bob@example.com")
    given.order(shop.store, lines=named("Mug"), customer=bob, email="office@example.com")
    await shop.settled()
    await merge_contacts_of(shop, ana, bob)
    actions.change_customer(shop.store, bob["id"], email=None)
    await shop.settled()

    assert shop.buyers() == ["office@example.com"]


@story()
async def test_a_merged_contact_that_shows_the_customers_own_email_is_renamed(
    shop: Syncing,
) -> None:
    ana = given.customer(shop.store, email="ana@example.com", first_name="Ana")
    await shop.settled()
    other = shop.people.create("contacts", {"email": "ana@home.example"})
    before = await shop.row("customers", ana)
    shop.people.merge("contacts", str(before["target_id"]), other["id"])
    actions.change_customer(shop.store, ana["id"], email="ana.maria@example.com")
    await shop.settled()

    contact = shop.only("contacts")
    assert (contact["email"], contact["hs_additional_emails"]) == (
        "ana.maria@example.com",
        "ana@home.example",
    )
    assert await shop.standing("customers", ana) == ("in_sync", "")
