"""Lines of orders and of checkouts."""

# ruff: noqa: E501  # a row of a table is one line

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from services.shared.shopify.catalogue.fields import Place, field
from services.shared.shopify.catalogue.reading import (
    ABSENT,
    Absent,
    FieldType,
    id_in,
    integer,
    money,
)

_AMOUNT = "shopMoney.amount"
_ID = "id"
_NOTHING = Decimal(0)


def _sum(key: str) -> Callable[[Any], Decimal]:
    """The sum of the amounts under ``key`` in a list of a webhook's objects."""

    def summed(rows: Any) -> Decimal:
        return sum([money(row[key]) for row in rows], _NOTHING)

    return summed


def _sum_of_sets(key: str) -> Callable[[Any], Decimal]:
    """The same for a list of GraphQL's, whose amounts are money bags."""

    def summed(rows: Any) -> Decimal:
        return sum([money(row[key]["shopMoney"]["amount"]) for row in rows], _NOTHING)

    return summed


_in_body = _sum("amount")
_in_node = _sum_of_sets("allocatedAmountSet")


def _unit_discount_in_body(line: Any) -> Decimal | Absent:
    if "discount_allocations" not in line:
        return ABSENT
    allocations = line["discount_allocations"]
    return _per_unit(line, _in_body(allocations)) if allocations else _NOTHING


def _unit_discount_in_node(line: Any) -> Decimal | Absent:
    if "discountAllocations" not in line:
        return ABSENT
    allocations = line["discountAllocations"]
    if isinstance(allocations, dict):  # a connection, in checkouts
        allocations = allocations["nodes"]
    return _per_unit(line, _in_node(allocations))


def _per_unit(line: Any, total: Decimal) -> Decimal:
    """What the codes and automatic discounts take off one piece of those ordered.

    ``total_discount`` is often "0.00" although a code applied, hence the allocations.
    """
    return total / max(integer(line["quantity"]), 1) if total else total


def _kept(name: str) -> Place:
    """The id of a line's product or variant. A node has ``null`` also for one since deleted.

    What the line was of is still true then, so ``null`` is unknown, not empty.
    """

    def read(line: Any) -> str | Absent:
        return id_in(line[name]["id"]) if line.get(name) else ABSENT

    return Place(path="", read=read, inside=f"{name} {{ id }}")


ORDER_LINES = (
    field("id", FieldType.TEXT, "Line item ID", Place(path=_ID, read=id_in), Place(path=_ID, read=id_in)),
    field("title", FieldType.TEXT, "Title", "title", "title"),
    field("variant_title", FieldType.TEXT, "Variant title", "variant_title", "variantTitle"),
    field("name", FieldType.TEXT, "Name", "name", "name"),
    field("vendor", FieldType.TEXT, "Vendor", "vendor", "vendor"),
    field("sku", FieldType.TEXT, "SKU", "sku", "sku"),
    field("quantity", FieldType.INT, "Quantity ordered", "quantity", "quantity"),
    field("current_quantity", FieldType.INT, "Quantity after edits and returns", "current_quantity", "currentQuantity"),
    field("price", FieldType.MONEY, "Unit price", "price", f"originalUnitPriceSet.{_AMOUNT}"),
    field(
        "unit_discount", FieldType.MONEY, "Discount per unit",
        Place(path="", read=_unit_discount_in_body),
        Place(path="", read=_unit_discount_in_node, inside="quantity discountAllocations { allocatedAmountSet { shopMoney { amount } } }"),
    ),
    field(
        "tax", FieldType.MONEY, "Tax",
        Place(path="tax_lines", read=_sum("price")),
        Place(path="taxLines", read=_sum_of_sets("priceSet"), inside="priceSet { shopMoney { amount } }"),
    ),
    field("currency", FieldType.TEXT, "Currency", "price_set.shop_money.currency_code", "originalUnitPriceSet.shopMoney.currencyCode"),
    field("product_id", FieldType.TEXT, "Product ID", Place(path="product_id", read=id_in), _kept("product")),
    field("variant_id", FieldType.TEXT, "Variant ID", Place(path="variant_id", read=id_in), _kept("variant")),
)  # fmt: skip

CHECKOUT_LINES = (
    # Its key made distinct within the checkout; the builder of records puts it in.
    field("id", FieldType.TEXT, "Line key", None, None),
    field("title", FieldType.TEXT, "Title", "title", "title"),
    field("variant_title", FieldType.TEXT, "Variant title", "variant_title", "variantTitle"),
    field("sku", FieldType.TEXT, "SKU", "sku", "sku"),
    field("quantity", FieldType.INT, "Quantity", "quantity", "quantity"),
    field("price", FieldType.MONEY, "Unit price", "price", f"originalUnitPriceSet.{_AMOUNT}"),
    field(
        "unit_discount", FieldType.MONEY, "Discount per unit",
        Place(path="", read=_unit_discount_in_body),
        Place(path="", read=_unit_discount_in_node, inside="quantity discountAllocations(first: 3) { nodes { allocatedAmountSet { shopMoney { amount } } } }"),
    ),
    # GraphQL has no taxes by line of a checkout.
    field("tax", FieldType.MONEY, "Tax", Place(path="tax_lines", read=_sum("price")), None),
    field("product_id", FieldType.TEXT, "Product ID", Place(path="product_id", read=id_in), _kept("product")),
    field("variant_id", FieldType.TEXT, "Variant ID", Place(path="variant_id", read=id_in), _kept("variant")),
)  # fmt: skip
