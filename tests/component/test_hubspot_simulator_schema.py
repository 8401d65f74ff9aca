"""Properties, groups, pipelines, limits, currencies and search, as the simulator has them."""

from typing import Any

import pytest

from tests.support.hubspot_account import HubSpotUnderTest, rows

NEW = "/crm/objects/2026-09"
PROPERTIES = "/crm/properties/2026-09"
PIPELINES = "/crm/pipelines/2026-09/orders"


def property_(name: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "label": name,
        "type": "string",
        "fieldType": "text",
        "groupName": "order_information",
        **more,
    }


@pytest.mark.parametrize("base", [PROPERTIES, "/crm/properties/2026-03", "/crm/v3/properties"])
async def test_every_property_says_whether_it_can_be_written(
    hubspot: HubSpotUnderTest, base: str
) -> None:
    listed = (await hubspot.http.get(f"{base}/orders")).json()["results"]
    read_only = {each["name"] for each in listed if each["modificationMetadata"]["readOnlyValue"]}
    assert {"hs_closed_date", "hs_is_closed", "hs_homecurrency_amount"} <= read_only
    assert not {"hs_external_order_id", "hs_pipeline_stage"} & read_only


async def test_a_taken_name_is_a_409_and_an_archived_one_is_restored(
    hubspot: HubSpotUnderTest,
) -> None:
    path = f"{PROPERTIES}/orders"
    await hubspot.post(path, property_("risk", label="Risk"), 201)
    taken = await hubspot.post(path, property_("risk"), 409)
    assert (taken["category"], taken["subCategory"]) == (
        "OBJECT_ALREADY_EXISTS",
        "Properties.PROPERTY_WITH_NAME_EXISTS",
    )
    assert (await hubspot.http.delete(f"{path}/risk")).status_code == 204
    assert (await hubspot.http.get(f"{path}/risk")).json()["category"] == "OBJECT_NOT_FOUND"
    restored = await hubspot.post(path, property_("risk", label="Other"), 201)
    assert (restored["label"], restored["archived"]) == ("Risk", False)


@pytest.mark.parametrize("missing", ["name", "label", "type", "fieldType", "groupName"])
async def test_a_property_needs_all_of_its_words(hubspot: HubSpotUnderTest, missing: str) -> None:
    body = {name: value for name, value in property_("risk").items() if name != missing}
    await hubspot.post(f"{PROPERTIES}/orders", body, 400)


@pytest.mark.parametrize("wrong", [{"type": "money"}, {"fieldType": "box"}, {"groupName": "x"}])
async def test_a_property_needs_known_words(
    hubspot: HubSpotUnderTest, wrong: dict[str, str]
) -> None:
    await hubspot.post(f"{PROPERTIES}/orders", property_("risk", **wrong), 400)


async def test_options_are_replaced_as_a_whole_or_kept(hubspot: HubSpotUnderTest) -> None:
    def option(value: str) -> dict[str, Any]:
        return {"label": value, "value": value, "displayOrder": 0, "hidden": False}

    body = property_("risk", type="enumeration", fieldType="select", options=[option("low")])
    await hubspot.post(f"{PROPERTIES}/orders", body, 201)
    path = f"{PROPERTIES}/orders/risk"
    kept = (await hubspot.http.patch(path, json={"label": "Risk"})).json()
    replaced = (await hubspot.http.patch(path, json={"options": [option("high")]})).json()
    assert [each["value"] for each in kept["options"]] == ["low"]
    assert [each["value"] for each in replaced["options"]] == ["high"]
    await hubspot.post(f"{NEW}/orders", {"properties": {"risk": "low"}}, 400)


async def test_ten_unique_properties_and_no_more(hubspot: HubSpotUnderTest) -> None:
    path = f"{PROPERTIES}/orders"
    for number in range(10):
        await hubspot.post(path, property_(f"key_{number}", hasUniqueValue=True), 201)
    await hubspot.post(path, property_("key_10", hasUniqueValue=True), 400)
    await hubspot.post(path, property_("plain"), 201)
    changed = await hubspot.http.patch(f"{path}/plain", json={"hasUniqueValue": True})
    assert changed.status_code == 400


async def test_unique_properties_can_be_refused_per_object(hubspot: HubSpotUnderTest) -> None:
    await hubspot.put({"switches": {"unique_properties": ["orders"]}})
    body = property_("key", hasUniqueValue=True, groupName="cart_information")
    await hubspot.post(f"{PROPERTIES}/carts", body, 400)
    body = property_("key", hasUniqueValue=True)
    await hubspot.post(f"{PROPERTIES}/orders", body, 201)


async def test_custom_properties_are_counted_and_limited(hubspot: HubSpotUnderTest) -> None:
    await hubspot.put({"switches": {"custom_property_limit": 1}})
    await hubspot.post(f"{PROPERTIES}/orders", property_("one"), 201)
    await hubspot.post(f"{PROPERTIES}/orders", property_("two"), 400)
    limits = (await hubspot.http.get("/crm/limits/2026-09/custom-properties")).json()
    orders = next(each for each in limits["byObjectType"] if each["objectTypeId"] == "0-123")
    assert (orders["limit"], orders["usage"], limits["overallUsage"]) == (1, 1, 1)


