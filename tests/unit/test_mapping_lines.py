"""What HubSpot gets for the parts of a record: lines of orders and carts, variants."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from services.shared.contract.records import Record, Value
from services.syncer.mapping.defaults import CART_LINE_ITEMS
from services.syncer.mapping.parts import parts_to_write
from services.syncer.mapping.rows import Context
from tests.support.mapped_records import SHOP, record, written

_MOMENT = datetime(2026, 11, 24, tzinfo=UTC)


def test_a_line_item_knows_its_order_and_its_product() -> None:
    fields: dict[str, Value] = {
        "id": "7",
        "quantity": 3,
        "current_quantity": 2,
        "unit_discount": Decimal(2) / 3,
        "tax": None,
        "variant_id": "51",
    }
    context = Context(shop=SHOP, parent={"currency": "EUR"}, products={"51": "9001"})

    properties = written("line_items", fields, context)

    assert properties == {
        "shopify_sync_key": f"{SHOP}/7",
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
    context = Context(shop=SHOP, parent={"id": "12", "currency": "USD"})

    properties = written(CART_LINE_ITEMS, {"id": "0af", "quantity": 2}, context)

    assert properties["shopify_sync_key"] == f"{SHOP}/12/0af"
    assert properties["quantity"] == "2"


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
                "hs_url": f"https://{SHOP}/products/mug?variant=51",
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
                "hs_url": f"https://{SHOP}/products/mug",
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
    properties = written("products", variant, Context(shop=SHOP, parent=parent))

    assert {name: properties[name] for name in expected} == expected


def test_lines_with_nothing_left_are_not_written() -> None:
    lines = [
        Record(kind="line_items", id=str(left), fields={"current_quantity": left})
        for left in (0, 1, 2)
    ]
    order = Record(kind="orders", id="1", fields={}, parts={"line_items": lines})

    assert [each.id for each in parts_to_write(order)] == ["1", "2"]
    assert parts_to_write(record()) == []
