"""What webhook bodies and nodes say of sources, record by record."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import orjson
import pytest

from services.shared.contract.events import (
    Change,
    Origin,
)
from services.shared.shopify.ids import record_id_in
from tests.support.observed_payloads import CHECKOUT, ORDER, PRODUCT, observed


def test_an_order_is_a_state_with_all_its_lines() -> None:
    (found,) = observed("orders/updated", ORDER, "orders/820982911946154508")

    assert found.change is Change.STATE
    assert found.updated_at == datetime(2026, 11, 23, 15, tzinfo=UTC)
    assert found.record is not None
    assert found.record.complete_parts == {"line_items"}
    assert found.record.fields["current_total_price"] == Decimal("12.50")
    assert found.record.fields["customer_id"] is None
    assert found.record.fields["total_refunded"] == 0
    assert "email" not in found.record.fields
    (line,) = found.record.parts["line_items"]
    assert line.fields["unit_discount"] == Decimal(2) / 3
    assert line.fields["tax"] == Decimal("0.50")


@pytest.mark.parametrize("missing", ["updated_at", "line_items", "refunds"])
def test_an_order_without_what_decides_is_a_hint(missing: str) -> None:
    body = {name: value for name, value in ORDER.items() if name != missing}

    (found,) = observed("orders/updated", body, "orders/820982911946154508")

    assert found.change is Change.HINT


def test_only_successful_refunds_count() -> None:
    transactions = [
        {"kind": "refund", "status": "success", "amount": "2.50", "currency": "USD"},
        {"kind": "refund", "status": "failure", "amount": "9.00", "currency": "USD"},
        {"kind": "sale", "status": "success", "amount": "12.50", "currency": "USD"},
    ]
    body = {**ORDER, "refunds": [{"transactions": transactions}]}

    (found,) = observed("orders/updated", body, "orders/820982911946154508")

    assert found.record is not None
    assert found.record.fields["total_refunded"] == Decimal("2.50")


def test_a_refund_in_the_buyers_currency_needs_a_read() -> None:
    paid_back = {"kind": "refund", "status": "success", "amount": "2.50", "currency": "EUR"}
    body = {**ORDER, "refunds": [{"transactions": [paid_back]}]}

    (found,) = observed("orders/updated", body, "orders/820982911946154508")

    assert found.change is Change.HINT
    assert found.record is not None
    assert "total_refunded" not in found.record.fields


@pytest.mark.parametrize(
    ("statuses", "delivered"),
    [
        ([], False),
        ([("success", "delivered")], True),
        ([("success", "delivered"), ("success", "in_transit")], False),
        ([("success", "delivered"), ("cancelled", None)], True),
        ([("cancelled", "delivered")], False),
        ([("success", None)], False),
    ],
)
def test_an_order_is_delivered_when_every_shipment_is(
    statuses: list[tuple[str, str | None]], *, delivered: bool
) -> None:
    shipped = [{"status": status, "shipment_status": news} for status, news in statuses]

    (found,) = observed(
        "orders/updated", {**ORDER, "fulfillments": shipped}, "orders/820982911946154508"
    )

    assert found.record is not None
    assert found.record.fields["is_delivered"] is delivered


def test_a_customer_is_a_hint_that_carries_what_it_has() -> None:
    body = {"id": 9, "email": "a@b.c", "updated_at": "2026-11-23T10:00:00Z"}

    (found,) = observed("customers/update", body, "customers/9")

    assert found.change is Change.HINT
    assert found.updated_at == datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert found.record is not None
    assert found.record.fields["email"] == "a@b.c"
    assert "tags" not in found.record.fields


def test_a_merge_speaks_of_two_customers() -> None:
    body = {
        "admin_graphql_api_customer_kept_id": "gid://shopify/Customer/1",
        "admin_graphql_api_customer_deleted_id": "gid://shopify/Customer/2",
    }

    kept, deleted = observed("customers/merge", body, "customers/1")

    assert (kept.source.id, kept.claims_deletion) == ("1", False)
    assert (deleted.source.id, deleted.claims_deletion) == ("2", True)


def test_a_product_with_all_variants_is_a_state_with_their_images() -> None:
    (found,) = observed("products/update", PRODUCT, "products/5")

    assert found.change is Change.STATE
    assert found.record is not None
    red, blue = found.record.parts["variants"]
    assert red.fields["image_url"] == "https://cdn.example.com/a.png"
    assert blue.fields["image_url"] is None


def test_a_product_whose_variants_were_cut_is_a_hint() -> None:
    (found,) = observed("products/update", {**PRODUCT, "variant_gids": [{}, {}, {}]}, "products/5")

    assert found.change is Change.HINT
    assert found.record is not None
    assert found.record.complete_parts == frozenset()


def test_a_checkout_is_known_by_the_number_in_its_name_and_its_lines_by_distinct_keys() -> None:
    (found,) = observed("checkouts/update", CHECKOUT, "checkouts/981820079255243537")

    assert found.record is not None
    assert found.record.id == found.record.fields["id"] == "981820079255243537"
    assert [each.id for each in found.record.parts["line_items"]] == ["k", "k-2", "line-1"]


def test_a_checkout_without_a_number_is_known_by_its_token() -> None:
    (found,) = observed("checkouts/update", {**CHECKOUT, "name": "x"}, "checkouts/abcdef")

    assert found.source.id == "abcdef"


def test_no_shipping_address_is_an_empty_list_in_live_stores() -> None:
    """Seen in the bodies of live stores, where Shopify's samples always have an address."""
    (seen,) = observed(
        "checkouts/update", CHECKOUT | {"shipping_address": []}, "checkouts/981820079255243537"
    )

    assert seen.record is not None
    assert seen.record.fields["shipping_city"] is None


def test_an_orders_number_goes_before_its_gid() -> None:
    """As in the log's key; published samples round the number, so that the two differ there."""
    rounded = {**ORDER, "id": 820982911946154500}

    (seen,) = observed("orders/updated", rounded, "orders/820982911946154500")

    assert seen.source.id == "820982911946154500"


def test_a_gid_is_enough() -> None:
    alone = {name: value for name, value in ORDER.items() if name != "id"}

    assert record_id_in("orders/updated", orjson.dumps(alone)) == "820982911946154508"
    (seen,) = observed("orders/updated", alone, "orders/820982911946154508")
    assert seen.source.id == "820982911946154508"


@pytest.mark.parametrize("topic", ["orders/delete", "products/delete", "customers/delete"])
def test_a_delete_claims_a_deletion(topic: str) -> None:
    (found,) = observed(topic, {"id": 4}, f"{topic.partition('/')[0]}/4")

    assert (found.change, found.claims_deletion) == (Change.HINT, True)


@pytest.mark.parametrize("value", [b"", b"{}", b"null"])
def test_a_read_without_a_node_is_a_hint(value: bytes) -> None:
    (found,) = observed("", None, "orders/4", origin=Origin.RECONCILE, raw=value)

    assert (found.change, found.record, found.source.id) == (Change.HINT, None, "4")


def test_a_node_is_a_state() -> None:
    node = {"id": "gid://shopify/Customer/9", "updatedAt": "2026-11-23T10:00:00Z", "tags": ["x"]}

    (found,) = observed("", node, "customers/9", origin=Origin.BACKFILL)

    assert found.change is Change.STATE
    assert found.record is not None
    assert found.record.fields["tags"] == ("x",)


def test_a_replayed_webhook_is_read_as_a_webhook() -> None:
    (found,) = observed("orders/updated", ORDER, "orders/820982911946154508", origin=Origin.REPLAY)

    assert found.change is Change.STATE