async def test_hubspots_own_properties_cannot_be_changed(hubspot: HubSpotUnderTest) -> None:
    path = f"{PROPERTIES}/orders/hs_tags"
    assert (await hubspot.http.patch(path, json={"label": "x"})).status_code == 400
    assert (await hubspot.http.delete(path)).status_code == 400


@pytest.mark.parametrize(("base", "status"), [(PROPERTIES, 200), ("/crm/v3/properties", 201)])
async def test_properties_are_made_and_read_in_batches(
    hubspot: HubSpotUnderTest, base: str, status: int
) -> None:
    body = {"inputs": [property_("one"), property_("two")]}
    await hubspot.post(f"{base}/orders/batch/create", body, status)
    names = {"inputs": [{"name": "one"}], "archived": False, "dataSensitivity": "non_sensitive"}
    read = await hubspot.post(f"{base}/orders/batch/read", names, 200)
    assert [each["name"] for each in read["results"]] == ["one"]
    await hubspot.post(f"{base}/orders/batch/archive", {"inputs": [{"name": "one"}]}, 204)
    assert (await hubspot.http.get(f"{base}/orders/one")).status_code == 404


@pytest.mark.parametrize(
    "wish", [{"dataSensitivity": "sensitive"}, {"referencedObjectType": "OWNER"}]
)
async def test_a_property_of_a_kind_that_is_not_simulated_is_refused(
    hubspot: HubSpotUnderTest, wish: dict[str, str]
) -> None:
    await hubspot.post(f"{PROPERTIES}/orders", property_("one") | wish, 501)
    assert (await hubspot.http.get(f"{PROPERTIES}/orders/one")).status_code == 404


async def test_groups_are_made_read_and_removed(hubspot: HubSpotUnderTest) -> None:
    path = f"{PROPERTIES}/orders/groups"
    body = {"name": "shopify", "label": "Shopify", "displayOrder": -1}
    await hubspot.post(path, body, 201)
    await hubspot.post(path, body, 409)
    await hubspot.post(f"{PROPERTIES}/orders", property_("one", groupName="shopify"), 201)
    assert (await hubspot.http.delete(f"{path}/shopify")).status_code == 400
    await hubspot.http.delete(f"{PROPERTIES}/orders/one")
    assert (await hubspot.http.get(f"{path}/shopify")).json()["label"] == "Shopify"
    assert (await hubspot.http.delete(f"{path}/shopify")).status_code == 204


@pytest.mark.parametrize("base", ["/crm/pipelines/2026-09", "/crm/v3/pipelines"])
async def test_the_default_order_pipeline_has_the_known_ids(
    hubspot: HubSpotUnderTest, base: str
) -> None:
    listed = (await hubspot.http.get(f"{base}/orders")).json()["results"]
    stages = {
        each["label"]: (each["id"], each["metadata"]["state"]) for each in listed[0]["stages"]
    }
    assert listed[0]["id"] == "14a2e10e-5471-408a-906e-c51f3b04369e"
    assert stages == {
        "Open": ("4b27b500-f031-4927-9811-68a0b525cbae", "OPEN"),
        "Processed": ("937ea84d-0a4f-4dcf-9028-3f9c2aafbf03", "CLOSED"),
        "Shipped": ("aa99e8d0-c1d5-4071-b915-d240bbb1aed9", "CLOSED"),
        "Delivered": ("3725360f-519b-4b18-a593-494d60a29c9f", "CLOSED"),
        "Cancelled": ("3c85a297-e9ce-400b-b42e-9f16853d69d6", "CLOSED"),
    }


async def test_pipelines_take_their_own_ids_and_are_a_matter_of_subscription(
    hubspot: HubSpotUnderTest,
) -> None:
    stage = {"label": "New", "displayOrder": 0, "metadata": {"state": "OPEN"}, "stageId": "11"}
    body = {"label": "B2B", "displayOrder": 1, "pipelineId": "1627093225", "stages": [stage]}
    made = await hubspot.post(PIPELINES, body, 201)
    assert (made["id"], made["stages"][0]["id"]) == ("1627093225", "11")
    order = await hubspot.made("orders", hs_pipeline="1627093225")
    read = await hubspot.properties("orders", order, "hs_pipeline_stage")
    assert read == {"hs_pipeline_stage": "11"}
    await hubspot.put({"switches": {"additional_pipelines": False}})
    await hubspot.post(PIPELINES, {**body, "pipelineId": "2"}, 403)
    await hubspot.post(PIPELINES, {"label": "x", "displayOrder": 1}, 403)


async def test_people_say_which_stages_are_closed(hubspot: HubSpotUnderTest) -> None:
    listed = (await hubspot.http.get(PIPELINES)).json()["results"][0]
    shipped = next(each["id"] for each in listed["stages"] if each["label"] == "Shipped")
    path = f"{PIPELINES}/{listed['id']}/stages/{shipped}"
    await hubspot.http.patch(path, json={"metadata": {"state": "OPEN"}, "label": "On its way"})
    order = await hubspot.made("orders", hs_pipeline_stage=shipped)
    assert await hubspot.properties("orders", order, "hs_is_closed") == {"hs_is_closed": "false"}


