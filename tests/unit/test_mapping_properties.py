"""What HubSpot gets for a record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.shared.contract.records import Record, Value
from services.shared.hubspot.account import Pipeline, PropertyInfo, Stage
from services.shared.hubspot.schema import CUSTOM_PROPERTIES, definition
from services.shared.shopify.catalogue.kinds import CATALOGUE
from services.syncer.mapping.applying import LONGEST, compiled, mapped, properties_for
from services.syncer.mapping.converters import FROM_VALUE, FROM_VALUES
from services.syncer.mapping.defaults import CART_LINE_ITEMS, DEFAULTS, GUEST_CONTACT
from services.syncer.mapping.parts import parts_to_write
from services.syncer.mapping.people import (
    email_in,
    has_contact_information,
    is_guest,
    person_in,
)
from services.syncer.mapping.plain_text import text_in
from services.syncer.mapping.rows import Context, Dropped, Row
from services.syncer.mapping.stages import DEFAULT_STAGES, stages_in

_SHOP = "acme.myshopify.com"
_CONTEXT = Context(shop=_SHOP)
_MOMENT = datetime(2026, 11, 24, tzinfo=UTC)
_FIELDS = {
    "contacts": ("customers", None),
    "products": ("products parts", "products"),
    "orders": ("orders", None),
    "line_items": ("orders parts", "orders"),
    "carts": ("checkouts", None),
    CART_LINE_ITEMS: ("checkouts parts", "checkouts"),
}


def record(**fields: Value) -> Record:
    return Record(kind="orders", id="1", fields=fields)


def written(
    mapping: str, fields: Mapping[str, Value], context: Context = _CONTEXT
) -> dict[str, str]:
    return properties_for(record(**fields), compiled(DEFAULTS[mapping], None), context)


def names_of(table: str) -> set[str]:
    kind = CATALOGUE[table.partition(" ")[0]]
    fields = kind.parts.fields if table.endswith("parts") and kind.parts else kind.fields
    return {each.name for each in fields}


@pytest.mark.parametrize("mapping", DEFAULTS)
def test_every_row_reads_fields_of_the_catalogue_and_has_a_converter(mapping: str) -> None:
    own, parent = _FIELDS[mapping]
    for row in DEFAULTS[mapping]:
        assert row.converter in FROM_VALUE.keys() | FROM_VALUES.keys()
        assert row.sources or row.converter in FROM_VALUES
        for source in row.sources:
            table, name = (parent, source[7:]) if source.startswith("parent.") else (own, source)
            assert name in names_of(str(table)), source


@pytest.mark.parametrize("mapping", DEFAULTS)
def test_every_property_is_written_once(mapping: str) -> None:
    targets = [row.target for row in DEFAULTS[mapping]]

    assert len(targets) == len(set(targets))


@pytest.mark.parametrize("mapping", DEFAULTS)
def test_every_property_of_ours_is_in_the_group(mapping: str) -> None:
    hubspot_type = "line_items" if mapping == CART_LINE_ITEMS else mapping
    ours = {row.target for row in DEFAULTS[mapping] if row.target.startswith("shopify_")}

    assert ours == {each.name for each in CUSTOM_PROPERTIES[hubspot_type]}


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
        ({"id": "9"}, "shopify_sync_key", f"{_SHOP}/9"),
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
    ("cancelled", "fulfillment", "financial", "delivered", "stage"),
    [
        (_MOMENT, "fulfilled", "paid", True, "cancelled"),
        (None, "fulfilled", "pending", True, "delivered"),
        (None, "fulfilled", "paid", False, "shipped"),
        (None, "partial", "paid", False, "processed"),
        (None, None, "partially_refunded", True, "processed"),
        (None, None, "refunded", False, "processed"),
        (None, None, "partially_paid", False, "open"),
        (None, None, None, False, "open"),
    ],
)
def test_the_first_stage_rule_that_holds_wins(
    cancelled: Value, fulfillment: Value, financial: Value, delivered: Value, stage: str
) -> None:
    properties = written(
        "orders",
        {
            "cancelled_at": cancelled,
            "fulfillment_status": fulfillment,
            "financial_status": financial,
            "is_delivered": delivered,
        },
    )

    assert properties["hs_pipeline_stage"] == getattr(DEFAULT_STAGES, stage)
    assert properties["hs_pipeline"] == DEFAULT_STAGES.pipeline


def account_stages(*ids: str) -> Pipeline:
    stages = [Stage(id=each, label="Renamed", is_closed=False) for each in ids]
    return Pipeline(id=DEFAULT_STAGES.pipeline, label="Renamed", stages=stages)


def test_an_account_without_delivered_shows_the_delivered_as_shipped() -> None:
    found = stages_in([account_stages(DEFAULT_STAGES.open, DEFAULT_STAGES.shipped)])

    assert found.delivered == found.shipped == DEFAULT_STAGES.shipped
    assert found.processed == ""


def test_an_account_without_the_pipeline_gets_no_stage() -> None:
    other = Pipeline(
        id="1627093225",
        label="Order Pipeline",
        stages=[Stage(id=DEFAULT_STAGES.open, label="Open", is_closed=False)],
    )
    fields = dict.fromkeys(
        ("cancelled_at", "fulfillment_status", "financial_status", "is_delivered")
    )

    properties = written("orders", fields, Context(shop=_SHOP, stages=stages_in([other])))

    assert not {"hs_pipeline", "hs_pipeline_stage"} & properties.keys()


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
    properties = written("orders", {"currency": "USD"}, Context(shop=_SHOP, currencies=currencies))

    assert {name: value for name, value in properties.items() if "currency" in name} == expected


def test_a_line_item_knows_its_order_and_its_product() -> None:
    fields: dict[str, Value] = {
        "id": "7",
        "quantity": 3,
        "current_quantity": 2,
        "unit_discount": Decimal(2) / 3,
        "tax": None,
        "variant_id": "51",
    }
    context = Context(shop=_SHOP, parent={"currency": "EUR"}, products={"51": "9001"})

    properties = written("line_items", fields, context)

    assert properties == {
        "shopify_sync_key": f"{_SHOP}/7",
        "quantity": "2",
        "discount": "0.666667",
        "tax": "0",
        "hs_line_item_currency_code": "EUR",
        "hs_product_id": "9001",
        "shopify_variant_id": "51",
    }


def test_a_line_of_a_product_not_in_hubspot_has_no_link() -> None:
    assert written("line_items", {"variant_id": None})["hs_product_id"] == ""
    assert written("line_items", {"variant_id": "52"})["hs_product_id"] == ""


def test_a_line_of_a_cart_has_the_carts_key() -> None:
    context = Context(shop=_SHOP, parent={"id": "12", "currency": "USD"})

    properties = written(CART_LINE_ITEMS, {"id": "0af", "quantity": 2}, context)

    assert properties["shopify_sync_key"] == f"{_SHOP}/12/0af"
    assert properties["quantity"] == "2"


@pytest.mark.parametrize(("completed", "expected"), [(None, "abandoned"), (_MOMENT, "completed")])
def test_a_cart_says_whether_it_was_completed(completed: Value, expected: str) -> None:
    assert written("carts", {"completed_at": completed})["hs_external_status"] == expected


_PUBLISHED: dict[str, Value] = {
    "id": "5",
    "title": "Mug",
    "status": "active",
    "published_at": _MOMENT,
    "handle": "mug",
    "image_url": "https://cdn.example.com/mug.png",
    "body_html": "<p>Warm &amp; <b>soft</b></p><script>x()</script>",
}


@pytest.mark.parametrize(
    ("variant", "parent", "expected"),
    [
        (
            {"id": "51", "title": "Red", "image_url": None},
            _PUBLISHED,
            {
                "name": "Mug \u2013 Red",
                "hs_url": f"https://{_SHOP}/products/mug?variant=51",
                "shopify_variant_title": "Red",
                "hs_images": "https://cdn.example.com/mug.png",
                "description": "Warm & soft",
            },
        ),
        (
            {"id": "51", "title": "Default Title", "image_url": "https://cdn.example.com/a.png"},
            _PUBLISHED,
            {
                "name": "Mug",
                "hs_url": f"https://{_SHOP}/products/mug",
                "shopify_variant_title": "",
                "hs_images": "https://cdn.example.com/a.png",
            },
        ),
        ({"id": "51", "title": "Red"}, {**_PUBLISHED, "status": "draft"}, {"hs_url": ""}),
        ({"id": "51", "title": "Red"}, {**_PUBLISHED, "published_at": None}, {"hs_url": ""}),
    ],
)
def test_a_variant_becomes_a_product(
    variant: dict[str, Value], parent: dict[str, Value], expected: dict[str, str]
) -> None:
    properties = written("products", variant, Context(shop=_SHOP, parent=parent))

    assert {name: properties[name] for name in expected} == expected


def test_a_contact_falls_back_to_the_phone_of_the_address() -> None:
    fields: dict[str, Value] = {"phone": "", "address_phone": "+1555", "orders_count": None}

    properties = written("contacts", fields)

    assert properties["phone"] == "+1555"
    assert properties["shopify_orders_count"] == "0"


def test_rows_the_account_cannot_take_are_dropped_and_named() -> None:
    rows = [
        Row(target=name, converter="text", sources=("note",))
        for name in ("there", "missing", "closed", "archived")
    ]
    schema = {
        "there": PropertyInfo(name="there"),
        "closed": PropertyInfo(name="closed", is_writable=False),
        "archived": PropertyInfo(name="archived", is_archived=True),
    }

    found = compiled(rows, schema)

    assert found.dropped == (
        Dropped(target="missing", reason="missing"),
        Dropped(target="closed", reason="read_only"),
        Dropped(target="archived", reason="missing"),
    )
    assert properties_for(record(note="x"), found, _CONTEXT) == {"there": "x"}


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

    odd = mapped(record(financial_status="voided", note="x"), found, _CONTEXT)
    known = mapped(record(financial_status="paid", note=""), found, _CONTEXT)

    assert (odd.properties, odd.left_out) == ({}, ("status", "street"))
    assert (known.properties, known.left_out) == ({"status": "Paid", "street": ""}, ())


def test_a_value_that_cannot_be_said_is_left_out_and_named() -> None:
    found = compiled([Row(target="n", converter="number", sources=("note",))], None)

    assert mapped(record(note="many"), found, _CONTEXT).left_out == ("n",)


def test_a_text_is_cut_at_the_limit_and_no_character_in_two() -> None:
    found = compiled([Row(target="note", converter="text", sources=("note",))], None)

    plain = properties_for(record(note="x" * (LONGEST + 5)), found, _CONTEXT)["note"]
    wide = properties_for(record(note="x" + "\U0001f600" * LONGEST), found, _CONTEXT)["note"]

    assert len(plain) == LONGEST
    assert wide.endswith("\U0001f600")
    assert len(wide.encode("utf-16-le")) == 2 * (LONGEST - 1)


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("plain &amp; simple", "plain & simple"),
        ("<p>One</p><p>Two</p>", "One Two"),
        ("a<br>b<br/>c", "a b c"),
        ("<style>p{}</style><b>x</b>y", "xy"),
        ("<script>if (a < b) {}</script>z", "z"),
        ("<ul><li>1</li>\n<li>2</li></ul>", "1 2"),
        ("a &lt; b", "a < b"),
        ("<![bad <p>x</p>", "<![bad x"),
        ("", ""),
    ],
)
def test_html_becomes_text(markup: str, expected: str) -> None:
    assert text_in(markup) == expected


def test_lines_with_nothing_left_are_not_written() -> None:
    lines = [
        Record(kind="line_items", id=str(left), fields={"current_quantity": left})
        for left in (0, 1, 2)
    ]
    order = Record(kind="orders", id="1", fields={}, parts={"line_items": lines})

    assert [each.id for each in parts_to_write(order)] == ["1", "2"]
    assert parts_to_write(record()) == []


def test_a_guest_is_known_by_the_orders_email_and_address() -> None:
    order = record(
        email="Guest@Example.com",
        customer_id=None,
        billing_first_name="Ana",
        billing_city="Köln",
        shipping_city="Bonn",
    )

    person = person_in(order)

    assert is_guest(order)
    assert person is not None
    properties = properties_for(person, compiled(GUEST_CONTACT, None), _CONTEXT)
    assert properties["email"] == "guest@example.com"
    assert properties["firstname"] == "Ana"
    assert properties["city"] == "Köln"
    assert not [name for name in properties if name.startswith("shopify_")]


def test_a_customers_own_email_comes_before_the_orders() -> None:
    order = record(
        email="other@example.com",
        customer_id="9",
        customer_email="ana@example.com",
        customer_first_name="Ana",
        shipping_city="Bonn",
    )
    person = person_in(order)

    assert not is_guest(order)
    assert email_in(order) == "ana@example.com"
    assert person is not None
    assert person.id == "9"
    assert person.fields["address_city"] == "Bonn"


def test_nobody_is_in_an_order_without_email() -> None:
    order = record(email=None, phone="+1555")

    assert person_in(order) is None
    assert has_contact_information(order)
    assert not has_contact_information(record(email="", phone=None))


@pytest.mark.parametrize(("is_unique", "expected"), [(True, {"hasUniqueValue": True}), (False, {})])
def test_a_definition_asks_for_uniqueness_only_where_it_may(
    *, is_unique: bool, expected: dict[str, bool]
) -> None:
    key = CUSTOM_PROPERTIES["orders"][0]

    assert definition(key, is_unique=is_unique) == {
        "name": "shopify_sync_key",
        "label": "Shopify sync key",
        "type": "string",
        "fieldType": "text",
        "groupName": "shopify",
        **expected,
    }


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
    own, parent = _FIELDS[mapping]
    fields = data.draw(st.dictionaries(st.sampled_from(sorted(names_of(own))), _VALUES))
    above = data.draw(
        st.dictionaries(st.sampled_from(sorted(names_of(parent))), _VALUES)
        if parent
        else st.just({})
    )

    found = mapped(
        record(**fields), compiled(DEFAULTS[mapping], None), Context(shop=_SHOP, parent=above)
    )

    assert all(isinstance(value, str) for value in found.properties.values())
    assert not found.properties.keys() & set(found.left_out)


@given(markup=st.text(alphabet="<>![]/&;-pbr script\"'x", max_size=60))
def test_any_html_becomes_one_line(markup: str) -> None:
    found = text_in(markup)

    assert found == " ".join(found.split())
