"""Bodies of the product topics."""

from __future__ import annotations

from typing import Any

from sandbox.shopify.payloads.shapes import Part, Record, Shape, shaped, utc_milliseconds

FULL_VARIANTS = 100
"""Further variants are named in ``variant_gids`` only (the topic's own description)."""

VARIANT: Shape = {
    "admin_graphql_api_id": None,
    "barcode": None,
    "compare_at_price": None,
    "created_at": None,
    "id": None,
    "inventory_policy": "deny",
    "position": 1,
    "price": "0.00",
    "product_id": None,
    "sku": None,
    "taxable": True,
    "title": "Default Title",
    "updated_at": None,
    "option1": "Default Title",
    "option2": None,
    "option3": None,
    "image_id": None,
    "inventory_item_id": None,
    "inventory_quantity": 0,
    "old_inventory_quantity": lambda variant: variant.get(
        "old_inventory_quantity", variant.get("inventory_quantity", 0)
    ),
}
OPTION: Shape = {"name": "", "id": None, "product_id": None, "position": 1, "values": []}
IMAGE: Shape = {
    "id": None,
    "position": 1,
    "product_id": None,
    "created_at": None,
    "updated_at": None,
    "alt": None,
    "width": 1024,
    "height": 1024,
    "src": "",
    "variant_ids": [],
    "admin_graphql_api_id": None,
}
CATEGORY: Shape = {"admin_graphql_api_id": None, "name": "", "full_name": ""}


def _variants(product: Record) -> list[dict[str, Any]]:
    own = {"product_id": product["id"]}
    return [shaped({**own, **each}, VARIANT) for each in product["variants"][:FULL_VARIANTS]]


def _variant_gids(product: Record) -> list[dict[str, Any]]:
    newest_first = sorted(product["variants"], key=lambda each: each["updated_at"], reverse=True)
    return [
        {
            "admin_graphql_api_id": each["admin_graphql_api_id"],
            "updated_at": utc_milliseconds(each["updated_at"]),
        }
        for each in newest_first
    ]


PRODUCT: Shape = {
    "admin_graphql_api_id": None,
    "body_html": None,
    "created_at": None,
    "handle": None,
    "id": None,
    "product_type": "",
    "published_at": None,
    "template_suffix": None,
    "title": None,
    "updated_at": None,
    "vendor": "",
    "status": "active",
    "published_scope": "web",
    "tags": "",
    "variants": _variants,
    "options": Part(OPTION, many=True),
    "images": Part(IMAGE, many=True),
    "image": Part(IMAGE),
    "media": [],
    "variant_gids": _variant_gids,
    "has_variants_that_requires_components": False,
    "category": Part(CATEGORY),
}


def product(record: Record) -> dict[str, Any]:
    """``products/create``, ``products/update``."""
    return shaped(record, PRODUCT)


def only_id(record: Record) -> dict[str, Any]:
    """``products/delete``, ``orders/delete``: nothing but the id."""
    return {"id": record["id"]}
