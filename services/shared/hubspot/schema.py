"""What an account has, and what of ours it lacks. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from services.shared.hubspot.account import AccountDetails, Pipeline, PropertyInfo

SYNC_KEY = "shopify_sync_key"
GROUP_NAME = "shopify"
GROUP_LABEL = "Shopify"
OBJECT_TYPES = ("contacts", "products", "orders", "line_items", "carts")
# Unique where it is the key of an upsert. A line item is created with its order, a contact found
# by email: theirs is plain, and leaves two of the ten unique properties an object may have alone.
UNIQUELY_KEYED = frozenset({"orders", "products", "carts"})

# Accepted and silently reverted, or read-only in some accounts whatever their schema says.
_NEVER_WRITTEN = frozenset(
    {"hs_external_id", "hs_closed_date", "amount", "hs_product_classification", "hs_bundle_type"}
)
_NEVER_WRITTEN_PREFIX = "hs_is_"


@dataclass(frozen=True, slots=True)
class CustomProperty:
    """A property of ours. ``type`` is HubSpot's: string, number, datetime."""

    name: str
    label: str
    type: str = "string"
    field_type: str = "text"


_KEY = CustomProperty(SYNC_KEY, "Shopify sync key")
_TEXTAREA = "textarea"
CUSTOM_PROPERTIES: Mapping[str, Sequence[CustomProperty]] = MappingProxyType(
    {
        "contacts": (
            _KEY,
            CustomProperty("shopify_customer_id", "Shopify customer ID"),
            CustomProperty("shopify_store", "Shopify store"),
            CustomProperty("shopify_tags", "Shopify tags", field_type=_TEXTAREA),
            CustomProperty("shopify_orders_count", "Shopify orders count", "number", "number"),
            CustomProperty("shopify_total_spent", "Shopify total spent", "number", "number"),
            CustomProperty("shopify_email_consent", "Shopify email consent"),
            CustomProperty("shopify_sms_consent", "Shopify SMS consent"),
            CustomProperty("shopify_note", "Shopify note", field_type=_TEXTAREA),
            CustomProperty("shopify_created_at", "Shopify created at", "datetime", "date"),
        ),
        "products": (
            _KEY,
            CustomProperty("shopify_product_id", "Shopify product ID"),
            CustomProperty("shopify_variant_id", "Shopify variant ID"),
            CustomProperty("shopify_store", "Shopify store"),
            CustomProperty("shopify_vendor", "Shopify vendor"),
            CustomProperty("shopify_product_type", "Shopify product type"),
            CustomProperty("shopify_tags", "Shopify tags", field_type=_TEXTAREA),
            CustomProperty("shopify_status", "Shopify status"),
            CustomProperty("shopify_handle", "Shopify handle"),
            CustomProperty("shopify_variant_title", "Shopify variant title"),
            CustomProperty("shopify_barcode", "Shopify barcode"),
        ),
        "orders": (
            _KEY,
            CustomProperty("shopify_currency_note", "Shopify currency note"),
            CustomProperty("shopify_financial_status", "Shopify financial status"),
        ),
        "line_items": (
            _KEY,
            CustomProperty("shopify_variant_id", "Shopify variant ID"),
            CustomProperty("shopify_product_id", "Shopify product ID"),
        ),
        "carts": (_KEY,),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """Something the account lacks or refuses, so that we do without it.

    ``property`` is empty when the whole object type is meant. ``reason`` is machine-readable;
    ``detail`` holds HubSpot's code or the scopes to grant.
    """

    object_type: str
    property: str = ""
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSchema:
    """An account as read.

    An object type we may not read is absent from ``properties``. ``unique_key`` says per object
    type whether upsert by ``shopify_sync_key`` works.
    """

    details: AccountDetails
    properties: Mapping[str, Mapping[str, PropertyInfo]]
    order_pipelines: Sequence[Pipeline] = ()
    shortfalls: Sequence[Shortfall] = field(default_factory=tuple)

    @property
    def unique_key(self) -> Mapping[str, bool]:
        """Per object type, whether its ``shopify_sync_key`` is there and unique."""
        return {
            object_type: SYNC_KEY in held and held[SYNC_KEY].is_unique
            for object_type, held in self.properties.items()
        }

    @property
    def currencies(self) -> frozenset[str]:
        """The codes that orders, carts and line items may be written in."""
        return self.details.currencies

    def writable(self, object_type: str) -> Mapping[str, PropertyInfo]:
        """The properties that may be written, by name; empty for an object type we lack."""
        return {
            name: info
            for name, info in self.properties.get(object_type, {}).items()
            if info.is_writable
            and name not in _NEVER_WRITTEN
            and not name.startswith(_NEVER_WRITTEN_PREFIX)
        }


def lacking(object_type: str, held: Mapping[str, PropertyInfo]) -> tuple[CustomProperty, ...]:
    """The custom properties of ``object_type`` that are not among ``held``."""
    return tuple(each for each in CUSTOM_PROPERTIES[object_type] if each.name not in held)


def is_key_of(object_type: str, wanted: CustomProperty) -> bool:
    """Whether ``wanted`` should be created unique."""
    return wanted.name == SYNC_KEY and object_type in UNIQUELY_KEYED


def definition(wanted: CustomProperty, *, is_unique: bool) -> dict[str, Any]:
    """The body that creates ``wanted``."""
    body: dict[str, Any] = {
        "name": wanted.name,
        "label": wanted.label,
        "type": wanted.type,
        "fieldType": wanted.field_type,
        "groupName": GROUP_NAME,
    }
    return body | {"hasUniqueValue": True} if is_unique else body


def shortfalls_in(object_type: str, held: Mapping[str, PropertyInfo]) -> tuple[Shortfall, ...]:
    """What we must do without in ``object_type``, going by its properties alone."""
    found: list[Shortfall] = []
    for wanted in CUSTOM_PROPERTIES[object_type]:
        info = held.get(wanted.name)
        reason = _shortfall(object_type, wanted, info)
        if reason:
            found.append(Shortfall(object_type=object_type, property=wanted.name, reason=reason))
    return tuple(found)


def _shortfall(object_type: str, wanted: CustomProperty, info: PropertyInfo | None) -> str:
    if info is None:
        return "missing"
    if info.type != wanted.type:
        return "other_type"
    if not info.is_writable:
        return "read_only"
    return "not_unique" if is_key_of(object_type, wanted) and not info.is_unique else ""
