"""What happens to products and their variants."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.shopify.model import Kind, Record, gid, joined_tags
from sandbox.shopify.money import decimal, text
from sandbox.shopify.store import Store

CHANGEABLE = (
    "title",
    "body_html",
    "vendor",
    "product_type",
    "handle",
    "status",
    "template_suffix",
    "category",
)
VARIANT_CHANGEABLE = (
    "title",
    "sku",
    "barcode",
    "taxable",
    "inventory_policy",
    "inventory_quantity",
    "weight",
    "weight_unit",
    "requires_shipping",
    "image_id",
)
_VARIANT_MONEY = ("price", "compare_at_price", "cost")


def _handle(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "product"


def _amount(store: Store, value: Any) -> str | None:
    return None if value is None else text(decimal(value), store.currency)


def _variant(store: Store, product: Record, given: Mapping[str, Any], position: int) -> Record:
    number, now = store.new_id("variant"), store.now()
    options = [given.get(f"option{each}") for each in (1, 2, 3)]
    title = " / ".join(each for each in options if each) or "Default Title"
    quantity = given.get("inventory_quantity", 100)
    return {
        "id": number,
        "admin_graphql_api_id": gid("ProductVariant", number),
        "product_id": product["id"],
        "title": title,
        "price": _amount(store, given.get("price", "10.00")),
        "compare_at_price": _amount(store, given.get("compare_at_price")),
        "cost": _amount(store, given.get("cost")),
        "sku": given.get("sku"),
        "barcode": given.get("barcode"),
        "position": position,
        "option1": options[0] or "Default Title",
        "option2": options[1],
        "option3": options[2],
        "taxable": given.get("taxable", True),
        "requires_shipping": given.get("requires_shipping", True),
        "weight": given.get("weight", 0.5),
        "weight_unit": given.get("weight_unit", "kg"),
        "inventory_policy": given.get("inventory_policy", "deny"),
        "inventory_item_id": store.new_id("inventory_item"),
        "inventory_quantity": quantity,
        "old_inventory_quantity": quantity,
        "image_id": None,
        "metafields": [],
        "created_at": now,
        "updated_at": now,
    }


def _image(store: Store, product: Record, src: str, position: int) -> Record:
    number, now = store.new_id("image"), store.now()
    return {
        "id": number,
        "admin_graphql_api_id": gid("ProductImage", number),
        "product_id": product["id"],
        "position": position,
        "alt": None,
        "width": 1200,
        "height": 1200,
        "src": src,
        "variant_ids": [],
        "created_at": now,
        "updated_at": now,
    }


def _options(store: Store, product: Record, names: Sequence[str]) -> list[Record]:
    options = []
    for position, name in enumerate(names, start=1):
        given = [each[f"option{position}"] for each in product["variants"]]
        values = list(dict.fromkeys(each for each in given if each))
        option: Record = {"id": store.new_id("option"), "product_id": product["id"], "name": name}
        options.append(option | {"position": position, "values": values})
    return options


def create_product(
    store: Store,
    title: str,
    variants: Sequence[Mapping[str, Any]] = ({},),
    options: Sequence[str] = ("Title",),
    images: Sequence[str] = (),
    **given: Any,
) -> Record:
    """A new product; each variant may give ``price, sku, option1 …, inventory_quantity, cost``."""
    number, now = store.new_id("product"), store.now()
    status = given.get("status", "active")
    product: Record = {
        "id": number,
        "admin_graphql_api_id": gid("Product", number),
        "title": title,
        "body_html": given.get("body_html", f"<p>{title}</p>"),
        "vendor": given.get("vendor", store.name or store.shop.partition(".")[0]),
        "product_type": given.get("product_type", ""),
        "handle": given.get("handle") or f"{_handle(title)}-{number % 100000}",
        "status": status,
        "tags": joined_tags(given.get("tags", "")),
        "template_suffix": None,
        "published_scope": "web",
        "published_at": now if status == "active" else None,
        "category": given.get("category"),
        "has_variants_that_requires_components": False,
        "variants": [],
        "options": [],
        "images": [],
        "image": None,
        "metafields": [],
        "created_at": now,
        "updated_at": now,
    }
    for position, each in enumerate(variants, start=1):
        product["variants"].append(_variant(store, product, each, position))
    product["options"] = _options(store, product, options)
    product["images"] = [_image(store, product, src, at) for at, src in enumerate(images, start=1)]
    product["image"] = product["images"][0] if product["images"] else None
    with store.action():
        store.add(Kind.PRODUCT, product)
        store.log_event("create", Kind.PRODUCT, product)
        store.raises("products/create", Kind.PRODUCT, product)
        store.raises("products/update", Kind.PRODUCT, product)
    return product


def product_updated(store: Store, product: Record) -> None:
    """Move a product's ``updated_at`` and raise ``products/update``."""
    store.touch(Kind.PRODUCT, product)
    store.raises("products/update", Kind.PRODUCT, product)


