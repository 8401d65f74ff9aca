"""What events say of sources."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.shared.contract.errors import EventAtFaultError
from services.shared.contract.events import (
    Change,
    Event,
    Origin,
    Partition,
    Position,
    Provenance,
)
from services.shared.contract.records import Observation
from services.shared.shopify.ids import record_id_in
from services.shared.shopify.payloads import TOPICS_READ, observations_in

_SHOP = "acme.myshopify.com"
_ORDER: dict[str, Any] = {
    "id": 820982911946154508,
    "admin_graphql_api_id": "gid://shopify/Order/820982911946154508",
    "name": "#1001",
    "currency": "USD",
    "updated_at": "2026-11-23T10:00:00-05:00",
    "current_total_price": "12.50",
    "financial_status": "paid",
    "fulfillment_status": None,
    "tags": "b, a",
    "customer": None,
    "refunds": [],
    "fulfillments": [],
    "line_items": [
        {
            "id": 7,
            "title": "Mug",
            "quantity": 3,
            "current_quantity": 2,
            "price": "5.00",
            "variant_id": None,
            "discount_allocations": [{"amount": "1.00"}, {"amount": "1.00"}],
            "tax_lines": [{"price": "0.40"}, {"price": "0.10"}],
        }
    ],
}
_PRODUCT: dict[str, Any] = {
    "id": 5,
    "title": "Mug",
    "updated_at": "2026-11-23T10:00:00Z",
    "images": [{"id": 3, "src": "https://cdn.example.com/a.png"}],
    "variants": [
        {"id": 51, "title": "Red", "price": "9.00", "image_id": 3},
        {"id": 52, "title": "Blue", "price": "9.00", "image_id": None},
    ],
    "variant_gids": [{}, {}],
}
_CHECKOUT: dict[str, Any] = {
    "token": "abcdef",
    "name": "#981820079255243537",
    "updated_at": "2026-11-23T10:00:00Z",
    "line_items": [{"key": "k", "quantity": 1}, {"key": "k", "quantity": 1}, {"quantity": 2}],
}


def observed(
    topic: str,
    body: Any,
    key: str,
    *,
    origin: Origin = Origin.WEBHOOK,
    raw: bytes | None = None,
) -> list[Observation]:
    event = Event(
        position=Position(Partition("shopify.orders", 0), 0),
        key=f"{_SHOP}/{key}",
        value=orjson.dumps(body) if raw is None else raw,
        headers={},
        appended_at=datetime(2026, 11, 24, tzinfo=UTC),
    )
    provenance = Provenance(shop=_SHOP, origin=origin, change=Change.STATE, shopify_topic=topic)
    return list(observations_in(event, provenance))


def test_an_order_is_a_state_with_all_its_lines() -> None:
    (found,) = observed("orders/updated", _ORDER, "orders/820982911946154508")

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
    body = {name: value for name, value in _ORDER.items() if name != missing}

    (found,) = observed("orders/updated", body, "orders/820982911946154508")

    assert found.change is Change.HINT


def test_only_successful_refunds_count() -> None:
    transactions = [
        {"kind": "refund", "status": "success", "amount": "2.50", "currency": "USD"},
        {"kind": "refund", "status": "failure", "amount": "9.00", "currency": "USD"},
        {"kind": "sale", "status": "success", "amount": "12.50", "currency": "USD"},
    ]
    body = {**_ORDER, "refunds": [{"transactions": transactions}]}

    (found,) = observed("orders/updated", body, "orders/820982911946154508")

    assert found.record is not None
    assert found.record.fields["total_refunded"] == Decimal("2.50")


def test_a_refund_in_the_buyers_currency_needs_a_read() -> None:
    paid_back = {"kind": "refund", "status": "success", "amount": "2.50", "currency": "EUR"}
    body = {**_ORDER, "refunds": [{"transactions": [paid_back]}]}

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
        "orders/updated", {**_ORDER, "fulfillments": shipped}, "orders/820982911946154508"
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
    (found,) = observed("products/update", _PRODUCT, "products/5")

    assert found.change is Change.STATE
    assert found.record is not None
    red, blue = found.record.parts["variants"]
    assert red.fields["image_url"] == "https://cdn.example.com/a.png"
    assert blue.fields["image_url"] is None


def test_a_product_whose_variants_were_cut_is_a_hint() -> None:
    (found,) = observed("products/update", {**_PRODUCT, "variant_gids": [{}, {}, {}]}, "products/5")

    assert found.change is Change.HINT
    assert found.record is not None
    assert found.record.complete_parts == frozenset()


def test_a_checkout_is_known_by_the_number_in_its_name_and_its_lines_by_distinct_keys() -> None:
    (found,) = observed("checkouts/update", _CHECKOUT, "checkouts/981820079255243537")

    assert found.record is not None
    assert found.record.id == found.record.fields["id"] == "981820079255243537"
    assert [each.id for each in found.record.parts["line_items"]] == ["k", "k-2", "line-1"]


def test_a_checkout_without_a_number_is_known_by_its_token() -> None:
    (found,) = observed("checkouts/update", {**_CHECKOUT, "name": "x"}, "checkouts/abcdef")

    assert found.source.id == "abcdef"


def test_no_shipping_address_is_an_empty_list_in_live_stores() -> None:
    """Seen in the bodies of live stores, where Shopify's samples always have an address."""
    (seen,) = observed(
        "checkouts/update", _CHECKOUT | {"shipping_address": []}, "checkouts/981820079255243537"
    )

    assert seen.record is not None
    assert seen.record.fields["shipping_city"] is None


