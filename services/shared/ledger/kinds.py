"""The kinds of records the ledger knows: Shopify's objects, their parts, and guests."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from services.shared.contract.topics import ObjectType

PARTS_OF: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        ObjectType.PRODUCTS.value: ("variants",),
        ObjectType.ORDERS.value: ("line_items",),
        ObjectType.CHECKOUTS.value: ("cart_lines",),
    }
)
"""The kinds of a record's parts, by the kind of the record."""
KINDS = (
    *(each.value for each in ObjectType),
    "guests",
    *(part for parts in PARTS_OF.values() for part in parts),
)
