"""Products, variants and what hangs on them."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from sandbox.shopify.graph.reaching import makes, view_of
from sandbox.shopify.graph.views import (
    View,
    always,
    cut,
    enum,
    legacy_id,
    listed,
    metafield_fields,
    same,
    stamp,
    time,
    type_of,
    upper,
)
from sandbox.shopify.model import Kind, Record, gid, split_tags
from sandbox.shopify.store import Store

NO, YES = always(value=False), always(value=True)


def plain_text(html: str) -> str:
    """The text of a description."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html)).strip()


def _image(given: Record | None) -> dict[str, Any] | None:
    if given is None:
        return None
    url = given["src"]
    return {
        "id": given["admin_graphql_api_id"],
        "altText": given["alt"],
        "width": given["width"],
        "height": given["height"],
        "src": url,
        "originalSrc": url,
        "url": url,
    }


def _media(given: Record | None) -> dict[str, Any] | None:
    if given is None:
        return None
    return {
        "__typename": "MediaImage",
        "id": gid("MediaImage", given["id"]),
        "alt": given["alt"],
        "mediaContentType": "IMAGE",
        "mimeType": "image/jpeg",
        "status": "READY",
        "image": _image(given),
        "preview": {"image": _image(given), "status": "READY"},
        "createdAt": stamp(given["created_at"]),
        "updatedAt": stamp(given["updated_at"]),
    }


def _prices(view: View, scale: int = 1) -> dict[str, Any]:
    prices = sorted(Decimal(each["price"]) * scale for each in view.record["variants"])
    return {
        f"{end}VariantPrice": {"amount": str(price), "currencyCode": view.store.currency}
        for end, price in (("min", prices[0]), ("max", prices[-1]))
    }


def _options(view: View) -> list[dict[str, Any]]:
    return [
        {
            "id": gid("ProductOption", each["id"]),
            "name": each["name"],
            "position": each["position"],
            "values": each["values"],
            "optionValues": [
                {
                    "id": gid("ProductOptionValue", each["id"] + place),
                    "name": value,
                    "hasVariants": True,
                }
                for place, value in enumerate(each["values"], start=1)
            ],
        }
        for each in view.record["options"]
    ]


def _category(view: View) -> dict[str, Any] | None:
    name = view.record["category"]
    if not name:
        return None
    parts = name.split(" > ")
    return {
        "id": gid("TaxonomyCategory", "sandbox"),
        "fullName": name,
        "name": parts[-1],
        "level": len(parts),
        "isArchived": False,
        "isLeaf": True,
        "isRoot": len(parts) == 1,
    }


def _description(view: View) -> Any:
    plain = plain_text(view.record["body_html"] or "")
    return lambda truncateAt=None: plain[:truncateAt]  # noqa: N803 - the schema's name


def _inventory(view: View) -> int:
    return sum(each["inventory_quantity"] for each in view.record["variants"])


def _store_url(view: View) -> str | None:
    published = view.record["status"] == "active"
    return f"https://{view.store.shop}/products/{view.record['handle']}" if published else None


PRODUCT = type_of(
    "Product",
    {
        "id": same("admin_graphql_api_id"),
        "legacyResourceId": legacy_id,
        "title": same("title"),
        "handle": same("handle"),
        "bodyHtml": same("body_html"),
        "descriptionHtml": lambda view: view.record["body_html"] or "",
        "description": _description,
        "vendor": same("vendor"),
        "productType": same("product_type"),
        "status": enum("status"),
        "tags": lambda view: split_tags(view.record["tags"]),
        "templateSuffix": same("template_suffix"),
        "category": _category,
        "createdAt": time("created_at"),
        "updatedAt": time("updated_at"),
        "publishedAt": time("published_at"),
        "onlineStoreUrl": _store_url,
        "options": cut(_options),
        "variants": listed(
            lambda view: [view_of(view.store, "variant", each) for each in view.record["variants"]]
        ),
        "variantsCount": lambda view: {"count": len(view.record["variants"]), "precision": "EXACT"},
        "totalVariants": lambda view: len(view.record["variants"]),
        "totalInventory": _inventory,
        "tracksInventory": YES,
        "hasOnlyDefaultVariant": lambda view: (
            view.record["variants"][0]["title"] == "Default Title"
        ),
        "hasOutOfStockVariants": lambda view: any(
            each["inventory_quantity"] <= 0 for each in view.record["variants"]
        ),
        "hasVariantsThatRequiresComponents": NO,
        "isGiftCard": NO,
        "requiresSellingPlan": NO,
        "priceRangeV2": _prices,
        "priceRange": lambda view: _prices(view, 100),
        "images": listed(lambda view: [_image(each) for each in view.record["images"]]),
        "media": listed(lambda view: [_media(each) for each in view.record["images"]]),
        "mediaCount": lambda view: {"count": len(view.record["images"]), "precision": "EXACT"},
        "featuredImage": lambda view: _image(view.record["image"]),
        "featuredMedia": lambda view: _media(view.record["image"]),
        "seo": always({"title": None, "description": None}),
        **metafield_fields("PRODUCT"),
    },
)


