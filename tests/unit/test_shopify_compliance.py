"""What compliance requests ask for, as Shopify publishes them and as a stranger might."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.shared.shopify.compliance import COMPLIANCE_TOPICS, Asked, asked_in
from tests.support.published_webhooks import sample

VERSION = "2026-07"
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
_NAMES = ("customer", "orders_to_redact", "orders_requested", "data_request", "id", "email")
_ALIKE = st.dictionaries(
    st.sampled_from(_NAMES),
    st.dictionaries(st.sampled_from(_NAMES), _JSON) | st.lists(_JSON) | _JSON,
)


@pytest.mark.node
@pytest.mark.parametrize(
    ("topic", "data_request_id"), [("customers/redact", ""), ("customers/data_request", "9999")]
)
def test_the_published_sample_says_whom_it_is_about(topic: str, data_request_id: str) -> None:
    assert asked_in(topic, json.dumps(sample(VERSION, topic)).encode()) == Asked(
        customer_id="191167",
        email="john@example.com",
        phone="555-625-1199",
        order_ids=("299938", "280263", "220458"),
        data_request_id=data_request_id,
    )


@given(topic=st.sampled_from(sorted(COMPLIANCE_TOPICS)), said=_ALIKE | _JSON)
def test_any_json_is_read_as_far_as_it_says_anything(topic: str, said: Any) -> None:
    found = asked_in(topic, json.dumps(said).encode())

    assert (found is None) == (not isinstance(said, dict))
    assert found is None or all(found.order_ids)


@given(body=st.binary())
def test_no_bytes_are_too_strange(body: bytes) -> None:
    asked_in("customers/redact", body)


def test_whom_a_request_is_about_is_not_in_what_is_printed_by_accident() -> None:
    said = repr(Asked(customer_id="7", email="ana@example.com", phone="+34600000001"))

    assert "ana@" not in said
    assert "+34" not in said
