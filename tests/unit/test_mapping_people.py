"""The person of a customer, of an order, of a guest."""

from __future__ import annotations

from services.shared.contract.records import Value
from services.syncer.mapping.applying import compiled, properties_for
from services.syncer.mapping.defaults import GUEST_CONTACT
from services.syncer.mapping.people import (
    email_in,
    has_contact_information,
    person_in,
)
from tests.support.mapped_records import CONTEXT, record, written


def test_a_contact_falls_back_to_the_phone_of_the_address() -> None:
    fields: dict[str, Value] = {"phone": "", "address_phone": "+1555", "orders_count": None}

    properties = written("contacts", fields)

    assert properties["phone"] == "+1555"
    assert properties["shopify_orders_count"] == "0"


def test_a_guest_is_known_by_the_orders_email_and_address() -> None:
    order = record(
        email="Guest@Example.com",
        customer_id=None,
        billing_first_name="Ana",
        billing_city="Köln",
        shipping_city="Bonn",
    )

    person = person_in(order)

    assert person is not None
    properties = properties_for(person, compiled(GUEST_CONTACT, None), CONTEXT)
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

    assert email_in(order) == "ana@example.com"
    assert person is not None
    assert person.id == "9"
    assert person.fields["address_city"] == "Bonn"


def test_nobody_is_in_an_order_without_email() -> None:
    order = record(email=None, phone="+1555")

    assert person_in(order) is None
    assert has_contact_information(order)
    assert not has_contact_information(record(email="", phone=None))
