"""Customers in Shopify, and what HubSpot shows of them."""

import asyncio

from sandbox.hubspot.faults import Fault
from sandbox.shopify import actions, given
from tests.support.syncing import ABANDONED_AFTER, SHOP, Syncing, sorted_values, story


@story()
async def test_a_customer_becomes_a_contact_with_what_only_a_read_can_show(shop: Syncing) -> None:
    ana = given.customer(shop.store, email="Ana@Example.com", tags="vip, wholesale")
    await shop.settled()

    contact = shop.only("contacts")
    assert contact["email"] == "ana@example.com"
    assert contact["shopify_customer_id"] == str(ana["id"])
    assert contact["shopify_store"] == SHOP
    assert contact["shopify_tags"] == "vip, wholesale"


@story()
async def test_a_customer_with_a_phone_alone_is_excluded_for_that_reason(shop: Syncing) -> None:
    bob = given.customer(shop.store, email=None, phone="+14165550100")
    await shop.settled()

    assert shop.shown("contacts") == []
    assert await shop.standing("customers", bob) == ("excluded", "no_email")


@story()
async def test_a_phone_only_customer_comes_in_when_an_email_is_known(shop: Syncing) -> None:
    bob = given.customer(shop.store, email=None, phone="+14165550100")
    await shop.settled()
    actions.change_customer(shop.store, bob["id"], email="bob@example.com")
    await shop.settled()

    assert shop.only("contacts")["email"] == "bob@example.com"


@story()
async def test_a_deleted_customer_keeps_the_contact(shop: Syncing) -> None:
    ana = given.customer(shop.store, email="ana@example.com")
    await shop.settled()
    actions.delete_customer(shop.store, ana["id"])
    await shop.settled()

    assert shop.only("contacts")["email"] == "ana@example.com"
    assert await shop.standing("customers", ana) == ("deleted", "")


@story()
async def test_a_changed_email_renames_the_contact_of_a_sole_customer(shop: Syncing) -> None:
    ana = given.customer(shop.store, email="ana@example.com")
    await shop.settled()
    before = shop.only("contacts")["hs_object_id"]
    actions.change_customer(shop.store, ana["id"], email="ana.maria@example.com")
    await shop.settled()

    contact = shop.only("contacts")
    assert (contact["hs_object_id"], contact["email"]) == (before, "ana.maria@example.com")


@story()
async def test_one_person_in_two_stores_is_one_contact_and_the_newest_wins(shop: Syncing) -> None:
    given.customer(shop.store, email="ana@example.com", first_name="Ana")
    await shop.passes(10)
    given.customer(shop.other_store, email="ana@example.com", first_name="Anna")
    await shop.settled()

    assert shop.only("contacts")["firstname"] == "Anna"
    assert await shop.not_in_sync() == {}


@story()
async def test_a_customer_who_leaves_a_shared_contact_gives_it_to_the_other(shop: Syncing) -> None:
    given.customer(shop.store, email="ana@example.com", first_name="Ana")
    await shop.passes(10)
    anna = given.customer(shop.other_store, email="ana@example.com", first_name="Anna")
    await shop.passes(10)
    actions.change_customer(shop.other_store, anna["id"], email="anna@example.com")
    await shop.settled()

    shown = {each["email"]: each["firstname"] for each in shop.shown("contacts")}
    assert shown == {"ana@example.com": "Ana", "anna@example.com": "Anna"}


@story()
async def test_merged_customers_leave_one_live_source(shop: Syncing) -> None:
    kept = given.customer(shop.store, email="ana@example.com")
    gone = given.customer(shop.store, email="ana.old@example.com")
    await shop.settled()
    actions.merge_customers(shop.store, kept["id"], gone["id"])
    await shop.settled()

    assert await shop.standing("customers", gone) == ("deleted", "")
    assert await shop.standing("customers", kept) == ("in_sync", "")


@story()
async def test_an_email_that_one_gives_up_while_another_takes_it_makes_two_contacts(
    shop: Syncing,
) -> None:
    ana = given.customer(shop.store, email="ana@example.com")
    await shop.settled()
    given.customer(shop.other_store, email="ana@example.com", first_name="Anna")
    actions.change_customer(shop.store, ana["id"], email="ana.maria@example.com")
    await shop.settled()

    shown = {each["email"] for each in shop.shown("contacts")}
    assert shown == {"ana@example.com", "ana.maria@example.com"}
    assert await shop.not_in_sync() == {}


@story()
async def test_contacts_that_people_merge_keep_both_emails_and_show_the_newest_customer(
    shop: Syncing,
) -> None:
    ana = given.customer(shop.store, email="ana@example.com", first_name="Ana")
    bob = given.customer(shop.store, email="bob@example.com", first_name="Bob")
    await shop.settled()
    one, two = (each["hs_object_id"] for each in shop.shown("contacts"))
    shop.people.merge("contacts", one, two)
    actions.change_customer(shop.store, ana["id"], note="called")
    await asyncio.sleep(1.1)
    actions.change_customer(shop.store, bob["id"], first_name="Robert")
    await shop.settled()

    contact = shop.only("contacts")
    assert (contact["email"], contact["hs_additional_emails"]) == (
        "ana@example.com",
        "bob@example.com",
    )
    assert (contact["firstname"], contact["shopify_customer_id"]) == ("Robert", str(bob["id"]))
    assert await shop.not_in_sync() == {}


