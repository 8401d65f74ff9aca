"""The person inside an order or a checkout, for a contact that is not there yet."""

from __future__ import annotations

from typing import Final

from services.shared.contract.records import Record, Value
from services.shared.contract.topics import ObjectType

_ADDRESS: Final = (
    ("address_company", "company"),
    ("address_address1", "address1"),
    ("address_address2", "address2"),
    ("address_city", "city"),
    ("address_province", "province"),
    ("address_zip", "zip"),
    ("address_country", "country"),
    ("address_phone", "phone"),
)


def email_in(record: Record) -> str:
    """Whose contact the order or checkout belongs to: its customer's email, else its own, lower."""
    found = record.fields.get("customer_email") or record.fields.get("email")
    return found.strip().lower() if isinstance(found, str) else ""


def has_contact_information(record: Record) -> bool:
    """Whether the order or checkout has an email or a phone, its own or its customer's."""
    names = ("email", "phone", "customer_email", "customer_phone")
    return any(record.fields.get(name) for name in names)


def person_in(record: Record) -> Record | None:
    """The person as a customer's record, for ``defaults.GUEST_CONTACT``; ``None`` without email.

    The address is the billing address, or the shipping address where there is no other; names and
    phone are the customer's first.
    """
    email = email_in(record)
    if not email:
        return None
    side = "billing" if _has_address(record, "billing") else "shipping"
    fields: dict[str, Value] = {
        target: record.fields.get(f"{side}_{line}") for target, line in _ADDRESS
    }
    fields["email"] = email
    for name in ("first_name", "last_name"):
        fields[name] = record.fields.get(f"customer_{name}") or record.fields.get(f"{side}_{name}")
    fields["phone"] = record.fields.get("customer_phone") or record.fields.get("phone")
    customer_id = record.fields.get("customer_id")
    return Record(kind=ObjectType.CUSTOMERS, id=str(customer_id or ""), fields=fields)


def _has_address(record: Record, side: str) -> bool:
    names = ("first_name", "last_name", *(line for _, line in _ADDRESS))
    return any(record.fields.get(f"{side}_{name}") for name in names)
