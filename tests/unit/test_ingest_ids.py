from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.shared.shopify.ids import record_id_in

WHERE_THE_ID_IS = [
    ("orders/create", b'{"id": 820982911946154508}', "820982911946154508"),
    ("orders/delete", b'{"id": 1}', "1"),
    ("orders/edited", b'{"order_edit": {"id": 9, "order_id": 7}}', "7"),
    ("orders/risk_assessment_changed", b'{"order_id": null}', ""),
    (
        "orders/risk_assessment_changed",
        b'{"order_id": null, "admin_graphql_api_order_id": "gid://shopify/Order/7"}',
        "7",
    ),
    ("refunds/create", b'{"id": 9, "order_id": 7}', "7"),
    ("fulfillments/update", b'{"id": 9, "order_id": 7}', "7"),
    ("order_transactions/create", b'{"id": 9, "order_id": 7}', "7"),
    ("products/delete", b'{"id": 3}', "3"),
    ("customers/update", b'{"id": 5}', "5"),
    (
        "customers/merge",
        b'{"admin_graphql_api_customer_kept_id": "gid://shopify/Customer/5", "id": 6}',
        "5",
    ),
    ("customers/purchasing_summary", b'{"customerId": "gid://shopify/Customer/5"}', "5"),
    ("customer.tags_added", b'{"customerId": "gid://shopify/Customer/5?x=1"}', "5"),
    ("customers_email_marketing_consent/update", b'{"customer_id": 5, "id": 9}', "5"),
    ("customers_marketing_consent/update", b'{"id": 5}', "5"),
    ("checkouts/update", b'{"id": 4, "name": "#8", "token": "abc"}', "4"),
    ("checkouts/update", b'{"name": "#8", "token": "abc"}', "8"),
    ("checkouts/update", b'{"name": "A8", "token": "abc"}', "abc"),
    ("checkouts/update", b'{"name": {}, "token": "a/b"}', ""),
    ("checkouts/delete", b'{"id": 4}', "4"),
    ("shop/update", b'{"id": 2}', "2"),
    ("app/scopes_update", b'{"id": 1, "shop_id": "gid://shopify/Shop/2"}', "2"),
    ("customers/redact", b'{"shop_id": 2, "customer": {"id": 5}}', "2"),
    ("inventory_items/update", b'{"id": 2}', ""),
]
NOT_AN_ID = ["true", "0", "-1", "1.5", '""', '"abc"', '"-1"', "null", "[1]", "{}", "1e3", "1" * 40]


@pytest.mark.parametrize(("topic", "body", "expected"), WHERE_THE_ID_IS)
def test_the_id_is_that_of_the_record_the_delivery_belongs_to(
    topic: str, body: bytes, expected: str
) -> None:
    assert record_id_in(topic, body) == expected


@pytest.mark.parametrize("value", NOT_AN_ID)
def test_what_is_no_id_is_not_taken_for_one(value: str) -> None:
    assert record_id_in("orders/create", b'{"id": %s}' % value.encode()) == ""


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[1]", b'{"id": 1', b"\xff\xfe", b'{"x": 1, "id": 1, "y":' + b"[" * 100_000],
)
def test_an_unreadable_body_has_no_id(body: bytes) -> None:
    assert record_id_in("orders/create", body) == ""


@given(st.integers(min_value=1, max_value=2**64 - 1), st.sampled_from(["", " ", "\n\t"]))
def test_an_id_is_the_same_wherever_it_stands_in_the_body(number: int, space: str) -> None:
    leading = f'{space}{{{space}"id"{space}:{space}{number}{space}, "name": "x"}}'
    behind = f'{{"name": "x", "id"{space}:{space}{number}{space}}}'

    found = {record_id_in("orders/create", body.encode()) for body in (leading, behind)}

    assert found == {str(number)}


@given(topic=st.sampled_from([row[0] for row in WHERE_THE_ID_IS]) | st.text(), body=st.binary())
def test_any_body_of_any_topic_has_an_id_or_none_without_raising(topic: str, body: bytes) -> None:
    assert "/" not in record_id_in(topic, body)


@given(st.integers(min_value=1, max_value=2**64 - 1))
def test_a_number_its_digits_and_its_gid_are_one_id(number: int) -> None:
    forms = [b"%d" % number, b'"%d"' % number, b'"gid://shopify/Order/%d"' % number]

    assert {record_id_in("orders/create", b'{"id": %s}' % form) for form in forms} == {str(number)}
