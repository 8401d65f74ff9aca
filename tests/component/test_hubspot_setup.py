"""What an account has, links between records, and what is made where it is missing."""

from __future__ import annotations

import pytest

from services.shared.contract.errors import OursToFixError
from services.shared.hubspot.links import Pair
from services.shared.hubspot.rows import Refused, Row, Written
from services.shared.hubspot.schema import CUSTOM_PROPERTIES, GROUP_NAME, OBJECT_TYPES, SYNC_KEY
from services.shared.hubspot.setup import Setup
from tests.support.hubspot_portal import Portal, played


def _setup(portal: Portal) -> Setup:
    return Setup(portal.hubspot, portal.slot)


async def _ids(portal: Portal, object_type: str, count: int) -> list[str]:
    name = {"contacts": "lastname", "orders": "hs_order_name"}[object_type]
    rows = [Row(trace=str(n), properties={name: str(n)}) for n in range(count)]
    made = await portal.writer.create(object_type, rows)
    return [each.id for each in made.values() if isinstance(each, Written)]


def test_what_is_missing_is_made_and_a_second_time_nothing() -> None:
    async def scene(portal: Portal) -> None:
        schema = await _setup(portal).prepare()

        assert schema.shortfalls == ()
        for object_type in OBJECT_TYPES:
            names = {each.name for each in CUSTOM_PROPERTIES[object_type]}
            assert names <= schema.writable(object_type).keys()
            assert GROUP_NAME in await portal.hubspot.groups(object_type)
        assert {name for name, is_unique in schema.unique_key.items() if is_unique} == {
            "orders",
            "products",
            "carts",
        }

        before = portal.slots
        again = await _setup(portal).prepare()
        assert again == schema
        assert portal.slots - before == len(OBJECT_TYPES) + 2
        assert {method for (method, _, _) in portal.account.calls} == {"GET", "POST"}

    played(scene)


def test_reading_the_schema_changes_nothing() -> None:
    async def scene(portal: Portal) -> None:
        schema = await _setup(portal).read()

        assert {each.reason for each in schema.shortfalls} == {"missing"}
        assert {method for (method, _, _) in portal.account.calls} == {"GET"}

    played(scene)


def test_read_only_and_treacherous_properties_are_not_writable() -> None:
    async def scene(portal: Portal) -> None:
        schema = await _setup(portal).read()

        assert "hs_order_name" in schema.writable("orders")
        assert not {"hs_closed_date", "hs_homecurrency_amount"} & schema.writable("orders").keys()
        assert not [name for name in schema.writable("orders") if name.startswith("hs_is_")]
        assert not {"hs_external_id", "amount"} & schema.writable("line_items").keys()
        assert schema.currencies == {"EUR", "USD", "GBP"}
        stages = {stage.id for pipeline in schema.order_pipelines for stage in pipeline.stages}
        assert "4b27b500-f031-4927-9811-68a0b525cbae" in stages

    played(scene)


def test_where_unique_properties_are_refused_the_key_is_plain_and_that_is_said() -> None:
    async def scene(portal: Portal) -> None:
        portal.account.switches.unique_properties = ["orders"]

        schema = await _setup(portal).prepare()

        assert schema.unique_key["orders"]
        for object_type in ("products", "carts"):
            assert not schema.unique_key[object_type]
            assert SYNC_KEY in schema.writable(object_type)
        assert {(each.object_type, each.reason) for each in schema.shortfalls} == {
            ("products", "not_unique"),
            ("carts", "not_unique"),
        }

    played(scene)


def test_an_account_that_takes_no_more_properties_is_said_property_by_property() -> None:
    async def scene(portal: Portal) -> None:
        portal.account.switches.custom_property_limit = 0

        schema = await _setup(portal).prepare()

        wanted = {(kind, each.name) for kind, all_ in CUSTOM_PROPERTIES.items() for each in all_}
        assert {(each.object_type, each.property) for each in schema.shortfalls} == wanted

    played(scene)


def test_a_missing_scope_costs_its_object_only_and_is_named() -> None:
    async def scene(portal: Portal) -> None:
        token = portal.account.tokens.bearers[portal.account.token]
        token.scopes = frozenset(scope for scope in token.scopes if ".orders." not in scope)

        schema = await _setup(portal).prepare()

        assert "orders" not in schema.properties
        assert schema.writable("orders") == {}
        assert SYNC_KEY in schema.writable("products")
        (orders, *_) = [each for each in schema.shortfalls if each.object_type == "orders"]
        assert orders.reason == "scope_missing"
        assert "crm.schemas.orders.read" in orders.detail

    played(scene)