@story()
async def test_a_cart_of_someone_whose_contact_people_archived_stands_alone(shop: Syncing) -> None:
    ana = given.customer(shop.store, email="ana@example.com")
    await shop.settled()
    shop.people.archive("contacts", shop.only("contacts")["hs_object_id"])
    given.checkout(shop.store, customer=ana)
    await shop.passes(ABANDONED_AFTER.total_seconds() + 30)

    assert shop.shown("contacts") == []
    assert len(shop.shown("carts")) == 1
    assert await shop.standing("customers", ana) == ("excluded", "archived_in_hubspot")
    assert len(await shop.not_in_sync()) == 1


def _known(shop: Syncing) -> None:
    shop.people.create("contacts", {"email": "ana@example.com", "mobilephone": "+14165550199"})


@story(_known)
async def test_a_contact_that_is_there_is_adopted_by_email(shop: Syncing) -> None:
    ana = given.customer(shop.store, email="ana@example.com")
    await shop.settled()

    contact = shop.only("contacts")
    assert contact["mobilephone"] == "+14165550199"
    assert contact["shopify_customer_id"] == str(ana["id"])


@story()
async def test_an_email_that_hubspot_refuses_is_failing_and_neighbours_are_in_sync(
    shop: Syncing,
) -> None:
    people = [
        given.customer(shop.store, email=each)
        for each in ("ana@example.com", "nonsense@", "bob@example.com")
    ]
    await shop.settled()

    assert await shop.standing("customers", people[1]) == ("failing", "INVALID_EMAIL")
    assert sorted_values(shop.shown("contacts"), "email") == ["ana@example.com", "bob@example.com"]
    row = await shop.row("customers", people[1])
    assert "nonsense" not in row["detail"]
    assert "email" in row["detail"]


@story()
async def test_a_failing_customer_is_tried_again_when_it_changes(shop: Syncing) -> None:
    bob = given.customer(shop.store, email="nonsense@")
    await shop.settled()
    actions.change_customer(shop.store, bob["id"], email="bob@example.com")
    await shop.settled()

    assert await shop.standing("customers", bob) == ("in_sync", "")


@story()
async def test_a_rename_that_an_outage_cut_short_is_done_afterwards(shop: Syncing) -> None:
    ana = given.customer(shop.store, email="ana@example.com")
    await shop.settled()
    shop.hubspot.faults.append(Fault(kind="status", status=503, path="*/contacts/batch/update"))
    actions.change_customer(shop.store, ana["id"], email="ana.maria@example.com")
    await asyncio.sleep(60)
    shop.hubspot.faults.clear()
    await shop.settled()

    assert shop.only("contacts")["email"] == "ana.maria@example.com"


@story()
async def test_a_rename_refused_for_another_property_is_done_once_that_is_right(
    shop: Syncing,
) -> None:
    ana = given.customer(shop.store, email="ana@example.com")
    await shop.settled()
    shop.hubspot.faults.append(Fault(kind="status", status=400, path="*/contacts/batch/update"))
    actions.change_customer(shop.store, ana["id"], email="ana.maria@example.com")
    await shop.settled()
    shop.hubspot.faults.clear()
    actions.change_customer(shop.store, ana["id"], note="Called")
    await shop.settled()

    assert shop.only("contacts")["email"] == "ana.maria@example.com"


@story()
async def test_a_customer_whose_email_was_struck_out_keeps_its_contact_for_the_next_one(
    shop: Syncing,
) -> None:
    ana = given.customer(shop.store, email="ana@example.com")
    await shop.settled()
    before = shop.only("contacts")["hs_object_id"]
    actions.change_customer(shop.store, ana["id"], email=None)
    await shop.settled()
    assert await shop.standing("customers", ana) == ("excluded", "no_email")
    actions.change_customer(shop.store, ana["id"], email="ana.maria@example.com")
    await shop.settled()

    contact = shop.only("contacts")
    assert (contact["hs_object_id"], contact["email"]) == (before, "ana.maria@example.com")


@story()
async def test_an_email_is_had_as_soon_as_the_contact_that_held_it_is_renamed(
    shop: Syncing,
) -> None:
    ana = given.customer(shop.store, email="ana@example.com")
    bob = given.customer(shop.store, email="bob@example.com")
    await shop.settled()
    shop.deliveries.faults.drop = 1.0
    actions.change_customer(shop.store, ana["id"], email="ana.maria@example.com")
    shop.deliveries.faults.drop = 0.0
    actions.change_customer(shop.store, bob["id"], email="ana@example.com")
    await shop.settled()
    assert await shop.standing("customers", bob) == ("failing", "email_taken")
    await shop.scan()
    await shop.settled()

    assert sorted_values(shop.shown("contacts"), "email") == [
        "ana.maria@example.com",
        "ana@example.com",
    ]
    assert await shop.not_in_sync() == {}


@story()
async def test_one_who_could_not_have_an_email_gets_it_when_another_joins_the_old_contact(
    shop: Syncing,
) -> None:
    ana = given.customer(shop.store, email="ana@example.com")
    bob = given.customer(shop.store, email="bob@example.com", first_name="Bob")
    await shop.settled()
    actions.change_customer(shop.store, bob["id"], email=None)
    actions.change_customer(shop.store, ana["id"], email="bob@example.com", first_name="Ana")
    await shop.settled()
    assert await shop.standing("customers", ana) == ("failing", "email_taken")
    given.customer(shop.other_store, email="ana@example.com", first_name="Anna")
    await shop.settled()

    shown = {each["email"]: each["firstname"] for each in shop.shown("contacts")}
    assert shown == {"ana@example.com": "Anna", "bob@example.com": "Ana"}
    assert await shop.standing("customers", ana) == ("in_sync", "")
