"""What nobody can apply is one error with its reason, whatever the bytes."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.shared.contract.errors import EventAtFaultError
from services.shared.contract.events import (
    Origin,
)
from services.shared.contract.records import Observation
from services.shared.shopify.payloads import TOPICS_READ
from tests.support.observed_payloads import CHECKOUT, ORDER, PRODUCT, SHOP, observed


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
        | st.dictionaries(st.sampled_from(sorted({*ORDER, *PRODUCT, *CHECKOUT})), inner)
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
        assert f"{SHOP}/{key}" in {str(each.source) for each in found}


@given(
    name=st.sampled_from(sorted({*ORDER, *PRODUCT, *CHECKOUT} - {"id"})),
    value=_JSON,
    topic=st.sampled_from(["orders/updated", "products/update", "checkouts/update"]),
)
def test_any_value_in_any_field_gives_observations_or_one_error(
    name: str, value: Any, topic: str
) -> None:
    kind = topic.partition("/")[0].removesuffix("s") + "s"
    base = {"orders": ORDER, "products": PRODUCT, "checkouts": CHECKOUT}[kind]
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
