"""The property group "Shopify" and the properties in it that HubSpot lacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

GROUP: Final = "shopify"
GROUP_LABEL: Final = "Shopify"
SYNC_KEY: Final = "shopify_sync_key"


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomProperty:
    """One property to be created where it is missing.

    ``is_unique`` is a wish: where the account refuses it the property is made without
    (`products`, `carts`: facts 2.7), and identity is the ledger's alone.
    """

    name: str
    label: str
    type: str = "string"
    is_unique: bool = False


def definition_of(wanted: CustomProperty, *, unique: bool) -> dict[str, Any]:
    """The body of ``POST /crm/properties/{version}/{type}`` (facts 2.7)."""
    return {
        "name": wanted.name,
        "label": wanted.label,
        "type": wanted.type,
        "fieldType": _FIELD_TYPES[wanted.type],
        "groupName": GROUP,
        **({"hasUniqueValue": True} if unique and wanted.is_unique else {}),
    }


_FIELD_TYPES: Final = MappingProxyType({"string": "text", "number": "number", "datetime": "date"})


def _texts(**labels: str) -> tuple[CustomProperty, ...]:
    return tuple(
        CustomProperty(name=f"shopify_{name}", label=f"Shopify {label}")
        for name, label in labels.items()
    )


_UNIQUE_KEY = CustomProperty(name=SYNC_KEY, label="Shopify sync key", is_unique=True)
_PLAIN_KEY = CustomProperty(name=SYNC_KEY, label="Shopify sync key")

CUSTOM_PROPERTIES: Final[Mapping[str, tuple[CustomProperty, ...]]] = MappingProxyType(
    {
        "contacts": (
            _PLAIN_KEY,
            *_texts(
                customer_id="customer ID",
                store="store",
                tags="tags",
                email_consent="email consent",
                sms_consent="SMS consent",
                note="note",
            ),
            CustomProperty(name="shopify_orders_count", label="Shopify orders", type="number"),
            CustomProperty(name="shopify_total_spent", label="Shopify amount spent", type="number"),
            CustomProperty(
                name="shopify_created_at", label="Shopify customer since", type="datetime"
            ),
        ),
        "products": (
            _UNIQUE_KEY,
            *_texts(
                product_id="product ID",
                variant_id="variant ID",
                store="store",
                vendor="vendor",
                product_type="product type",
                tags="tags",
                status="status",
                handle="handle",
                variant_title="variant title",
                barcode="barcode",
            ),
        ),
        "orders": (
            _UNIQUE_KEY,
            *_texts(currency_note="currency", financial_status="financial status"),
        ),
        "line_items": (
            _PLAIN_KEY,
            *_texts(variant_id="variant ID", product_id="product ID"),
        ),
        "carts": (_UNIQUE_KEY,),
    }
)
