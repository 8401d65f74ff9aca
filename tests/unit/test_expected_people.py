"""The judge knows whose contact it is, whatever people merged and emails changed hands."""

from __future__ import annotations

from sandbox.expected.comparison import compare
from sandbox.expected.verdict import Problem
from sandbox.shopify import actions, given
from tests.support.compared import OTHER, SHOP, World, differences, found


def test_the_newest_customer_of_an_email_has_the_whole_contact() -> None:
    world = World()
    ideal = world.ideal()
    actions.change_customer(world.blue, world.customers(OTHER)[0]["id"], first_name="Anja")

    names = {each.property: each.expected for each in differences(world, ideal)}

    assert names["firstname"] == "Anja"
    assert names["shopify_store"] == OTHER


def test_two_customers_equally_new_may_either_of_them_have_the_contact() -> None:
    world = World()
    ideal = world.ideal()
    shops = {shop: dict(dump) for shop, dump in world.shops().items()}
    for dump in shops.values():
        for each in dump["customers"]:
            each["updated_at"] = "2026-11-24T12:00:00Z"

    verdict = compare(shops, ideal.dump, world.settings())

    assert [each for each in verdict.differences if each.kind == "contacts"] == []


def test_a_contact_merged_by_people_may_keep_its_other_email() -> None:
    world = World()
    ideal = world.ideal()
    contact = ideal.record("contacts", email="ana@example.com")
    contact["properties"] |= {
        "email": "ana@work.example.com",
        "hs_additional_emails": "ana@example.com;old@example.com",
    }

    assert found(world, ideal) == []


def test_who_takes_an_email_that_another_contact_holds_keeps_a_contact_with_the_former_one() -> (
    None
):
    world = World()
    bo = given.customer(world.acme, email="bo@example.com")
    given.order(world.acme, customer=bo)
    ideal = world.ideal()
    actions.change_customer(world.acme, bo["id"], email="guest@example.com")

    verdict = compare(world.shops(), ideal.dump, world.settings())

    # Bo's order stays with Bo's own contact: who a customer is, their id says before their email.
    assert verdict.differences == []
    assert verdict.kept_apart == {f"{SHOP}/{bo['id']}"}


def test_who_is_kept_apart_has_everything_but_the_email() -> None:
    world = World()
    bo = given.customer(world.acme, email="bo@example.com")
    ideal = world.ideal()
    actions.change_customer(world.acme, bo["id"], email="guest@example.com", first_name="Bob")

    assert found(world, ideal) == [(Problem.DIFFERENT, "contacts", "firstname")]


def test_a_new_email_that_nobody_holds_must_be_shown() -> None:
    world = World()
    bo = given.customer(world.acme, email="bo@example.com")
    ideal = world.ideal()
    actions.change_customer(world.acme, bo["id"], email="bob@example.com")

    assert found(world, ideal) == [(Problem.MISSING, "contacts", "email")]
