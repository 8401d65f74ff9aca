"""The simulator's associations."""

from typing import Any

import pytest

from tests.support.hubspot_account import HubSpotUnderTest

NEW = "/crm/objects/2026-09"
DATED = "/crm/associations/2026-09"
V4 = "/crm/v4/associations"


def pair(one: str, other: str, *types: int, category: str = "HUBSPOT_DEFINED") -> dict[str, Any]:
    specs = [{"associationCategory": category, "associationTypeId": each} for each in types]
    return {"from": {"id": one}, "to": {"id": other}, **({"types": specs} if types else {})}


async def ends(hubspot: HubSpotUnderTest, kind: str, record: str, other: str) -> dict[str, Any]:
    answer = await hubspot.http.get(f"/crm/v4/objects/{kind}/{record}/associations/{other}")
    found = answer.json()["results"]
    return {
        each["toObjectId"]: [one["typeId"] for one in each["associationTypes"]] for each in found
    }


@pytest.mark.parametrize(
    ("one", "other", "types"),
    [
        ("orders", "contacts", (507, 508)),
        ("orders", "line_items", (513, 514)),
        ("carts", "contacts", (586, 587)),
        ("carts", "line_items", (590, 591)),
        ("carts", "orders", (592, 593)),
    ],
)
@pytest.mark.parametrize("base", [DATED, V4])
async def test_the_default_association_needs_no_type_and_is_there_at_once(
    hubspot: HubSpotUnderTest, base: str, one: str, other: str, types: tuple[int, int]
) -> None:
    text = {"contacts": "firstname", "line_items": "name"}
    first = await hubspot.made(one, hs_tags="x")
    second = await hubspot.made(other, **{text.get(other, "hs_tags"): "x"})

    for _ in range(2):
        path = f"{base}/{one}/{other}/batch/associate/default"
        await hubspot.post(path, {"inputs": [pair(first, second)]}, 200)

    assert await ends(hubspot, one, first, other) == {second: [types[0]]}
    assert await ends(hubspot, other, second, one) == {first: [types[1]]}


@pytest.mark.parametrize("base", [NEW, "/crm/objects/2026-03", "/crm/v4/objects"])
async def test_one_default_association_by_put(hubspot: HubSpotUnderTest, base: str) -> None:
    order = await hubspot.made("orders", hs_tags="x")
    contact = await hubspot.made("contacts", firstname="x")
    path = f"{base}/orders/{order}/associations/default/contacts/{contact}"
    assert (await hubspot.http.put(path)).status_code == 200
    assert await ends(hubspot, "orders", order, "contacts") == {contact: [507]}


async def test_a_new_record_brings_its_associations_inline(hubspot: HubSpotUnderTest) -> None:
    order = await hubspot.made("orders", hs_tags="x")
    inline = [{"to": {"id": order}, "types": pair("", "", 514)["types"]}]
    body = {"inputs": [{"properties": {"name": "Tea"}, "associations": inline}]}
    made = await hubspot.post(f"{NEW}/line_items/batch/create", body, 201)
    line = made["results"][0]["id"]

    read = await hubspot.http.get(f"{NEW}/orders/{order}", params={"associations": "line_items"})

    assert read.json()["associations"]["line items"]["results"] == [
        {"id": line, "type": "order_to_line_item"}
    ]


@pytest.mark.parametrize(("to", "type_id"), [("1", 514), (None, 507), (None, 999)])
async def test_inline_associations_point_at_existing_records_by_types_that_fit(
    hubspot: HubSpotUnderTest, to: str | None, type_id: int
) -> None:
    order = await hubspot.made("orders", hs_tags="x")
    inline = [{"to": {"id": to or order}, "types": pair("", "", type_id)["types"]}]
    body = {"properties": {"name": "Tea"}, "associations": inline}
    answer = await hubspot.http.post(f"{NEW}/line_items", json=body)
    assert answer.status_code in {400, 404}
    assert hubspot.account.records["line_items"].by_id == {}


