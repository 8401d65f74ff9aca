"""Products and their variants; each variant becomes a HubSpot product of its own."""

# ruff: noqa: E501  # a row of a table is one line

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from services.shared.contract.records import Value
from services.shared.shopify.catalogue.fields import Field, Place, field
from services.shared.shopify.catalogue.reading import (
    ABSENT,
    Absent,
    FieldType,
    id_in,
    lowered,
    text,
)

T, N, M, D, B, L = (
    FieldType.TEXT,
    FieldType.INT,
    FieldType.MONEY,
    FieldType.DATETIME,
    FieldType.BOOL,
    FieldType.LIST,
)


def _id(path: str) -> Place:
    return Place(path=path, read=id_in)


def _names(options: Any) -> Value:
    return tuple(text(each["name"]) for each in options)


def _first_image(product: Any) -> Value | Absent:
    if product.get("image"):
        return text(product["image"]["src"])
    if "images" not in product:
        return ABSENT
    images = product["images"]
    return text(images[0]["src"]) if images else None


def with_images(product: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> Any:
    """A webhook's variants with the address of their own image, found among the product's."""
    images = product.get("images")
    if not isinstance(images, list):
        return rows
    addresses = {str(each.get("id")): each.get("src") for each in images if isinstance(each, dict)}
    return [
        {**row, "image_url": addresses.get(str(row["image_id"]))} if "image_id" in row else row
        for row in rows
    ]


def _option(number: int) -> Callable[[Any], Value]:
    def value(options: Any) -> Value:
        return text(options[number]["value"]) if len(options) > number else None

    return value


def _selected(number: int) -> Place:
    return Place(path="selectedOptions", read=_option(number), inside="value")


PRODUCTS: Final[tuple[Field, ...]] = (
    field("id", T, "Product ID", _id("id"), _id("id")),
    field("title", T, "Title", "title", "title"),
    field("body_html", T, "Description", "body_html", "descriptionHtml"),
    field("vendor", T, "Vendor", "vendor", "vendor"),
    field("product_type", T, "Product type", "product_type", "productType"),
    field("handle", T, "Handle", "handle", "handle"),
    field("status", T, "Status", "status", Place(path="status", read=lowered)),
    field("tags", L, "Tags", "tags", "tags"),
    field("category", T, "Category", "category.full_name", "category.fullName"),
    field("option_names", L, "Option names", Place(path="options", read=_names), Place(path="options", read=_names, inside="name")),
    field("image_url", T, "First image", Place(path="", read=_first_image), "featuredMedia.preview.image.url"),
    field("online_store_url", T, "Page in the online store", None, "onlineStoreUrl"),
    field("created_at", D, "Created at", "created_at", "createdAt"),
    field("updated_at", D, "Updated at", "updated_at", "updatedAt"),
    field("published_at", D, "Published at", "published_at", "publishedAt"),
)  # fmt: skip

VARIANTS: Final[tuple[Field, ...]] = (
    field("id", T, "Variant ID", _id("id"), _id("id")),
    field("title", T, "Title", "title", "title"),
    field("sku", T, "SKU", "sku", "sku"),
    field("barcode", T, "Barcode", "barcode", "barcode"),
    field("price", M, "Price", "price", "price"),
    field("compare_at_price", M, "Price before reduction", "compare_at_price", "compareAtPrice"),
    field("position", N, "Position", "position", "position"),
    field("taxable", B, "Taxable", "taxable", "taxable"),
    field("inventory_quantity", N, "In stock", "inventory_quantity", "inventoryQuantity"),
    field("option1", T, "Option 1", "option1", _selected(0)),
    field("option2", T, "Option 2", "option2", _selected(1)),
    field("option3", T, "Option 3", "option3", _selected(2)),
    # A webhook's variant has only its image's id: the product's reader puts the address in. Of a
    # node's image Shopify says to use ``media`` instead, a connection that costs four points for
    # each variant where this costs one.
    field("image_url", T, "Own image", "image_url", "image.url"),
    field("cost", M, "Cost", None, "inventoryItem.unitCost.amount"),
    field("created_at", D, "Created at", "created_at", "createdAt"),
    field("updated_at", D, "Updated at", "updated_at", "updatedAt"),
)  # fmt: skip