def change_product(store: Store, product_id: int, **changes: Any) -> Record:
    """Change any of ``CHANGEABLE`` or the tags."""
    product = store.products[product_id]
    unknown = set(changes) - {*CHANGEABLE, "tags"}
    if unknown:
        raise ValueError(f"a product has no {', '.join(sorted(unknown))} to change")
    with store.action():
        if "tags" in changes:
            changes["tags"] = joined_tags(changes["tags"])
        product.update(changes)
        if product["status"] == "active" and not product["published_at"]:
            product["published_at"] = store.now()
        product_updated(store, product)
    return product


def variant_of(store: Store, variant_id: int) -> tuple[Record, Record]:
    """The product and the variant with this id."""
    for product in store.products.values():
        for variant in product["variants"]:
            if variant["id"] == variant_id:
                return product, variant
    raise KeyError(variant_id)


def add_variant(store: Store, product_id: int, **given: Any) -> Record:
    """A further variant at the end of the product's list."""
    product = store.products[product_id]
    with store.action():
        position = len(product["variants"]) + 1
        product["variants"].append(_variant(store, product, given, position))
        names = [each["name"] for each in product["options"]]
        product["options"] = _options(store, product, names)
        product_updated(store, product)
    return product


def change_variant(store: Store, variant_id: int, **changes: Any) -> Record:
    """Change any of ``VARIANT_CHANGEABLE``, or ``price, compare_at_price, cost``."""
    product, variant = variant_of(store, variant_id)
    unknown = set(changes) - {*VARIANT_CHANGEABLE, *_VARIANT_MONEY}
    if unknown:
        raise ValueError(f"a variant has no {', '.join(sorted(unknown))} to change")
    with store.action():
        for name in _VARIANT_MONEY:
            if name in changes:
                changes[name] = _amount(store, changes[name])
        if "inventory_quantity" in changes:
            changes["old_inventory_quantity"] = changes["inventory_quantity"]
        variant.update(changes)
        product_updated(store, product)
        variant["updated_at"] = product["updated_at"]
    return product


def delete_variant(store: Store, variant_id: int) -> Record:
    """Delete a variant; the last one of a product can't be."""
    product, variant = variant_of(store, variant_id)
    if len(product["variants"]) == 1:
        raise ValueError("the last variant of a product can't be deleted")
    with store.action():
        product["variants"].remove(variant)
        for position, each in enumerate(product["variants"], start=1):
            each["position"] = position
        product_updated(store, product)
    return product


def delete_product(store: Store, product_id: int) -> Record:
    """Delete a product; orders keep their lines, which then name no product."""
    with store.action():
        product = store.remove(Kind.PRODUCT, product_id)
        store.raises("products/delete", Kind.PRODUCT, product)
    return product


def take_from_stock(store: Store, lines: Sequence[Mapping[str, Any]], sign: int = -1) -> None:
    """Move inventory by ``lines`` (``variant_id, quantity``): every product is updated."""
    for line in lines:
        product = store.products.get(line["product_id"] or 0)
        if product is None:
            continue
        for variant in product["variants"]:
            if variant["id"] == line["variant_id"]:
                variant["old_inventory_quantity"] = variant["inventory_quantity"]
                variant["inventory_quantity"] += sign * line["quantity"]
        product_updated(store, product)
