"""What the simulator makes of values: refused, cleared, computed, forgotten."""

import pytest

from tests.support.hubspot_account import HubSpotUnderTest, codes, rows

NEW = "/crm/objects/2026-09"


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
