"""The simulator's batches: what a call takes, what becomes of each row."""

from typing import Any

import pytest

from tests.support.hubspot_account import HubSpotUnderTest, codes, rows

V3 = "/crm/v3/objects"
NEW = "/crm/objects/2026-09"


async def test_a_batch_takes_100_inputs_and_refuses_101(hubspot: HubSpotUnderTest) -> None:
    one: Any = {"name": "x"}
    await hubspot.post(f"{NEW}/products/batch/create", rows(*[one] * 100), 201)
    refused = await hubspot.post(f"{NEW}/products/batch/create", rows(*[one] * 101), 400)
    assert refused["category"] == "VALIDATION_ERROR"
    assert len(hubspot.account.records["products"].by_id) == 100


async def test_a_batch_without_inputs_is_refused(hubspot: HubSpotUnderTest) -> None:
    bodies: list[Any] = [{}, {"inputs": []}, {"inputs": "all"}, {"inputs": ["x"]}]
    for body in bodies:
        await hubspot.post(f"{NEW}/products/batch/create", body, 400)


async def test_create_has_errors_by_row_only_with_unique_trace_ids(
    hubspot: HubSpotUnderTest,
) -> None:
    good, bad = {"name": "Tea"}, {"nope": "x"}
    path = f"{V3}/products/batch/create"

    whole = await hubspot.post(path, rows(good, bad, traced=False), 400)
    assert codes(whole) == [("PROPERTY_DOESNT_EXIST", "nope")]
    assert hubspot.account.records["products"].by_id == {}
    same = rows(good, bad)
    same["inputs"][1]["objectWriteTraceId"] = "t0"
    await hubspot.post(path, same, 400)

    by_row = await hubspot.post(path, rows(good, bad), 207)
    assert [each["objectWriteTraceId"] for each in by_row["results"]] == ["t0"]
    assert by_row["numErrors"] == 1
    assert by_row["errors"][0]["context"]["objectWriteTraceId"] == ["t1"]


@pytest.mark.parametrize(
    ("base", "create", "update"),
    [(V3, 207, 207), ("/crm/objects/2026-03", 207, 207), (NEW, 201, 200)],
)
async def test_the_status_of_a_partial_failure_is_the_versions(
    hubspot: HubSpotUnderTest, base: str, create: int, update: int
) -> None:
    product = await hubspot.made("products", name="Tea")
    await hubspot.post(f"{base}/products/batch/create", rows({"name": "x"}, {"no": "x"}), create)
    inputs = [{"id": product, "properties": {"name": "y"}}, {"id": "1", "properties": {}}]
    answer = await hubspot.post(f"{base}/products/batch/update", {"inputs": inputs}, update)
    assert answer["errors"][0]["category"] == "OBJECT_NOT_FOUND"
    assert answer["errors"][0]["context"]["ids"] == ["1"]


async def test_the_status_of_a_partial_failure_can_be_set(hubspot: HubSpotUnderTest) -> None:
    await hubspot.put({"switches": {"partial_failure_status": 200}})
    await hubspot.post(f"{V3}/products/batch/create", rows({"name": "x"}, {"no": "x"}), 200)


async def test_a_bad_row_can_fail_its_whole_update(hubspot: HubSpotUnderTest) -> None:
    await hubspot.put({"switches": {"rows_fail_batches": True}})
    first, second = [await hubspot.made("products", name=each) for each in "ab"]
    inputs = [
        {"id": first, "properties": {"name": "c"}},
        {"id": second, "properties": {"price": "x"}},
    ]
    refused = await hubspot.post(f"{NEW}/products/batch/update", {"inputs": inputs}, 400)
    assert codes(refused) == [("INVALID_INTEGER", "price")]
    assert await hubspot.properties("products", first, "name") == {"name": "a"}


async def test_one_record_twice_in_a_batch_fails_all_of_it(hubspot: HubSpotUnderTest) -> None:
    key = await hubspot.unique_property("orders")
    order = await hubspot.made("orders", sync_key="s/1", hs_tags="old")
    twice = [{"id": order, "properties": {"hs_tags": each}} for each in "ab"]
    await hubspot.post(f"{NEW}/orders/batch/update", {"inputs": twice}, 400)
    twice = [{"id": "s/2", "idProperty": key, "properties": {"hs_tags": each}} for each in "ab"]
    await hubspot.post(f"{NEW}/orders/batch/upsert", {"inputs": twice}, 400)
    assert await hubspot.properties("orders", order, "hs_tags") == {"hs_tags": "old"}
    assert len(hubspot.account.records["orders"].by_id) == 1


@pytest.mark.parametrize("name", ["hs_external_order_id", "hs_object_id", "nope"])
async def test_an_id_property_that_is_not_unique_fails_the_request(
    hubspot: HubSpotUnderTest, name: str
) -> None:
    await hubspot.unique_property("orders")
    inputs = [{"id": "1", "idProperty": name, "properties": {}}]
    for verb in ("upsert", "update"):
        refused = await hubspot.post(f"{NEW}/orders/batch/{verb}", {"inputs": inputs}, 400)
        assert refused["message"] == (
            f"Unable to perform update/upsert by non-unique 0-123 property {name}"
        )


async def test_an_upsert_creates_then_updates_and_says_which(hubspot: HubSpotUnderTest) -> None:
    key = await hubspot.unique_property("orders")
    row = {"id": "s/1", "idProperty": key, "properties": {"hs_tags": "a"}}
    one = await hubspot.post(f"{NEW}/orders/batch/upsert", {"inputs": [row]}, 200)
    two = await hubspot.post(f"{NEW}/orders/batch/upsert", {"inputs": [row]}, 200)
    assert [one["results"][0]["new"], two["results"][0]["new"]] == [True, False]
    assert one["results"][0]["id"] == two["results"][0]["id"]


async def test_two_rows_of_a_batch_cannot_take_one_email(hubspot: HubSpotUnderTest) -> None:
    body = rows({"email": "a@b.co"}, {"email": "A@b.co"})
    await hubspot.post(f"{NEW}/contacts/batch/create", body, 409)
    assert hubspot.account.records["contacts"].by_id == {}


async def test_a_partial_upsert_by_email_is_refused(hubspot: HubSpotUnderTest) -> None:
    contact = await hubspot.made("contacts", email="a@b.co", firstname="Ana", lastname="Né")
    row = {"id": "A@b.co", "idProperty": "email", "properties": {"firstname": "Anna"}}
    path = f"{NEW}/contacts/batch/upsert"
    refused = await hubspot.post(path, {"inputs": [row]}, 400)
    assert "Partial upserts are not supported when using email" in refused["message"]
    full = {**row, "properties": {"firstname": "Anna", "lastname": "Né"}}
    await hubspot.post(path, {"inputs": [full]}, 200)

    await hubspot.put({"switches": {"partial_email_upserts": "applied"}})
    await hubspot.post(path, {"inputs": [row]}, 200)
    assert await hubspot.properties("contacts", contact, "lastname") == {"lastname": "Né"}


async def test_a_batch_read_names_what_it_cannot_find(hubspot: HubSpotUnderTest) -> None:
    contact = await hubspot.made("contacts", email="a@b.co")
    body = {"inputs": [{"id": "a@b.co"}, {"id": "x@b.co"}], "idProperty": "email"}
    read = await hubspot.post(f"{V3}/contacts/batch/read", {**body, "properties": ["phone"]}, 207)
    assert [each["id"] for each in read["results"]] == [contact]
    assert read["results"][0]["properties"]["phone"] is None
    assert read["errors"][0]["context"]["ids"] == ["x@b.co"]
    assert "associations" not in read["results"][0]
