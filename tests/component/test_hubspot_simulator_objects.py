"""The simulator's objects and their records, one by one and in lists."""

from typing import Any

import pytest

from tests.support.hubspot_account import HubSpotUnderTest, codes, hubspot_under_test, rows

V3 = "/crm/v3/objects"
NEW = "/crm/objects/2026-09"
FAMILIES = (V3, "/crm/objects/2026-03", NEW)


@pytest.mark.parametrize("base", FAMILIES)
@pytest.mark.parametrize("kind", ["contacts", "products", "line_items", "order", "cart", "0-123"])
async def test_every_family_serves_every_object_by_any_of_its_names(
    hubspot: HubSpotUnderTest, base: str, kind: str
) -> None:
    name = {"contacts": "firstname", "order": "hs_tags", "cart": "hs_tags", "0-123": "hs_tags"}
    body = {"properties": {name.get(kind, "name"): "x"}}

    made = await hubspot.post(f"{base}/{kind}", body, 201)

    read = await hubspot.http.get(f"{base}/{kind}/{made['id']}")
    assert read.json()["id"] == made["id"]


async def test_a_contact_that_exists_is_a_409_naming_it(hubspot: HubSpotUnderTest) -> None:
    contact = await hubspot.made("contacts", email="Ana@Shop.example")
    body = rows({"email": "new@shop.example"}, {"email": "ANA@shop.example"})
    refused = await hubspot.post(f"{NEW}/contacts/batch/create", body, 409)
    assert refused["message"] == f"Contact already exists. Existing ID: {contact}"
    assert len(hubspot.account.records["contacts"].by_id) == 1

    await hubspot.put({"switches": {"conflicts_fail_batches": False}})
    by_row = await hubspot.post(f"{V3}/contacts/batch/create", body, 207)
    assert by_row["errors"][0]["category"] == "CONFLICT"
    assert len(by_row["results"]) == 1


async def test_archived_records_are_gone_but_in_the_bin(hubspot: HubSpotUnderTest) -> None:
    order = await hubspot.made("orders", hs_tags="x")
    path = f"{NEW}/orders/{order}"
    inputs = {"inputs": [{"id": order}, {"id": "1"}]}
    assert (await hubspot.http.post(f"{NEW}/orders/batch/archive", json=inputs)).content == b""
    assert (await hubspot.http.get(path)).status_code == 404
    assert (await hubspot.http.get(path, params={"archived": "true"})).json()["archivedAt"]
    assert (await hubspot.http.delete(path)).status_code == 204
    assert (await hubspot.http.delete(f"{NEW}/orders/1")).status_code == 404
    assert (await hubspot.http.patch(path, json={"properties": {}})).status_code == 404


async def test_an_archived_record_blocks_its_unique_value_unless_it_does_not(
    hubspot: HubSpotUnderTest,
) -> None:
    key = await hubspot.unique_property("orders")
    row = {"id": "s/1", "idProperty": key, "properties": {}}
    path = f"{NEW}/orders/batch/upsert"
    first = (await hubspot.post(path, {"inputs": [row]}, 200))["results"][0]["id"]
    await hubspot.http.delete(f"{NEW}/orders/{first}")
    blocked = await hubspot.post(path, {"inputs": [row]}, 200)
    assert (blocked["numErrors"], first in blocked["errors"][0]["message"]) == (1, True)

    await hubspot.put({"switches": {"archived_blocks_unique": False}})
    second = (await hubspot.post(path, {"inputs": [{**row, "id": "s/2"}]}, 200))["results"][0]["id"]
    await hubspot.http.delete(f"{NEW}/orders/{second}")
    again = await hubspot.post(path, {"inputs": [{**row, "id": "s/2"}]}, 200)
    assert again["results"][0]["new"]


async def test_lists_are_paged_by_id(hubspot: HubSpotUnderTest) -> None:
    made = [await hubspot.made("carts", hs_tags=str(each)) for each in range(5)]
    found: list[str] = []
    after = ""
    while True:
        query = {"limit": "2", "properties": "hs_tags", **({"after": after} if after else {})}
        page = (await hubspot.http.get(f"{NEW}/carts", params=query)).json()
        found += [each["id"] for each in page["results"]]
        if "paging" not in page:
            break
        after = page["paging"]["next"]["after"]
    assert found == made
    assert (await hubspot.http.get(f"{NEW}/carts", params={"limit": "101"})).status_code == 400


async def test_an_id_property_reads_and_changes_one_record(hubspot: HubSpotUnderTest) -> None:
    key = await hubspot.unique_property("carts")
    cart = await hubspot.made("carts", sync_key="s/1")
    path = f"{NEW}/carts/s%2F1"
    changed = await hubspot.http.patch(
        path, params={"idProperty": key}, json={"properties": {"hs_tags": "x"}}
    )
    read = await hubspot.http.get(path, params={"idProperty": key})
    assert (changed.json()["id"], read.json()["id"]) == (cart, cart)


async def test_a_custom_key_may_not_identify_contacts(hubspot: HubSpotUnderTest) -> None:
    key = await hubspot.unique_property("contacts")
    row = {"id": "s/1", "idProperty": key, "properties": {"firstname": "A"}}
    await hubspot.post(f"{NEW}/contacts/batch/upsert", {"inputs": [row]}, 200)
    await hubspot.put({"switches": {"custom_id_properties": ["orders"]}})
    await hubspot.post(f"{NEW}/contacts/batch/upsert", {"inputs": [row]}, 400)


async def test_a_sku_can_be_unique(hubspot: HubSpotUnderTest) -> None:
    await hubspot.put({"schema": {"products": {"hs_sku": {"unique": True}}}})
    holder = await hubspot.made("products", hs_sku="T-1")
    refused = await hubspot.post(f"{NEW}/products", {"properties": {"hs_sku": "T-1"}}, 400)
    message = f"Cannot set hs_sku to T-1. {holder} already has that value."
    assert refused["errors"][0]["message"] == message


async def test_accounts_differ_in_what_they_have(hubspot: HubSpotUnderTest) -> None:
    changes = {"orders": {"hs_order_note": None, "hs_tags": {"read_only": True}}}
    await hubspot.put({"schema": changes})
    body = {"properties": {"hs_order_note": "x", "hs_tags": "x"}}
    refused = await hubspot.post(f"{NEW}/orders", body, 400)
    assert codes(refused) == [
        ("PROPERTY_DOESNT_EXIST", "hs_order_note"),
        ("READ_ONLY_VALUE", "hs_tags"),
    ]


async def test_an_admins_rules_bind_2026_09_only(hubspot: HubSpotUnderTest) -> None:
    rules: Any = {
        "required_on_create": {"products": ["hs_sku"]},
        "required_when": {"products": [["hs_status", "active", "price"]]},
    }
    await hubspot.put({"switches": rules})
    body = {"properties": {"name": "Tea", "hs_status": "active"}}
    refused = await hubspot.post(f"{NEW}/products", body, 400)
    assert codes(refused) == [
        ("MISSING_REQUIRED_PROPERTY", "hs_sku"),
        ("MISSING_CONDITIONAL_REQUIRED_PROPERTY", "price"),
    ]
    await hubspot.post(f"{V3}/products", body, 201)


async def test_the_same_seed_gives_the_same_ids() -> None:
    ids = []
    for _ in range(2):
        async with hubspot_under_test() as hubspot:
            ids.append([await hubspot.made("products", name="x") for _ in range(5)])
    assert ids[0] == ids[1]
    assert ids[0] == sorted(ids[0], key=int)
