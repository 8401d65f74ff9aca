"""The whole catalogue: each kind of record, its fields and its parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from services.shared.contract.topics import ObjectType
from services.shared.shopify.catalogue.checkouts import CHECKOUTS
from services.shared.shopify.catalogue.customers import CUSTOMERS
from services.shared.shopify.catalogue.fields import Field
from services.shared.shopify.catalogue.lines import CHECKOUT_LINES, ORDER_LINES
from services.shared.shopify.catalogue.orders import ORDERS
from services.shared.shopify.catalogue.products import PRODUCTS, VARIANTS

LINE_ITEMS: Final = "line_items"
VARIANT: Final = "variants"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The one list of parts a kind of record may have.

    ``name`` is its key in ``Record.parts`` and in a webhook's body, ``connection`` GraphQL's.
    """

    name: str
    connection: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One object of Shopify's: our name of it, GraphQL's type, its fields, its parts."""

    name: ObjectType
    graphql_type: str
    fields: tuple[Field, ...]
    parts: Parts | None = None


CATALOGUE: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            Kind(name=ObjectType.CUSTOMERS, graphql_type="Customer", fields=CUSTOMERS),
            Kind(
                name=ObjectType.PRODUCTS,
                graphql_type="Product",
                fields=PRODUCTS,
                parts=Parts(name=VARIANT, connection="variants", fields=VARIANTS),
            ),
            Kind(
                name=ObjectType.ORDERS,
                graphql_type="Order",
                fields=ORDERS,
                parts=Parts(name=LINE_ITEMS, connection="lineItems", fields=ORDER_LINES),
            ),
            Kind(
                name=ObjectType.CHECKOUTS,
                graphql_type="AbandonedCheckout",
                fields=CHECKOUTS,
                parts=Parts(name=LINE_ITEMS, connection="lineItems", fields=CHECKOUT_LINES),
            ),
        )
    }
)