async def test_a_line_item_has_one_parent(hubspot: HubSpotUnderTest) -> None:
    line = await hubspot.made("line_items", name="Tea")
    first = await hubspot.made("orders", hs_tags="x")
    second = await hubspot.made("orders", hs_tags="y")
    cart = await hubspot.made("carts", hs_tags="y")
    path = f"{DATED}/orders/line_items/batch/associate/default"
    await hubspot.post(path, {"inputs": [pair(first, line)]}, 200)

    refused = await hubspot.post(path, {"inputs": [pair(second, line)]}, 200)
    other = await hubspot.http.put(f"{NEW}/carts/{cart}/associations/default/line_items/{line}")

    assert (refused["results"], refused["numErrors"]) == ([], 1)
    assert other.status_code == 400
    assert await ends(hubspot, "line_items", line, "orders") == {first: [514]}


async def test_products_cannot_be_associated(hubspot: HubSpotUnderTest) -> None:
    product = await hubspot.made("products", name="x")
    order = await hubspot.made("orders", hs_tags="x")
    path = f"{NEW}/orders/{order}/associations/default/products/{product}"
    assert (await hubspot.http.put(path)).status_code == 400
    assert (await hubspot.http.get(f"{V4}/orders/products/labels")).json() == {"results": []}


@pytest.mark.parametrize(
    ("base", "status"), [(V4, 201), ("/crm/associations/2026-03", 201), (DATED, 200)]
)
async def test_typed_batches_are_made_read_and_archived(
    hubspot: HubSpotUnderTest, base: str, status: int
) -> None:
    order = await hubspot.made("orders", hs_tags="x")
    contact = await hubspot.made("contacts", firstname="x")
    body = {"inputs": [pair(order, contact, 507)]}
    made = await hubspot.post(f"{base}/orders/contacts/batch/create", body, status)
    inputs = {"inputs": [{"id": order}]}
    read = await hubspot.post(f"{base}/orders/contacts/batch/read", inputs, 200)
    gone = {"inputs": [{"from": {"id": order}, "to": [{"id": contact}]}]}
    archived = await hubspot.http.post(f"{base}/orders/contacts/batch/archive", json=gone)

    assert made["results"][0]["toObjectId"] == contact
    assert read["results"][0]["to"][0]["toObjectId"] == contact
    assert archived.status_code == (204 if base == V4 else 200)
    assert await ends(hubspot, "orders", order, "contacts") == {}


async def test_a_wrong_type_is_an_error_beside_the_good(hubspot: HubSpotUnderTest) -> None:
    order = await hubspot.made("orders", hs_tags="x")
    contact = await hubspot.made("contacts", firstname="x")
    body = {"inputs": [pair(order, contact, 507), pair(order, contact, 513)]}
    answer = await hubspot.post(f"{V4}/orders/contacts/batch/create", body, 207)
    assert (len(answer["results"]), answer["numErrors"]) == (1, 1)


async def test_removing_the_unlabelled_type_removes_the_labels(hubspot: HubSpotUnderTest) -> None:
    order = await hubspot.made("orders", hs_tags="x")
    contact = await hubspot.made("contacts", firstname="x")
    body = {"name": "buyer", "label": "Buyer", "inverseLabel": "Bought"}
    label = (await hubspot.post(f"{V4}/orders/contacts/labels", body, 200))["results"][0]
    typed = {"inputs": [pair(order, contact, label["typeId"], category="USER_DEFINED")]}
    await hubspot.post(f"{V4}/orders/contacts/batch/create", typed, 201)
    assert await ends(hubspot, "orders", order, "contacts") == {contact: [507, label["typeId"]]}

    plain = {"inputs": [pair(order, contact, 507)]}
    await hubspot.post(f"{V4}/orders/contacts/batch/labels/archive", plain, 204)

    assert await ends(hubspot, "orders", order, "contacts") == {}


async def test_a_type_is_looked_up_in_the_category_it_is_said_to_be_of(
    hubspot: HubSpotUnderTest,
) -> None:
    order = await hubspot.made("orders", hs_order_name="#1")
    contact = await hubspot.made("contacts", email="a@b.example")
    path = f"{DATED}/orders/contacts/batch/create"

    others = {"inputs": [pair(order, contact, 507, category="USER_DEFINED")]}
    (error,) = (await hubspot.post(path, others, 200))["errors"]
    unsaid = {"inputs": [{**pair(order, contact), "types": [{"associationTypeId": 507}]}]}
    await hubspot.post(path, unsaid, 400)
    no_such = {"inputs": [pair(order, contact, 507, category="HUBSPOT")]}
    await hubspot.post(path, no_such, 400)

    assert error["errors"][0]["code"] == "INVALID_ASSOCIATION_TYPE"
    assert await ends(hubspot, "orders", order, "contacts") == {}


