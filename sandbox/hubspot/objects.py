"""The objects HubSpot has, and the names they go by.

https://developers.hubspot.com/docs/guides/crm/using-object-apis
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectType:
    """One object: its path name, type id, words, and what a read shows unasked."""

    name: str
    type_id: str
    singular: str
    word: str
    label: str
    plural: str
    modified: str
    created: str
    shown: tuple[str, ...]


OBJECT_TYPES = {
    each.name: each
    for each in (
        ObjectType(
            name="contacts",
            type_id="0-1",
            singular="contact",
            word="contact",
            label="Contact",
            plural="Contacts",
            modified="lastmodifieddate",
            created="createdate",
            shown=(
                "createdate",
                "email",
                "firstname",
                "hs_object_id",
                "lastmodifieddate",
                "lastname",
            ),
        ),
        ObjectType(
            name="products",
            type_id="0-7",
            singular="product",
            word="product",
            label="Product",
            plural="Products",
            modified="hs_lastmodifieddate",
            created="createdate",
            shown=(
                "createdate",
                "description",
                "hs_lastmodifieddate",
                "hs_object_id",
                "name",
                "price",
            ),
        ),
        ObjectType(
            name="line_items",
            type_id="0-8",
            singular="line_item",
            word="line_item",
            label="Line item",
            plural="Line items",
            modified="hs_lastmodifieddate",
            created="createdate",
            shown=(
                "amount",
                "createdate",
                "hs_lastmodifieddate",
                "hs_object_id",
                "hs_product_id",
                "quantity",
            ),
        ),
        ObjectType(
            name="orders",
            type_id="0-123",
            singular="order",
            word="order",
            label="Order",
            plural="Orders",
            modified="hs_lastmodifieddate",
            created="hs_createdate",
            shown=("hs_createdate", "hs_lastmodifieddate", "hs_object_id"),
        ),
        ObjectType(
            name="carts",
            type_id="0-142",
            singular="cart",
            word="cart",
            label="Cart",
            plural="Carts",
            modified="hs_lastmodifieddate",
            created="hs_createdate",
            shown=("hs_createdate", "hs_lastmodifieddate", "hs_object_id"),
        ),
    )
}

# HubSpot accepts the plural, the singular and the type id in a path.
PATH_NAMES = {
    alias: each.name
    for each in OBJECT_TYPES.values()
    for alias in (each.name, each.singular, each.type_id)
}