async def test_the_account_lists_its_currencies(hubspot: HubSpotUnderTest) -> None:
    details = (await hubspot.http.get("/account-info/2026-09/details")).json()
    company = (await hubspot.http.get("/settings/currencies/2026-09/company-currency")).json()
    rates = (await hubspot.http.get("/settings/v3/currencies/exchange-rates")).json()["results"]
    assert (details["companyCurrency"], details["additionalCurrencies"]) == ("EUR", ["USD", "GBP"])
    assert company["id"] == "EUR"
    assert [each["fromCurrencyCode"] for each in rates] == ["USD", "GBP"]


async def test_amounts_are_brought_home_by_the_rate(hubspot: HubSpotUnderTest) -> None:
    order = await hubspot.made("orders", hs_total_price="10.00", hs_currency_code="USD")
    read = await hubspot.properties("orders", order, "hs_exchange_rate", "hs_homecurrency_amount")
    assert read == {"hs_exchange_rate": "0.92", "hs_homecurrency_amount": "9.2000"}


def query(*filters: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"filterGroups": [{"filters": list(filters)}] if filters else [], **more}


async def test_search_filters_sorts_and_pages(hubspot: HubSpotUnderTest) -> None:
    prices = {"a": "9", "b": "10", "c": "2.50"}
    ids = [await hubspot.made("products", name=name, price=prices[name]) for name in prices]
    path = f"{NEW}/products/search"

    async def found(*filters: dict[str, Any], **more: Any) -> list[str]:
        await hubspot.clock.sleep(1)
        answer = await hubspot.post(path, query(*filters, **more), 200)
        return [each["id"] for each in answer["results"]]

    price: dict[str, Any] = {"propertyName": "price"}
    assert await found({**price, "operator": "GT", "value": "1"}, limit=2) == ids[:2]
    assert await found({**price, "operator": "IN", "values": ["9.0", "2.5"]}) == [ids[0], ids[2]]
    assert await found({"propertyName": "name", "operator": "EQ", "value": "b"}) == [ids[1]]
    assert await found({"propertyName": "hs_sku", "operator": "HAS_PROPERTY"}) == []
    assert await found({"propertyName": "hs_sku", "operator": "NOT_HAS_PROPERTY"}) == ids
    assert await found(sorts=["-name"]) == ids[::-1]
    assert await found(after="2") == [ids[2]]
    assert await found(query="b") == [ids[1]]


async def test_search_refuses_what_is_beyond_its_limits(hubspot: HubSpotUnderTest) -> None:
    one = {"propertyName": "name", "operator": "EQ", "value": "x"}
    refused: list[dict[str, Any]] = [
        {"limit": 201},
        {"after": "x"},
        {"after": "9990", "limit": 11},
        {"sorts": ["name", "price"]},
        {"filterGroups": [{"filters": [one]}] * 6},
        {"filterGroups": [{"filters": [one] * 7}]},
        {"filterGroups": [{"filters": [one] * 6}] * 3 + [{"filters": [one]}]},
        {"query": "x" * 3000},
        query({"propertyName": "nope", "operator": "EQ", "value": "x"}),
        query({"propertyName": "name", "operator": "LIKE", "value": "x"}),
    ]
    for body in refused:
        await hubspot.post(f"{NEW}/products/search", body, 400)
        await hubspot.clock.sleep(1)


async def test_search_stops_at_ten_thousand(hubspot: HubSpotUnderTest) -> None:
    hubspot.account.quota.lifted = True
    for _ in range(101):
        await hubspot.post(f"{NEW}/products/batch/create", rows(*[{"name": "x"}] * 100), 201)
    last = await hubspot.post(f"{NEW}/products/search", {"after": "9800", "limit": 200}, 200)
    assert (last["total"], len(last["results"])) == (10_100, 200)
    assert last["paging"]["next"]["after"] == "10000"
    await hubspot.post(f"{NEW}/products/search", {"after": "10000", "limit": 1}, 400)


async def test_search_lags_and_never_shows_archived_records(hubspot: HubSpotUnderTest) -> None:
    await hubspot.put({"switches": {"search_lag_seconds": 5}})
    path = f"{NEW}/products/search"
    product = await hubspot.made("products", name="old")

    async def names() -> list[str]:
        answer = await hubspot.post(path, {"properties": ["name"]}, 200)
        return [each["properties"]["name"] for each in answer["results"]]

    assert await names() == []
    await hubspot.clock.sleep(5)
    assert await names() == ["old"]
    await hubspot.http.patch(f"{NEW}/products/{product}", json={"properties": {"name": "new"}})
    assert await names() == ["old"]
    await hubspot.clock.sleep(5)
    assert await names() == ["new"]
    await hubspot.http.delete(f"{NEW}/products/{product}")
    await hubspot.clock.sleep(5)
    assert await names() == []
