"""Postal addresses, flattened into the record that has them."""

from __future__ import annotations

from services.shared.shopify.catalogue.fields import Field, field
from services.shared.shopify.catalogue.reading import FieldType

_LINES = (
    ("name", "name", "name", "name"),
    ("first_name", "first name", "first_name", "firstName"),
    ("last_name", "last name", "last_name", "lastName"),
    ("company", "company", "company", "company"),
    ("address1", "address line 1", "address1", "address1"),
    ("address2", "address line 2", "address2", "address2"),
    ("city", "city", "city", "city"),
    ("province", "province", "province", "province"),
    ("province_code", "province code", "province_code", "provinceCode"),
    ("zip", "postal code", "zip", "zip"),
    ("country", "country", "country", "country"),
    ("country_code", "country code", "country_code", "countryCodeV2"),
    ("phone", "phone", "phone", "phone"),
)


def address(prefix: str, label: str, body: str, node: str) -> tuple[Field, ...]:
    """The lines of one address: ``<prefix>_city`` and so on, all empty where there is none."""
    return tuple(
        field(
            f"{prefix}_{name}",
            FieldType.TEXT,
            f"{label}: {line}",
            f"{body}.{in_body}",
            f"{node}.{in_node}",
        )
        for name, line, in_body, in_node in _LINES
    )
