"""Records to be mapped, and what the default mappings make of them."""

from __future__ import annotations

from collections.abc import Mapping

from services.shared.contract.records import Record, Value
from services.shared.shopify.catalogue.kinds import CATALOGUE
from services.syncer.mapping.applying import compiled, properties_for
from services.syncer.mapping.defaults import CART_LINE_ITEMS, DEFAULTS
from services.syncer.mapping.rows import Context

SHOP = "acme.myshopify.com"
CONTEXT = Context(shop=SHOP)
# The tables of the catalogue that a mapping reads: the record's own, and its parent's.
TABLES = {
    "contacts": ("customers", None),
    "products": ("products parts", "products"),
    "orders": ("orders", None),
    "line_items": ("orders parts", "orders"),
    "carts": ("checkouts", None),
    CART_LINE_ITEMS: ("checkouts parts", "checkouts"),
}


def record(**fields: Value) -> Record:
    """An order with these fields."""
    return Record(kind="orders", id="1", fields=fields)


def written(
    mapping: str, fields: Mapping[str, Value], context: Context = CONTEXT
) -> dict[str, str]:
    """What HubSpot gets for a record with these fields, in an account that can take all of it."""
    return properties_for(record(**fields), compiled(DEFAULTS[mapping], None), context)


def names_of(table: str) -> set[str]:
    """The names of the fields in one table of the catalogue."""
    kind = CATALOGUE[table.partition(" ")[0]]
    fields = kind.parts.fields if table.endswith("parts") and kind.parts else kind.fields
    return {each.name for each in fields}
