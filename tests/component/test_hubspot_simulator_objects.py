"""Writing and reading HubSpot's objects: facts 2.3 and 2.4."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from sandbox.hubspot.catalogue import DEFAULT_PIPELINE
from tests.support.hubspot_account import HubSpotUnderTest, codes, hubspot_under_test, rows

V3 = "/crm/v3/objects"
NEW = "/crm/objects/2026-09"
FAMILIES = (V3, "/crm/objects/2026-03", NEW)


@pytest.fixture
async def hubspot() -> AsyncIterator[HubSpotUnderTest]:
    async with hubspot_under_test() as found:
        yield found


async def unique(hubspot: HubSpotUnderTest, kind: str, name: str = "sync_key") -> str:
    group = next(iter(hubspot.account.schemas[kind].groups))
    body = {"name": name, "label": "Key", "type": "string", "fieldType": "text", "groupName": group}
    path = f"/crm/properties/2026-09/{kind}"
    await hubspot.post(path, {**body, "hasUniqueValue": True}, 201)
    return name


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


@pytest.mark.parametrize(
    ("kind", "properties", "code"),
    [
        ("orders", {"hs_is_closed": "true"}, ("READ_ONLY_VALUE", "hs_is_closed")),
        ("orders", {"hs_closed_date": "2026-01-01"}, ("READ_ONLY_VALUE", "hs_closed_date")),
        ("products", {"hs_bundle_type": "fixed"}, ("READ_ONLY_VALUE", "hs_bundle_type")),
        ("products", {"hs_product_id": "1"}, ("PROPERTY_DOESNT_EXIST", "hs_product_id")),
        ("products", {"hs_product_type": "Tea"}, ("INVALID_OPTION", "hs_product_type")),
        ("contacts", {"email": "nonsense"}, ("INVALID_EMAIL", "email")),
        ("orders", {"hs_total_price": "1e3"}, ("INVALID_INTEGER", "hs_total_price")),
        ("orders", {"hs_total_price": " 1"}, ("INVALID_INTEGER", "hs_total_price")),
        ("orders", {"hs_processed_date": "today"}, ("INVALID_LONG", "hs_processed_date")),
        (
            "orders",
            {"hs_buyer_accepts_marketing": "y"},
            ("INVALID_OPTION", "hs_buyer_accepts_marketing"),
        ),
        (
            "line_items",
            {"hs_recurring_billing_start_date": "2026-01-01T10:00:00Z"},
            ("INVALID_DATE", "hs_recurring_billing_start_date"),
        ),
        ("orders", {"hs_pipeline_stage": "shipped"}, ("INVALID_OPTION", "hs_pipeline_stage")),
        ("carts", {"hs_currency_code": "SEK"}, ("INVALID_OPTION", "hs_currency_code")),
    ],
)
async def test_a_value_that_does_not_fit_is_refused_by_hubspots_code(
    hubspot: HubSpotUnderTest, kind: str, properties: dict[str, str], code: tuple[str, str]
) -> None:
    single = await hubspot.post(f"{NEW}/{kind}", {"properties": properties}, 400)
    batch = await hubspot.post(f"{NEW}/{kind}/batch/create", rows(properties), 201)

    assert codes(single) == [code]
    assert codes(batch["errors"][0]) == [code]
    assert batch["errors"][0]["context"]["objectWriteTraceId"] == ["t0"]


async def test_times_are_taken_in_iso_and_in_milliseconds(hubspot: HubSpotUnderTest) -> None:
    for said in ("2026-01-02T03:04:05+01:00", "1767319445000"):
        order = await hubspot.made("orders", hs_processed_date=said)
        read = await hubspot.properties("orders", order, "hs_processed_date")
        assert read == {"hs_processed_date": "2026-01-02T02:04:05.000Z"}


async def test_a_property_may_refuse_iso_times(hubspot: HubSpotUnderTest) -> None:
    await hubspot.put({"switches": {"epoch_only": ["hs_processed_date"]}})
    body = {"properties": {"hs_processed_date": "2026-01-02T03:04:05Z"}}
    refused = await hubspot.post(f"{NEW}/orders", body, 400)
    assert codes(refused) == [("INVALID_LONG", "hs_processed_date")]
    await hubspot.made("orders", hs_processed_date="1767319445000")


async def test_an_empty_text_clears_and_reads_as_null(hubspot: HubSpotUnderTest) -> None:
    product = await hubspot.made("products", name="Tea", description="Green")
    await hubspot.http.patch(f"{NEW}/products/{product}", json={"properties": {"description": ""}})
    read = await hubspot.properties("products", product, "name", "description")
    assert read == {"name": "Tea", "description": None}


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
    key = await unique(hubspot, "orders")
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
    await unique(hubspot, "orders")
    inputs = [{"id": "1", "idProperty": name, "properties": {}}]
    for verb in ("upsert", "update"):
        refused = await hubspot.post(f"{NEW}/orders/batch/{verb}", {"inputs": inputs}, 400)
        assert refused["message"] == (
            f"Unable to perform update/upsert by non-unique 0-123 property {name}"
        )


async def test_an_upsert_creates_then_updates_and_says_which(hubspot: HubSpotUnderTest) -> None:
    key = await unique(hubspot, "orders")
    row = {"id": "s/1", "idProperty": key, "properties": {"hs_tags": "a"}}
    one = await hubspot.post(f"{NEW}/orders/batch/upsert", {"inputs": [row]}, 200)
    two = await hubspot.post(f"{NEW}/orders/batch/upsert", {"inputs": [row]}, 200)
    assert [one["results"][0]["new"], two["results"][0]["new"]] == [True, False]
    assert one["results"][0]["id"] == two["results"][0]["id"]


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


async def test_a_contact_needs_an_email_or_a_name(hubspot: HubSpotUnderTest) -> None:
    await hubspot.post(f"{NEW}/contacts", {"properties": {"phone": "1"}}, 400)
    await hubspot.made("contacts", lastname="Né")


async def test_the_lifecycle_stage_moves_forward_unless_cleared(hubspot: HubSpotUnderTest) -> None:
    contact = await hubspot.made("contacts", firstname="A", lifecyclestage="customer")
    path = f"{NEW}/contacts/{contact}"
    for value, after in (("lead", "customer"), ("", None), ("lead", "lead")):
        await hubspot.http.patch(path, json={"properties": {"lifecyclestage": value}})
        read = await hubspot.properties("contacts", contact, "lifecyclestage")
        assert read == {"lifecyclestage": after}


async def test_a_line_item_refuses_a_currency_the_account_lacks(hubspot: HubSpotUnderTest) -> None:
    name = "hs_line_item_currency_code"
    for code, message in (
        ("CAD", "Provided line item currency CAD is not supported by portal"),
        ("dollars", "Provide a valid ISO currency code"),
    ):
        refused = await hubspot.post(f"{NEW}/line_items", {"properties": {name: code}}, 400)
        assert refused["errors"][0]["message"] == message
    await hubspot.put({"rates": {"CAD": "0.66"}})
    await hubspot.made("line_items", **{name: "CAD"})


async def test_an_order_may_take_a_currency_that_is_not_active(hubspot: HubSpotUnderTest) -> None:
    await hubspot.put({"switches": {"inactive_currency_refused": False}})
    await hubspot.made("orders", hs_currency_code="SEK")


async def test_a_line_item_forgets_its_external_id(hubspot: HubSpotUnderTest) -> None:
    line = await hubspot.made("line_items", hs_external_id="77", name="Tea")
    assert await hubspot.properties("line_items", line, "hs_external_id") == {
        "hs_external_id": None
    }


async def test_a_line_items_price_is_not_negative(hubspot: HubSpotUnderTest) -> None:
    await hubspot.post(f"{NEW}/line_items", {"properties": {"price": "-1"}}, 400)


async def test_amounts_of_a_line_are_computed(hubspot: HubSpotUnderTest) -> None:
    line = await hubspot.made("line_items", price="10.00", quantity="3", discount="1.50", tax="2")
    names = ("hs_pre_discount_amount", "amount", "hs_post_tax_amount")
    read = await hubspot.properties("line_items", line, *names)
    assert list(read.values()) == ["30.00", "25.50", "27.50"]


async def test_closing_and_cancelling_are_hubspots_to_compute(hubspot: HubSpotUnderTest) -> None:
    order = await hubspot.made("orders", hs_order_name="#1", hs_total_price="10")
    names = ("hs_is_closed", "hs_closed_date", "hs_is_canceled")
    assert list((await hubspot.properties("orders", order, *names)).values()) == [
        "false",
        None,
        "false",
    ]
    shipped = "aa99e8d0-c1d5-4071-b915-d240bbb1aed9"
    changed = {"hs_pipeline_stage": shipped, "hs_external_canceled_date": "2026-01-01T00:00:00Z"}
    await hubspot.http.patch(f"{NEW}/orders/{order}", json={"properties": changed})
    read = await hubspot.properties("orders", order, *names)
    assert read["hs_closed_date"].startswith("2026-11-24T12:00")
    assert (read["hs_is_closed"], read["hs_is_canceled"]) == ("true", "true")


async def test_contacts_have_another_modified_date_than_the_rest(hubspot: HubSpotUnderTest) -> None:
    contact = await hubspot.made("contacts", firstname="A")
    product = await hubspot.made("products", name="A")
    await hubspot.clock.sleep(60)
    for path in (f"{NEW}/contacts/{contact}", f"{NEW}/products/{product}"):
        await hubspot.http.patch(path, json={"properties": {}})
    later = "2026-11-24T12:01:00.000Z"
    assert await hubspot.properties("contacts", contact, "lastmodifieddate") == {
        "lastmodifieddate": later
    }
    assert "hs_lastmodifieddate" not in hubspot.account.schemas["contacts"].properties
    assert await hubspot.properties("products", product, "hs_lastmodifieddate") == {
        "hs_lastmodifieddate": later
    }


async def test_a_batch_read_names_what_it_cannot_find(hubspot: HubSpotUnderTest) -> None:
    contact = await hubspot.made("contacts", email="a@b.co")
    body = {"inputs": [{"id": "a@b.co"}, {"id": "x@b.co"}], "idProperty": "email"}
    read = await hubspot.post(f"{V3}/contacts/batch/read", {**body, "properties": ["phone"]}, 207)
    assert [each["id"] for each in read["results"]] == [contact]
    assert read["results"][0]["properties"]["phone"] is None
    assert read["errors"][0]["context"]["ids"] == ["x@b.co"]
    assert "associations" not in read["results"][0]


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
    key = await unique(hubspot, "orders")
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
    key = await unique(hubspot, "carts")
    cart = await hubspot.made("carts", sync_key="s/1")
    path = f"{NEW}/carts/s%2F1"
    changed = await hubspot.http.patch(
        path, params={"idProperty": key}, json={"properties": {"hs_tags": "x"}}
    )
    read = await hubspot.http.get(path, params={"idProperty": key})
    assert (changed.json()["id"], read.json()["id"]) == (cart, cart)


async def test_a_custom_key_may_not_identify_contacts(hubspot: HubSpotUnderTest) -> None:
    key = await unique(hubspot, "contacts")
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


@pytest.mark.parametrize(
    "path",
    ["/crm/v3/objects/deals", "/crm/objects/2025-09/orders", "/crm/v3/lists", "/cms/v3/pages"],
)
async def test_what_is_not_served_is_refused_loudly_and_counted(
    hubspot: HubSpotUnderTest, path: str
) -> None:
    refused = await hubspot.http.get(path)
    assert refused.status_code == 501
    assert "does not serve" in refused.json()["message"]
    unserved = (await hubspot.http.get("/_sandbox/calls")).json()["unserved"]
    assert sum(unserved.values()) == 1


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (f"{NEW}/products", "propertiesWithHistory"),
        ("/crm/properties/2026-09/orders", "locale"),
        ("/crm/properties/2026-09/orders/hs_tags", "dataSensitivity"),
        ("/settings/currencies/2026-09/exchange-rates", "fromCurrencyCode"),
    ],
)
async def test_a_query_that_would_be_passed_over_is_not_served(
    hubspot: HubSpotUnderTest, path: str, query: str
) -> None:
    assert (await hubspot.http.get(path)).status_code == 200
    refused = await hubspot.http.get(path, params={query: "x"})
    assert refused.status_code == 501
    assert query in refused.json()["message"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        (
            "POST",
            f"{NEW}/products/batch/read",
            {"inputs": [{"id": "1"}], "propertiesWithHistory": ["name"]},
        ),
        (
            "POST",
            "/crm/properties/2026-09/orders/batch/read",
            {"inputs": [{"name": "hs_tags"}], "dataSensitivity": "sensitive"},
        ),
        ("PATCH", f"/crm/pipelines/2026-09/orders/{DEFAULT_PIPELINE}", {"archived": True}),
        ("POST", f"{NEW}/products/merge", {"primaryObjectId": "1", "objectIdToMerge": "2"}),
    ],
)
async def test_a_wish_that_would_be_passed_over_is_not_served(
    hubspot: HubSpotUnderTest, method: str, path: str, body: dict[str, Any]
) -> None:
    refused = await hubspot.http.request(method, path, json=body)
    assert refused.status_code == 501
    assert "does not serve" in refused.json()["message"]


async def test_history_is_not_served(hubspot: HubSpotUnderTest) -> None:
    query = {"propertiesWithHistory": "name"}
    product = await hubspot.made("products", name="x")
    answer = await hubspot.http.get(f"{NEW}/products/{product}", params=query)
    assert answer.status_code == 501
