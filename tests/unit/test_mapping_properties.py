"""What HubSpot gets for a record: each property, what is left out, what is named as dropped."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.shared.contract.records import Value
from services.shared.hubspot.account import PropertyInfo
from services.syncer.mapping.applying import compiled, mapped
from services.syncer.mapping.defaults import DEFAULTS
from services.syncer.mapping.rows import Context, Row
from tests.support.mapped_records import CONTEXT, SHOP, TABLES, names_of, record, written

_MOMENT = datetime(2026, 11, 24, tzinfo=UTC)


def test_what_is_unknown_is_left_out_and_what_is_empty_clears() -> None:
    properties = written("orders", {"note": None, "discount_codes": (), "name": "#1"})

    assert properties["hs_order_note"] == ""
    assert properties["hs_discount_codes"] == ""
    assert properties["hs_order_name"] == "#1"
    assert "hs_tags" not in properties
    assert "hs_pipeline_stage" not in properties


@pytest.mark.parametrize(
    ("fields", "target", "expected"),
    [
        ({"id": "9"}, "shopify_sync_key", f"{SHOP}/9"),
        ({"current_total_price": Decimal("12.50")}, "hs_total_price", "12.50"),
        ({"current_total_price": Decimal("1E+3")}, "hs_total_price", "1000.00"),
        ({"created_at": _MOMENT}, "hs_external_created_date", "2026-11-24T00:00:00.000Z"),
        ({"financial_status": "partially_paid"}, "hs_payment_status", "Partially paid"),
        ({"financial_status": "partially_paid"}, "shopify_financial_status", "partially_paid"),
        ({"fulfillment_status": None}, "hs_fulfillment_status", "Unfulfilled"),
        ({"fulfillment_status": "partial"}, "hs_fulfillment_status", "Partially fulfilled"),
        ({"fulfillment_status": "fulfilled"}, "hs_fulfillment_status", "Fulfilled"),
        ({"cancel_reason": "inventory"}, "hs_cancellation_reason", "Items unavailable"),
        ({"cancel_reason": "new_one"}, "hs_cancellation_reason", "New one"),
        ({"total_refunded": None}, "hs_refund_amount", "0"),
        ({"buyer_accepts_marketing": False}, "hs_buyer_accepts_marketing", "false"),
        ({"total_weight": 1133}, "hs_total_weight", "1133"),
        ({"tracking_numbers": ("a", "b", "a", "")}, "hs_shipping_tracking_number", "a, b"),
        ({"shipping_method": ("Fast", "Fast")}, "hs_shipping_method", "Fast, Fast"),
        ({"email": " Ana@Example.COM"}, "hs_billing_address_email", "ana@example.com"),
        (
            {"shipping_address1": "1 Main St", "shipping_address2": ""},
            "hs_shipping_address_street",
            "1 Main St",
        ),
        ({"cancelled_at": None, "closed_at": None}, "hs_external_order_status", "open"),
        ({"cancelled_at": None, "closed_at": _MOMENT}, "hs_external_order_status", "closed"),
        ({"cancelled_at": _MOMENT, "closed_at": _MOMENT}, "hs_external_order_status", "cancelled"),
    ],
)
def test_a_field_of_an_order_becomes(fields: dict[str, Value], target: str, expected: str) -> None:
    assert written("orders", fields)[target] == expected


@pytest.mark.parametrize(
    ("currencies", "expected"),
    [
        (frozenset({"USD"}), {"hs_currency_code": "USD", "shopify_currency_note": ""}),
        (frozenset({"EUR"}), {"shopify_currency_note": "USD"}),
        (None, {"hs_currency_code": "USD", "shopify_currency_note": ""}),
    ],
)
def test_a_currency_the_account_lacks_becomes_a_note(
    currencies: frozenset[str] | None, expected: dict[str, str]
) -> None:
    properties = written("orders", {"currency": "USD"}, Context(shop=SHOP, currencies=currencies))

    assert {name: value for name, value in properties.items() if "currency" in name} == expected


@pytest.mark.parametrize(("completed", "expected"), [(None, "abandoned"), (_MOMENT, "completed")])
def test_a_cart_says_whether_it_was_completed(completed: Value, expected: str) -> None:
    assert written("carts", {"completed_at": completed})["hs_external_status"] == expected


def test_a_value_that_is_no_option_is_left_out_and_named() -> None:
    rows = [
        Row(target="status", converter="label", sources=("financial_status",)),
        Row(target="street", converter="street", sources=("note",)),
    ]
    schema = {
        name: PropertyInfo(name=name, type="enumeration", options=frozenset({"Paid"}))
        for name in ("status", "street")
    }
    found = compiled(rows, schema)

    odd = mapped(record(financial_status="voided", note="x"), found, CONTEXT)
    known = mapped(record(financial_status="paid", note=""), found, CONTEXT)

    assert (odd.properties, odd.left_out) == ({}, ("status", "street"))
    assert (known.properties, known.left_out) == ({"status": "Paid", "street": ""}, ())


def test_a_value_that_cannot_be_said_is_left_out_and_named() -> None:
    found = compiled([Row(target="n", converter="number", sources=("note",))], None)

    assert mapped(record(note="many"), found, CONTEXT).left_out == ("n",)


_VALUES: st.SearchStrategy[Any] = (
    st.none()
    | st.text(max_size=20)
    | st.integers()
    | st.booleans()
    | st.decimals()
    | st.datetimes(timezones=st.just(UTC) | st.just(timezone(timedelta(hours=14))))
    | st.lists(st.text(max_size=4), max_size=3).map(tuple)
)


@given(mapping=st.sampled_from(sorted(DEFAULTS)), data=st.data())
def test_any_record_becomes_texts_or_names_what_cannot_be_said(
    mapping: str, data: st.DataObject
) -> None:
    own, parent = TABLES[mapping]
    fields = data.draw(st.dictionaries(st.sampled_from(sorted(names_of(own))), _VALUES))
    above = data.draw(
        st.dictionaries(st.sampled_from(sorted(names_of(parent))), _VALUES)
        if parent
        else st.just({})
    )

    found = mapped(
        record(**fields), compiled(DEFAULTS[mapping], None), Context(shop=SHOP, parent=above)
    )

    assert all(isinstance(value, str) for value in found.properties.values())
    assert not found.properties.keys() & set(found.left_out)