def test_an_orders_number_goes_before_its_gid() -> None:
    """As in the log's key; published samples round the number, so that the two differ there."""
    rounded = {**_ORDER, "id": 820982911946154500}

    (seen,) = observed("orders/updated", rounded, "orders/820982911946154500")

    assert seen.source.id == "820982911946154500"


def test_a_gid_is_enough() -> None:
    alone = {name: value for name, value in _ORDER.items() if name != "id"}

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
    (found,) = observed("orders/updated", _ORDER, "orders/820982911946154508", origin=Origin.REPLAY)

    assert found.change is Change.STATE


@pytest.mark.parametrize(
    ("topic", "raw", "reason"),
    [
        ("orders/updated", b"", "not_json"),
        ("orders/updated", b"<xml/>", "not_json"),
        ("orders/updated", b"[1]", "not_an_object"),
        ("orders/updated", b"{}", "missing_id"),
        ("orders/updated", b'{"id": {}}', "absurd_id"),
        ("orders/updated", b'{"id": 2}', "wrong_record"),
        ("orders/updated", b'{"id": 1, "updated_at": "yesterday"}', "absurd_value"),
        ("orders/updated", b'{"id": 1, "updated_at": "2026-11-23T10:00:00"}', "absurd_value"),
        ("orders/updated", b'{"id": 1, "updated_at": "9999-12-31T23:59:59Z"}', "absurd_value"),
        ("orders/updated", b'{"id": 1, "updated_at": "0001-01-01T00:00:00Z"}', "absurd_value"),
        ("orders/updated", b'{"id": 1, "total_price": "NaN"}', "absurd_value"),
        ("orders/updated", b'{"id": 1, "total_price": "1E999999"}', "absurd_value"),
        ("orders/updated", b'{"id": 1, "line_items": 3}', "absurd_value"),
        ("orders/updated", b'{"id": 1, "customer": "Ana"}', "absurd_value"),
        ("orders/edited", b'{"order_edit": []}', "missing_id"),
        ("carts/update", b'{"id": 1}', "unknown_topic"),
        ("products/update", b'{"id": 1}', "wrong_record"),
    ],
)
def test_what_nobody_can_apply_is_said_so(topic: str, raw: bytes, reason: str) -> None:
    with pytest.raises(EventAtFaultError) as problem:
        observed(topic, None, "orders/1", raw=raw)

    assert problem.value.reason == reason


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["2026-11-23T10:00:00Z", "12.50", "gid://shopify/Order/1", "0001-01-01"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(sorted({*_ORDER, *_PRODUCT, *_CHECKOUT})), inner)
    ),
    max_leaves=12,
)
_KEYS = st.sampled_from(["orders/1", "customers/1", "products/1", "checkouts/1", "carts/1"])


@given(
    topic=st.sampled_from(sorted(TOPICS_READ)) | st.just(""),
    key=_KEYS,
    origin=st.sampled_from(list(Origin)),
    raw=st.binary(max_size=64) | _JSON.map(lambda body: orjson.dumps(_fitting(body))),
)
def test_any_bytes_give_observations_or_one_error(
    topic: str, key: str, origin: Origin, raw: bytes
) -> None:
    found = outcome(topic, None, key, origin=origin, raw=raw)

    if isinstance(found, str):
        assert found in _REASONS
    else:
        assert f"{_SHOP}/{key}" in {str(each.source) for each in found}


@given(
    name=st.sampled_from(sorted({*_ORDER, *_PRODUCT, *_CHECKOUT} - {"id"})),
    value=_JSON,
    topic=st.sampled_from(["orders/updated", "products/update", "checkouts/update"]),
)
def test_any_value_in_any_field_gives_observations_or_one_error(
    name: str, value: Any, topic: str
) -> None:
    kind = topic.partition("/")[0].removesuffix("s") + "s"
    base = {"orders": _ORDER, "products": _PRODUCT, "checkouts": _CHECKOUT}[kind]
    body = {**base, "id": 1, "admin_graphql_api_id": None, name: _fitting(value)}
    found = outcome(topic, body, f"{kind}/1")

    assert found in _REASONS if isinstance(found, str) else len(found) == 1


_REASONS = {
    *("unknown_topic", "not_json", "not_an_object", "missing_id", "absurd_id", "absurd_value"),
    *("bad_key", "wrong_shop", "wrong_record"),
}


def outcome(topic: str, body: Any, key: str, **more: Any) -> list[Observation] | str:
    try:
        return observed(topic, body, key, **more)
    except EventAtFaultError as problem:
        return problem.reason


def _fitting(body: Any) -> Any:
    """Within what orjson writes: 64-bit whole numbers."""
    if isinstance(body, int) and not isinstance(body, bool):
        return max(min(body, 2**63 - 1), -(2**63))
    if isinstance(body, list):
        return [_fitting(each) for each in body]
    if isinstance(body, dict):
        return {name: _fitting(each) for name, each in body.items()}
    return body
