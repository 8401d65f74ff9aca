"""The catalogue as a whole, and what is derived from it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.shared.contract.errors import EventAtFaultError
from services.shared.contract.topics import ObjectType
from services.shared.shopify.bodies import line_keys
from services.shared.shopify.catalogue import documenting
from services.shared.shopify.catalogue.checkouts import number_in, token_in
from services.shared.shopify.catalogue.fields import Field, Place, selection_of, written
from services.shared.shopify.catalogue.kinds import CATALOGUE
from services.shared.shopify.catalogue.reading import (
    ABSENT,
    ABSURD,
    READERS,
    id_in,
    moment,
    texts,
)
from services.shared.shopify.nodes import record_from_node
from services.shared.shopify.selections import CONNECTIONS, LIST, gid_of, query_for

_TABLES: dict[str, tuple[Field, ...]] = {
    **{name: kind.fields for name, kind in CATALOGUE.items()},
    **{f"{name} parts": kind.parts.fields for name, kind in CATALOGUE.items() if kind.parts},
}


@pytest.mark.parametrize("table", _TABLES)
def test_every_field_is_named_once_and_labelled(table: str) -> None:
    names = [each.name for each in _TABLES[table]]

    assert len(names) == len(set(names))
    assert all(each.label for each in _TABLES[table])


def test_every_object_type_is_in_the_catalogue_and_listed() -> None:
    assert set(CATALOGUE) == set(ObjectType) == set(LIST) == set(CONNECTIONS)


def test_the_page_of_fields_is_the_catalogue_s() -> None:
    page = Path(__file__).parents[2] / "docs/fields.md"

    assert page.read_text("utf-8") == documenting.page(), "make it anew: see CONTRIBUTING.md"


def test_a_selection_names_each_field_once() -> None:
    places = [
        Place(path="total.shop.amount"),
        Place(path="total.shop.code"),
        Place(path="lines(first: 3).nodes", inside="title tax { price }"),
        Place(path="name"),
    ]

    assert written(selection_of(places)) == (
        "total { shop { amount code } } lines(first: 3) { nodes { title tax { price } } } name"
    )


def test_what_the_app_may_not_see_is_unknown_not_empty() -> None:
    node: dict[str, Any] = {
        "id": "gid://shopify/Customer/9",
        "firstName": None,
        "lastName": None,
        "note": None,
        "defaultAddress": None,
        "defaultEmailAddress": None,
    }

    record = record_from_node(
        "customers", node, denied=("firstName", "defaultAddress", "defaultEmailAddress")
    )

    assert record.fields["note"] is None
    assert record.fields["last_name"] is None
    assert not {"first_name", "email", "address_city"} & record.fields.keys()


def test_a_node_without_an_id_is_nobodys() -> None:
    with pytest.raises(EventAtFaultError, match="missing_id"):
        record_from_node("orders", {})


@pytest.mark.parametrize(
    ("given_value", "expected"),
    [
        (820982911946154508, "820982911946154508"),
        ("gid://shopify/Order/820982911946154508", "820982911946154508"),
        ("gid://shopify/AbandonedCheckoutLineItem/0af?checkout_id=1", "0af"),
    ],
)
def test_an_id_is_the_same_in_every_form(given_value: Any, expected: str) -> None:
    assert id_in(given_value) == expected


@pytest.mark.parametrize("absurd", [True, 0, -1, 1.5, "", "gid://shopify/Order/", "a\nb", [], {}])
def test_what_is_no_id_is_refused(absurd: Any) -> None:
    with pytest.raises(ABSURD):
        id_in(absurd)


def test_times_are_in_utc_and_whole_seconds() -> None:
    assert moment("2026-11-23T10:00:00.900-05:00") == datetime(2026, 11, 23, 15, tzinfo=UTC)


def test_tags_are_a_list_in_either_form() -> None:
    assert texts("a, b c,,d ") == texts(["a", "b c", "d"]) == ("a", "b c", "d")


@pytest.mark.parametrize(
    ("url", "token"),
    [
        ("https://x.example.com/548380009/checkouts/123123123/recover?key=k", "123123123"),
        ("https://x.example.com/1/checkouts/ac/0af9c1/recover?key=k", "0af9c1"),
        ("https://x.example.com/checkouts/cn/Z2NwLXVz?x=1", "Z2NwLXVz"),
        ("https://x.example.com/cart", ABSENT),
    ],
)
def test_a_checkouts_token_is_in_its_recovery_page(url: str, token: Any) -> None:
    assert token_in(url) == token


@pytest.mark.parametrize(("name", "number"), [("#12", "12"), ("#D12", ABSENT), ("12", ABSENT)])
def test_a_checkouts_number_is_in_its_name(name: str, number: Any) -> None:
    assert number_in(name) == number


@given(keys=st.lists(st.sampled_from(["", "k", "k-2", "line-1"]), max_size=8), shown=st.integers(0))
def test_line_keys_are_distinct_and_hold_when_lines_are_added(keys: list[str], shown: int) -> None:
    found = line_keys(keys)

    assert len(set(found)) == len(keys)
    assert line_keys(keys[:shown]) == found[:shown]
    assert all(key in found for key in keys if key)


@pytest.mark.parametrize("read", READERS.values(), ids=[str(each) for each in READERS])
@given(value=st.text() | st.integers() | st.floats() | st.booleans() | st.lists(st.text()))
def test_a_reader_gives_a_value_or_says_it_is_absurd(read: Any, value: Any) -> None:
    try:
        found = read(value)
    except ABSURD:
        return
    assert isinstance(found, str | int | bool | Decimal | datetime | tuple)


def test_the_search_quotes_its_time_in_utc() -> None:
    since = datetime(2026, 11, 23, 10, 0, 0, 900_000, tzinfo=timezone(timedelta(hours=-5)))

    assert query_for("orders", since) == "updated_at:>='2026-11-23T15:00:00Z'"
    assert query_for("checkouts", since) == "updated_at:>='2026-11-23T15:00:00Z'"
    assert query_for("products", since) == (
        "updated_at:>='2026-11-23T15:00:00Z' AND status:active,archived,draft,unlisted"
    )
    assert query_for("customers", since) is None
    assert "reverse: true" in LIST["customers"]


def test_a_global_id_names_the_type() -> None:
    assert gid_of("checkouts", "12") == "gid://shopify/AbandonedCheckout/12"


@pytest.mark.parametrize(
    ("state", "expected"),
    [("NEVER_SUBSCRIBED", "not_subscribed"), ("SUBSCRIBED", "subscribed"), ("PENDING", "pending")],
)
def test_a_consent_by_sms_is_named_as_webhooks_name_it(state: str, expected: str) -> None:
    consent = {"state": state, "optInLevel": None, "updatedAt": None}
    phone = {"phoneNumber": "+4915112345678", "smsMarketingConsent": consent}

    record = record_from_node(
        "customers", {"id": "gid://shopify/Customer/1", "defaultPhoneNumber": phone}
    )

    assert record.fields["sms_marketing_state"] == expected