async def test_removing_a_label_keeps_the_unlabelled_type(hubspot: HubSpotUnderTest) -> None:
    order = await hubspot.made("orders", hs_tags="x")
    contact = await hubspot.made("contacts", firstname="x")
    body = {"name": "buyer", "label": "Buyer"}
    label = (await hubspot.post(f"{V4}/orders/contacts/labels", body, 200))["results"][0]
    typed = {"inputs": [pair(order, contact, label["typeId"], category="USER_DEFINED")]}
    await hubspot.post(f"{V4}/orders/contacts/batch/create", typed, 201)
    await hubspot.post(f"{DATED}/orders/contacts/batch/labels/archive", typed, 200)
    assert await ends(hubspot, "orders", order, "contacts") == {contact: [507]}


async def test_batches_of_associations_have_limits_of_their_own(hubspot: HubSpotUnderTest) -> None:
    many = [pair("1", "2", 507)] * 2001
    await hubspot.post(f"{V4}/orders/contacts/batch/create", {"inputs": many}, 400)
    await hubspot.post(f"{V4}/orders/contacts/batch/create", {"inputs": many[:2000]}, 207)
    ids = [{"id": str(each)} for each in range(1001)]
    await hubspot.post(f"{V4}/orders/contacts/batch/read", {"inputs": ids}, 400)
    await hubspot.post(f"{V4}/orders/contacts/batch/read", {"inputs": ids[:1000]}, 207)
    froms = [{"from": each, "to": [{"id": "2"}]} for each in ids[:101]]
    await hubspot.post(f"{V4}/orders/contacts/batch/archive", {"inputs": froms}, 400)
    await hubspot.post(f"{V4}/orders/contacts/batch/archive", {"inputs": froms[:100]}, 204)


async def test_an_admin_can_cap_associations(hubspot: HubSpotUnderTest) -> None:
    await hubspot.put({"switches": {"association_caps": {"orders>contacts": 1}}})
    order = await hubspot.made("orders", hs_tags="x")
    contacts = [await hubspot.made("contacts", firstname=each) for each in "ab"]
    path = f"{NEW}/orders/{order}/associations/default/contacts/"
    statuses = [(await hubspot.http.put(path + each)).status_code for each in contacts]
    assert statuses == [200, 400]


async def test_long_lists_of_associations_are_paged(hubspot: HubSpotUnderTest) -> None:
    order = await hubspot.made("orders", hs_tags="x")
    made = []
    for start in range(0, 502, 100):
        inline = [{"to": {"id": order}, "types": pair("", "", 514)["types"]}]
        rows = [{"properties": {"name": "x"}, "associations": inline}] * min(100, 502 - start)
        body = {"inputs": rows}
        made += (await hubspot.post(f"{NEW}/line_items/batch/create", body, 201))["results"]
    path = f"/crm/v4/objects/orders/{order}/associations/line_items"
    first = (await hubspot.http.get(path)).json()
    rest = await hubspot.http.get(path, params={"after": first["paging"]["next"]["after"]})
    assert (len(first["results"]), len(rest.json()["results"])) == (500, 2)


async def test_archived_records_are_not_shown_as_associated(hubspot: HubSpotUnderTest) -> None:
    order = await hubspot.made("orders", hs_tags="x")
    contact = await hubspot.made("contacts", firstname="x")
    path = f"{NEW}/orders/{order}/associations/default/contacts/{contact}"
    await hubspot.http.put(path)
    await hubspot.http.delete(f"{NEW}/contacts/{contact}")
    assert await ends(hubspot, "orders", order, "contacts") == {}


async def test_one_association_is_typed_by_put_and_removed_by_delete(
    hubspot: HubSpotUnderTest,
) -> None:
    order = await hubspot.made("orders", hs_tags="x")
    contact = await hubspot.made("contacts", firstname="x")
    path = f"{NEW}/orders/{order}/associations/contacts/{contact}"
    specs = pair("", "", 507)["types"]
    assert (await hubspot.http.put(path, json=specs)).status_code == 201
    assert (await hubspot.http.delete(path)).status_code == 204
    assert await ends(hubspot, "orders", order, "contacts") == {}
