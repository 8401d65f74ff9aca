"""What each form makes of Shopify's fields, written out by hand from the facts."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from sandbox.expected.forms import (
    Surroundings,
    Value,
    agree,
    at,
    expected_value,
    found_value,
)
from sandbox.expected.tables import Row, tables

SHOP = "acme.myshopify.com"


def row(table: str, name: str) -> Row:
    return next(each for each in tables()[table] if each.property == name)


def expected(
    table: str, name: str, record: dict[str, Any], around: Surroundings | None = None
) -> Value:
    return expected_value(row(table, name), record, around or Surroundings())


@pytest.mark.parametrize(
    ("name", "record", "value"),
    [
        ("hs_payment_status", {"financial_status": "partially_paid"}, "Partially paid"),
        ("hs_payment_status", {"financial_status": None}, None),
        ("shopify_financial_status", {"financial_status": "partially_paid"}, "partially_paid"),
        ("hs_fulfillment_status", {"fulfillment_status": None}, "Unfulfilled"),
        ("hs_fulfillment_status", {"fulfillment_status": "partial"}, "Partially fulfilled"),
        ("hs_cancellation_reason", {"cancel_reason": "inventory"}, "Items unavailable"),
        ("hs_cancellation_reason", {"cancel_reason": None}, None),
        ("hs_external_order_status", {"cancelled_at": "x", "closed_at": "x"}, "cancelled"),
        ("hs_external_order_status", {"cancelled_at": None, "closed_at": "x"}, "closed"),
        ("hs_external_order_status", {"cancelled_at": None, "closed_at": None}, "open"),
        ("hs_discount_codes", {"discount_codes": [{"code": "A"}, {"code": "B"}]}, ("A", "B")),
        ("hs_discount_codes", {"discount_codes": []}, None),
        ("hs_tags", {"tags": "vip, gift"}, frozenset({"gift", "vip"})),
        ("hs_refund_amount", {"refunds": []}, Decimal(0)),
        ("hs_buyer_accepts_marketing", {"buyer_accepts_marketing": False}, "false"),
        ("hs_order_note", {"note": "  "}, None),
        ("hs_external_order_id", {"id": 820982911946154508}, "820982911946154508"),
        ("shopify_sync_key", {"shop": SHOP, "id": 7}, f"{SHOP}/7"),
        ("hs_shipping_address_city", {"shipping_address": None}, None),
        (
            "hs_shipping_address_street",
            {"shipping_address": {"address1": "1 Main", "address2": "Apt. 4"}},
            "1 Main, Apt. 4",
        ),
        (
            "hs_external_created_date",
            {"created_at": "2026-11-24T01:00:00+02:00"},
            datetime(2026, 11, 23, 23, tzinfo=UTC),
        ),
    ],
)
def test_an_orders_field_becomes(name: str, record: dict[str, Any], value: Value) -> None:
    assert expected("orders", name, record) == value


def test_only_successful_refund_transactions_count() -> None:
    transactions = [
        {"kind": "refund", "status": "success", "amount": "4.50"},
        {"kind": "refund", "status": "failure", "amount": "9.00"},
        {"kind": "void", "status": "success", "amount": "1.00"},
    ]
    record = {"refunds": [{"transactions": transactions}, {"transactions": transactions[:1]}]}

    assert expected("orders", "hs_refund_amount", record) == Decimal("9.00")


@pytest.mark.parametrize(
    ("cancelled", "fulfillment", "financial", "shipments", "stage"),
    [
        ("2026-11-24", "fulfilled", "paid", ["delivered"], "3c85a297-e9ce-400b-b42e-9f16853d69d6"),
        (None, "fulfilled", "paid", ["delivered"], "3725360f-519b-4b18-a593-494d60a29c9f"),
        (None, "fulfilled", "paid", ["delivered", None], "aa99e8d0-c1d5-4071-b915-d240bbb1aed9"),
        (None, "fulfilled", "pending", [], "aa99e8d0-c1d5-4071-b915-d240bbb1aed9"),
        (None, "partial", "refunded", [], "937ea84d-0a4f-4dcf-9028-3f9c2aafbf03"),
        (None, None, "paid", [], "937ea84d-0a4f-4dcf-9028-3f9c2aafbf03"),
        (None, None, "authorized", [], "4b27b500-f031-4927-9811-68a0b525cbae"),
    ],
)
def test_the_first_stage_that_matches_is_the_orders(
    cancelled: str | None,
    fulfillment: str | None,
    financial: str,
    shipments: list[str | None],
    stage: str,
) -> None:
    sent = [{"status": "success", "shipment_status": each} for each in shipments]
    record = {
        "cancelled_at": cancelled,
        "fulfillment_status": fulfillment,
        "financial_status": financial,
        "fulfillments": [*sent, {"status": "cancelled", "shipment_status": None}],
    }

    assert expected("orders", "hs_pipeline_stage", record) == stage


def test_a_lines_discount_is_its_allocations_by_its_original_quantity() -> None:
    line = {
        "quantity": 3,
        "current_quantity": 2,
        "discount_allocations": [{"amount": "5.00"}, {"amount": "5.00"}],
        "tax_lines": [{"price": "1.10"}, {"price": "0.15"}],
    }

    assert expected("line_items", "discount", {"line": line}) == Decimal("3.333333")
    assert expected("line_items", "tax", {"line": line}) == Decimal("1.25")
    assert expected("line_items", "quantity", {"line": line}) == Decimal(2)


def test_a_currency_the_account_lacks_is_left_out_and_noted() -> None:
    around = Surroundings(currencies=frozenset({"EUR"}))

    assert expected("orders", "hs_currency_code", {"currency": "SEK"}, around) is None
    assert expected("orders", "shopify_currency_note", {"currency": "SEK"}, around) == "SEK"
    assert expected("orders", "hs_currency_code", {"currency": "EUR"}, around) == "EUR"
    assert expected("orders", "shopify_currency_note", {"currency": "EUR"}, around) is None


def test_a_variant_is_named_after_its_product_and_itself() -> None:
    shirt = {"title": "Shirt", "handle": "shirt", "status": "active", "published_at": "2026-01-01"}
    small = {"id": 5, "title": "S / Blue"}
    only = {"id": 5, "title": "Default Title"}

    def shown(name: str, variant: dict[str, Any]) -> Value:
        return expected("products", name, {"shop": SHOP, "product": shirt, "variant": variant})

    assert shown("name", small) == "Shirt – S / Blue"  # noqa: RUF001 - the dash is meant
    assert shown("name", only) == "Shirt"
    assert shown("shopify_variant_title", only) is None
    assert shown("hs_url", small) == f"https://{SHOP}/products/shirt?variant=5"
    assert shown("hs_url", only) == f"https://{SHOP}/products/shirt"
    shirt["published_at"] = ""
    assert shown("hs_url", only) is None


def test_a_description_is_compared_by_its_letters() -> None:
    body = "<h2>Soft</h2><style>p{}</style><p>Wool &amp;<br>silk&nbsp;</p>"
    description = row("products", "description")
    shows = found_value(description, "Soft Wool &\nsilk")

    assert agree(
        description,
        expected_value(description, {"product": {"body_html": body}}, Surroundings()),
        shows,
    )


def test_a_variants_own_image_comes_before_its_products() -> None:
    images = [{"id": 1, "src": "https://cdn/1.jpg"}, {"id": 2, "src": "https://cdn/2.jpg"}]
    product = {"images": images}

    def image(variant: dict[str, Any], of: dict[str, Any] = product) -> Value:
        return expected("products", "hs_images", {"product": of, "variant": variant})

    assert image({"image_id": 2}) == "https://cdn/2.jpg"
    assert image({"image_id": None}) == "https://cdn/1.jpg"
    assert image({"image_id": None}, {"images": []}) is None


def test_a_line_points_at_the_live_product_or_an_archived_one_or_none() -> None:
    product = row("line_items", "hs_product_id")
    record = {"shop": SHOP, "line": {"variant_id": 5}}
    key = f"{SHOP}/5"
    live = Surroundings(product_ids={key: frozenset({"11"})})
    archived = Surroundings(archived_product_ids={key: frozenset({"12"})})

    assert agree(product, expected_value(product, record, live), "11")
    assert not agree(product, expected_value(product, record, live), None)
    assert agree(product, expected_value(product, record, archived), "12")
    assert agree(product, expected_value(product, record, archived), None)
    assert not agree(product, expected_value(product, record, archived), "11")


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("hs_total_price", "12.5", "12.50"),
        ("hs_external_created_date", "2026-11-24T00:00:00.000Z", "1795478400000"),
        ("hs_tags", "b, a", "a,b"),
    ],
)
def test_values_are_compared_by_meaning(name: str, one: str, other: str) -> None:
    found = row("orders", name)

    assert found_value(found, one) == found_value(found, other)


def test_what_cannot_be_read_is_a_value_like_any_other() -> None:
    assert found_value(row("orders", "hs_total_price"), "many") == "many"
    assert found_value(row("orders", "hs_external_created_date"), "today") == "today"


def test_blank_will_do_only_for_what_not_everybody_knows() -> None:
    landing, name = row("orders", "hs_landing_site"), row("orders", "hs_order_name")

    assert agree(landing, "/", None)
    assert not agree(landing, "/", "/other")
    assert not agree(name, "#1001", None)


def test_paths_run_through_lists_and_over_gaps() -> None:
    record = {"a": [{"b": [1, 2]}, {"b": None}, {}], "c": None}

    assert at(record, "a[].b[]") == [1, 2]
    assert at(record, "a[].c") == [None, None, None]
    assert at(record, "c.d.e") is None
    assert at(record, "x[].y[]") == []