def test_a_revoked_token_is_raised_and_no_shortfall() -> None:
    async def scene(portal: Portal) -> None:
        portal.account.tokens.revoke(portal.account.token)

        with pytest.raises(OursToFixError, match="token_refused"):
            await _setup(portal).prepare()

    played(scene)


@pytest.mark.parametrize("kind", ["reset", "burst", "status", "html"])
def test_a_passing_fault_while_making_properties_is_got_through(kind: str) -> None:
    async def scene(portal: Portal) -> None:
        portal.strike(kind, path="/crm/properties/*", method="POST", skip=4)

        schema = await _setup(portal).prepare()

        assert schema.shortfalls == ()

    played(scene)


def test_archived_properties_come_back() -> None:
    async def scene(portal: Portal) -> None:
        await _setup(portal).prepare()
        await portal.http.delete(
            "http://hubspot.test/crm/properties/2026-09/contacts/shopify_tags",
            headers={"Authorization": f"Bearer {portal.account.token}"},
        )
        assert "shopify_tags" not in (await _setup(portal).read()).properties["contacts"]

        schema = await _setup(portal).prepare()

        assert "shopify_tags" in schema.writable("contacts")

    played(scene)


def test_rows_are_upserted_by_our_own_key() -> None:
    async def scene(portal: Portal) -> None:
        await _setup(portal).prepare()
        rows = [
            Row(
                trace=str(n),
                id=f"acme.myshopify.com/{n}",
                id_property=SYNC_KEY,
                properties={"hs_order_name": f"#{n}"},
            )
            for n in range(120)
        ]
        portal.strike("reset", path="*/batch/upsert")

        first = await portal.writer.upsert("orders", rows)
        second = await portal.writer.upsert("orders", rows)

        assert {each.id for each in first.values() if isinstance(each, Written)} == {
            each.id for each in second.values() if isinstance(each, Written)
        }
        assert len(portal.account.records["orders"].by_id) == 120
        reading = await portal.writer.read("orders", [rows[7].id, "none"], [], SYNC_KEY)
        assert [*reading.found] == [rows[7].id]

    played(scene)


def test_links_are_made_read_and_removed_and_making_them_twice_is_harmless() -> None:
    async def scene(portal: Portal) -> None:
        contacts, orders = await _ids(portal, "contacts", 3), await _ids(portal, "orders", 3)
        pairs = [Pair(order, person) for order, person in zip(orders, contacts, strict=True)]
        portal.strike("reset", path="*/associate/default")

        for _ in range(2):
            made = await portal.writer.associate("orders", "contacts", pairs)
            assert all(isinstance(made[pair], Written) for pair in pairs)
        linked = await portal.writer.associations("orders", "contacts", [*orders, "404"])
        await portal.writer.dissociate("orders", "contacts", pairs[:1])
        left = await portal.writer.associations("orders", "contacts", orders)

        assert linked == {pair.from_id: {pair.to_id} for pair in pairs} | {"404": frozenset()}
        assert left[orders[0]] == frozenset()
        assert left[orders[1]] == {contacts[1]}

    played(scene)


def test_a_link_to_nothing_is_refused_and_its_neighbours_are_made() -> None:
    async def scene(portal: Portal) -> None:
        contacts, orders = await _ids(portal, "contacts", 2), await _ids(portal, "orders", 3)
        dangling = Pair(orders[2], "404")
        pairs = [Pair(orders[0], contacts[0]), Pair(orders[1], contacts[1]), dangling]

        made = await portal.writer.associate("orders", "contacts", pairs)

        assert isinstance(made[dangling], Refused)
        assert all(isinstance(made[pair], Written) for pair in pairs[:2])

    played(scene)


def test_the_account_tells_its_time_zone_and_its_currencies() -> None:
    async def scene(portal: Portal) -> None:
        details = await portal.hubspot.account()

        assert details.time_zone == "US/Eastern"
        assert details.currencies == {"EUR", "USD", "GBP"}

    played(scene)