@makes(Kind.PRODUCT)
def product_view(store: Store, record: Record) -> View:
    """The view of a product."""
    return View(PRODUCT, store, record)


def _product(view: View) -> View:
    return product_view(view.store, view.store.products[view.record["product_id"]])


def _selected(view: View) -> list[dict[str, Any]]:
    options = view.store.products[view.record["product_id"]]["options"]
    given = ((each["name"], view.record[f"option{each['position']}"]) for each in options)
    return [{"name": name, "value": value} for name, value in given if value is not None]


def _weight(view: View) -> dict[str, Any]:
    units = {"kg": "KILOGRAMS", "g": "GRAMS", "lb": "POUNDS", "oz": "OUNCES"}
    return {
        "id": gid("InventoryItemMeasurement", view.record["inventory_item_id"]),
        "weight": {
            "value": float(view.record["weight"]),
            "unit": units[view.record["weight_unit"]],
        },
    }


def _stock_item(view: View) -> dict[str, Any]:
    record = view.record
    cost = record["cost"]
    return {
        "id": gid("InventoryItem", record["inventory_item_id"]),
        "legacyResourceId": str(record["inventory_item_id"]),
        "sku": record["sku"],
        "tracked": True,
        "requiresShipping": record["requires_shipping"],
        "duplicateSkuCount": 0,
        "measurement": _weight(view),
        "unitCost": {"amount": cost, "currencyCode": view.store.currency} if cost else None,
        "createdAt": stamp(record["created_at"]),
        "updatedAt": stamp(record["updated_at"]),
    }


def _variant_image(view: View) -> Record | None:
    product = view.store.products[view.record["product_id"]]
    found = (each for each in product["images"] if each["id"] == view.record["image_id"])
    return next(found, None)


def _display_name(view: View) -> str:
    product = view.store.products[view.record["product_id"]]
    return f"{product['title']} - {view.record['title']}"


def _available(view: View) -> bool:
    left = int(view.record["inventory_quantity"])
    return left > 0 or view.record["inventory_policy"] == "continue"


VARIANT = type_of(
    "ProductVariant",
    {
        "id": same("admin_graphql_api_id"),
        "legacyResourceId": legacy_id,
        "title": same("title"),
        "displayName": _display_name,
        "sku": same("sku"),
        "barcode": same("barcode"),
        "price": same("price"),
        "compareAtPrice": same("compare_at_price"),
        "position": same("position"),
        "taxable": same("taxable"),
        "inventoryPolicy": lambda view: upper(view.record["inventory_policy"]),
        "inventoryQuantity": same("inventory_quantity"),
        "sellableOnlineQuantity": same("inventory_quantity"),
        "availableForSale": _available,
        "requiresComponents": NO,
        "selectedOptions": _selected,
        "inventoryItem": _stock_item,
        "image": lambda view: _image(_variant_image(view)),
        "media": listed(lambda view: [_media(each) for each in [_variant_image(view)] if each]),
        "product": _product,
        "unitPrice": always(None),
        "createdAt": time("created_at"),
        "updatedAt": time("updated_at"),
        **metafield_fields("PRODUCTVARIANT"),
    },
)


@makes("variant")
def variant_view(store: Store, record: Record) -> View:
    """The view of a variant."""
    return View(VARIANT, store, record)
