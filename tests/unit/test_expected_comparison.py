"""The judge finds each kind of difference, and none where all is right."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandbox.expected.comparison import compare
from sandbox.expected.verdict import Problem
from sandbox.shopify import actions, given
from tests.support.compared import SHOP, World, differences, found
from tests.support.ideal_hubspot import IdealHubSpot


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def ideal(world: World) -> IdealHubSpot:
    return world.ideal()


def test_where_all_is_right_there_is_no_difference_and_everything_was_compared(
    world: World, ideal: IdealHubSpot
) -> None:
    verdict = compare(world.shops(), ideal.dump, world.settings())

    assert verdict.differences == []
    assert verdict.counts["contacts"] == 2
    assert verdict.counts["orders"] == 5
    assert verdict.counts["carts"] == 2
    assert verdict.counts["line_items"] == len(ideal.dump["line_items"])
    assert verdict.counts["associations"] == len(ideal.dump["associations"])
    assert verdict.counts["products"] == len(ideal.dump["products"])


def test_an_empty_hubspot_lacks_every_record(world: World) -> None:
    empty: dict[str, list[object]] = {
        kind: [] for kind in ("contacts", "products", "orders", "line_items", "carts")
    }

    verdict = compare(world.shops(), empty, world.settings())

    assert {each.problem for each in verdict.differences} == {Problem.MISSING}
    assert {each.kind for each in verdict.differences} == {
        "contacts",
        "products",
        "orders",
        "carts",
    }


Spoil = Callable[[World, IdealHubSpot], object]


def archived(kind: str, place: int = 0) -> Spoil:
    return lambda _, ideal: ideal.dump[kind][place].update(archived=True)


def doubled(kind: str) -> Spoil:
    return lambda _, ideal: ideal.add(kind, dict(ideal.dump[kind][0]["properties"]))


def without_links(from_type: str, to_type: str) -> Spoil:
    def spoil(_: World, ideal: IdealHubSpot) -> None:
        ideal.dump["associations"] = [
            each
            for each in ideal.dump["associations"]
            if (each["from_type"], each["to_type"]) != (from_type, to_type)
        ]

    return spoil


def linked_to_last(from_type: str, to_type: str) -> Spoil:
    return lambda _, ideal: ideal.link(
        from_type, ideal.dump[from_type][0]["id"], to_type, ideal.dump[to_type][-1]["id"]
    )


def extra(kind: str, **properties: str) -> Spoil:
    return lambda _, ideal: ideal.add(kind, properties)


@pytest.mark.parametrize(
    ("spoil", "difference"),
    [
        (archived("contacts"), (Problem.MISSING, "contacts", "email")),
        (archived("products"), (Problem.MISSING, "products", "")),
        (archived("orders"), (Problem.MISSING, "orders", "")),
        (archived("line_items"), (Problem.MISSING, "line_items", "")),
        (archived("carts", -1), (Problem.MISSING, "carts", "")),
        (doubled("contacts"), (Problem.DOUBLED, "contacts", "")),
        (doubled("products"), (Problem.DOUBLED, "products", "")),
        (doubled("orders"), (Problem.DOUBLED, "orders", "")),
        (doubled("line_items"), (Problem.DOUBLED, "line_items", "")),
        (without_links("orders", "contacts"), (Problem.UNLINKED, "orders", "contacts")),
        (without_links("orders", "line_items"), (Problem.UNLINKED, "orders", "line_items")),
        (without_links("carts", "contacts"), (Problem.UNLINKED, "carts", "contacts")),
        (without_links("carts", "line_items"), (Problem.UNLINKED, "carts", "line_items")),
        (without_links("carts", "orders"), (Problem.UNLINKED, "carts", "orders")),
        (linked_to_last("orders", "contacts"), (Problem.WRONGLY_LINKED, "orders", "contacts")),
        (linked_to_last("orders", "line_items"), (Problem.WRONGLY_LINKED, "orders", "line_items")),
        (linked_to_last("carts", "orders"), (Problem.WRONGLY_LINKED, "carts", "orders")),
        (extra("orders", shopify_sync_key=f"{SHOP}/1"), (Problem.UNEXPECTED, "orders", "")),
        (extra("products", shopify_sync_key=f"{SHOP}/1"), (Problem.UNEXPECTED, "products", "")),
        (extra("line_items", shopify_sync_key=f"{SHOP}/1"), (Problem.UNEXPECTED, "line_items", "")),
        (
            extra("carts", hs_source_store=SHOP, hs_external_cart_id="1"),
            (Problem.UNEXPECTED, "carts", ""),
        ),
    ],
)  # fmt: skip
def test_each_kind_of_difference_is_found(
    world: World, ideal: IdealHubSpot, spoil: Spoil, difference: tuple[Problem, str, str]
) -> None:
    spoil(world, ideal)

    assert difference in found(world, ideal)


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("orders", "hs_total_price", "1"),
        ("orders", "hs_tax", None),
        ("contacts", "firstname", "X"),
        ("line_items", "quantity", "99"),
        ("line_items", "hs_product_id", "1"),
        ("products", "name", ""),
        ("carts", "hs_external_status", "x"),
    ],
)
def test_a_property_that_shows_something_else_is_found_and_nothing_besides(
    world: World, ideal: IdealHubSpot, kind: str, name: str, value: str | None
) -> None:
    ideal.dump[kind][0]["properties"][name] = value

    assert found(world, ideal) == [(Problem.DIFFERENT, kind, name)]


@pytest.mark.parametrize(
    "leave_alone",
    [
        extra("orders", hs_order_name="made by hand"),
        extra("orders", shopify_sync_key="elsewhere.myshopify.com/1"),
        extra("contacts", email="somebody@else.com"),
        extra("contacts", email="gone@example.com", shopify_sync_key=f"{SHOP}/1"),
        extra("line_items", name="made by hand"),
    ],
)
def test_what_people_made_and_contacts_of_deleted_customers_are_no_difference(
    world: World, ideal: IdealHubSpot, leave_alone: Spoil
) -> None:
    leave_alone(world, ideal)

    assert found(world, ideal) == []


def test_a_line_that_people_added_to_an_order_is_theirs(world: World, ideal: IdealHubSpot) -> None:
    line = ideal.add("line_items", {"name": "Engraving"})
    ideal.link("orders", ideal.dump["orders"][0]["id"], "line_items", line)

    assert found(world, ideal) == []


def test_a_native_order_beside_ours_is_a_double(world: World, ideal: IdealHubSpot) -> None:
    native = dict(ideal.dump["orders"][0]["properties"])
    del native["shopify_sync_key"]
    ideal.add("orders", native)

    assert found(world, ideal) == [(Problem.DOUBLED, "orders", "")]


def test_a_removed_line_must_be_gone(world: World, ideal: IdealHubSpot) -> None:
    order = next(iter(world.acme.orders.values()))
    line = order["line_items"][0]
    actions.edit_order(world.acme, order["id"], set_quantities={str(line["id"]): 0})

    unexpected = [each for each in differences(world, ideal) if each.problem == Problem.UNEXPECTED]

    assert [each.id for each in unexpected] == [f"{SHOP}/{line['id']}"]


def test_a_deleted_order_must_be_gone_with_its_lines(world: World, ideal: IdealHubSpot) -> None:
    order = next(iter(world.acme.orders.values()))
    lines = {f"{SHOP}/{each['id']}" for each in order["line_items"]}
    actions.delete_order(world.acme, order["id"])

    unexpected = {
        each.id for each in differences(world, ideal) if each.problem == Problem.UNEXPECTED
    }

    assert unexpected == {f"{SHOP}/{order['id']}"} | lines


def test_a_young_checkout_needs_no_cart_and_an_old_one_does(
    world: World, ideal: IdealHubSpot
) -> None:
    assert found(world, ideal) == []

    world.clock.advance(minutes=16)

    assert found(world, ideal) == [(Problem.MISSING, "carts", "")]


def test_a_completed_checkout_needs_no_cart(world: World, ideal: IdealHubSpot) -> None:
    cart = ideal.record("carts", hs_external_status="completed")
    cart["archived"] = True
    lines = {each["to_id"] for each in ideal.dump["associations"] if each["from_id"] == cart["id"]}
    for each in ideal.dump["line_items"]:
        each["archived"] = each["archived"] or each["id"] in lines

    assert found(world, ideal) == []


def test_an_email_that_only_the_checkout_has_allows_a_cart_but_asks_for_none(world: World) -> None:
    given.checkout(world.acme, email="shy@example.com")
    ideal = world.ideal()
    world.clock.advance(minutes=14)

    assert found(world, ideal) == []


def test_a_checkout_whose_customer_is_out_of_reach_needs_no_cart_and_may_keep_its_own(
    world: World,
) -> None:
    customer = given.customer(world.acme, email="shy@example.com")
    key = f"{SHOP}/{given.checkout(world.acme, customer=customer)['id']}"
    ideal = world.ideal()
    without = world.ideal()
    without.dump["carts"].clear()
    world.clock.advance(minutes=16)
    assert key in {each.id for each in differences(world, without)}

    actions.change_customer(world.acme, customer["id"], email=None)

    assert key not in {each.id for each in differences(world, ideal)}
    assert key not in {each.id for each in differences(world, without)}


def test_objects_that_are_not_synced_are_not_compared(world: World, ideal: IdealHubSpot) -> None:
    ideal.dump["carts"].clear()
    ideal.dump["contacts"].clear()

    assert differences(world, ideal, objects=frozenset({"products", "orders"})) == []


def test_a_currency_the_account_lacks_must_not_be_shown(world: World) -> None:
    lacking = {"currencies": frozenset({"EUR"})}
    ideal = world.ideal(**lacking)
    assert differences(world, ideal, **lacking) == []

    ideal.record("orders", shopify_currency_note="USD")["properties"]["hs_currency_code"] = "USD"

    assert [each.property for each in differences(world, ideal, **lacking)] == ["hs_currency_code"]
