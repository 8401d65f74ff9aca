"""Line items, discounts and shipping as a buyer's basket describes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sandbox.shopify import pricing
from sandbox.shopify.actions.products import variant_of
from sandbox.shopify.model import Record, gid
from sandbox.shopify.money import ZERO, bag, decimal, rounded, text
from sandbox.shopify.store import Store


def new_line(store: Store, order: Record, given: Mapping[str, Any]) -> Record:
    """A line item.

    ``given`` names a variant (``{variant_id, quantity}``) or describes a custom item (``{title,
    price, quantity}``); ``price`` overrides the variant's, ``properties`` are ``{name, value}``.
    """
    product: Record | None = None
    variant: Mapping[str, Any] = {}
    if given.get("variant_id"):
        product, variant = variant_of(store, given["variant_id"])
    title = given.get("title") or (product["title"] if product else "Custom item")
    variant_title = variant.get("title")
    variant_title = None if variant_title == "Default Title" else variant_title
    quantity, number = given.get("quantity", 1), store.new_id("line_item")
    return {
        "id": number,
        "admin_graphql_api_id": gid("LineItem", number),
        "variant_id": variant.get("id"),
        "product_id": product["id"] if product else None,
        "product_exists": product is not None,
        "sku": variant.get("sku", given.get("sku")),
        "title": title,
        "variant_title": variant_title,
        "name": f"{title} - {variant_title}" if variant_title else title,
        "vendor": product["vendor"] if product else None,
        "quantity": quantity,
        "current_quantity": quantity,
        "fulfillable_quantity": quantity,
        "fulfillment_service": "manual",
        "fulfillment_status": None,
        "price": text(decimal(given.get("price", variant.get("price", "0"))), order["currency"]),
        "total_discount": "0.00",
        "discount_allocations": [],
        "tax_lines": [],
        "taxable": given.get("taxable", variant.get("taxable", True)),
        "requires_shipping": variant.get("requires_shipping", True),
        "gift_card": False,
        "grams": round(1000 * variant.get("weight", 0)),
        "properties": list(given.get("properties", ())),
        "duties": [],
        "attributed_staffs": [],
        "sales_line_item_group_id": None,
        "variant_inventory_management": "shopify" if variant else None,
    }


def _discount(given: Mapping[str, Any]) -> tuple[Record, Record]:
    free_shipping = given.get("target") == "shipping_line"
    percent = 100 if free_shipping else given.get("percent")
    kind = "percentage" if percent is not None else "fixed_amount"
    value = str(decimal(percent if percent is not None else given["amount"]))
    code = given["code"]
    application = {
        "type": "discount_code",
        "code": code,
        "value": value,
        "value_type": kind,
        "allocation_method": "across",
        "target_selection": "all",
        "target_type": given.get("target", "line_item"),
    }
    return application, {"code": code, "amount": "0.00", "type": kind}


def _shares(
    order: Record, value: Decimal, lines: Sequence[Record], *, percent: bool
) -> list[Decimal]:
    """One discount's share of each line, in whole cents, summing up to the whole."""
    left = [pricing.line_total(each) - pricing.line_discount(each) for each in lines]
    goods = sum(left, ZERO)
    whole = rounded(goods * value / 100, order["currency"]) if percent else min(value, goods)
    shares: list[Decimal] = []
    for position, each in enumerate(left):
        rest = whole - sum(shares, ZERO)
        last = position == len(left) - 1
        share = (
            rest if last else rounded(whole * each / goods if goods else ZERO, order["currency"])
        )
        shares.append(min(share, rest))
    return shares


def discounted(order: Record, discounts: Sequence[Mapping[str, Any]]) -> None:
    """Apply ``{code, percent}``, ``{code, amount}`` or ``{code, target: shipping_line}``."""
    currency = order["currency"]
    for index, given in enumerate(discounts):
        application, code = _discount(given)
        order["discount_applications"].append(application)
        order["discount_codes"].append(code)
        if application["target_type"] == "shipping_line":
            for line in order["shipping_lines"]:
                code["amount"] = line["price"]
                code["type"] = "shipping"
                _allocate(order, line, Decimal(line["price"]), index)
                line["discounted_price"] = text(ZERO, currency)
                line["discounted_price_set"] = bag(order, ZERO)
            continue
        percent = application["value_type"] == "percentage"
        shares = _shares(order, Decimal(application["value"]), order["line_items"], percent=percent)
        for line, share in zip(order["line_items"], shares, strict=True):
            if share:
                _allocate(order, line, share, index)
        code["amount"] = text(sum(shares, ZERO), currency)


def _allocate(order: Record, line: Record, amount: Decimal, index: int) -> None:
    allocation = {
        "amount": text(amount, order["currency"]),
        "amount_set": bag(order, amount),
        "discount_application_index": index,
    }
    line["discount_allocations"].append(allocation)


def shipping_line(store: Store, order: Record, given: Mapping[str, Any], rate: Decimal) -> Record:
    """A shipping line: ``{title, price}``."""
    price = decimal(given.get("price", "0"))
    number = store.new_id("shipping_line")
    return {
        "id": number,
        "title": given.get("title", "Standard"),
        "code": given.get("code", given.get("title", "Standard")),
        "source": "shopify",
        "carrier_identifier": None,
        "requested_fulfillment_service_id": None,
        "phone": None,
        "is_removed": False,
        "price": text(price, order["currency"]),
        "price_set": bag(order, price),
        "discounted_price": text(price, order["currency"]),
        "discounted_price_set": bag(order, price),
        "current_discounted_price_set": bag(order, price),
        "discount_allocations": [],
        "tax_lines": [pricing.tax_line(order, price, rate)] if rate and price else [],
    }


def fill(store: Store, order: Record, basket: Mapping[str, Any]) -> None:
    """Give an order or checkout its ``lines``, ``discounts``, ``shipping`` and ``tax_rate``."""
    rate = decimal(basket.get("tax_rate", "0"))
    order["tax_rate"] = str(rate)
    shipping = basket.get("shipping")
    order["line_items"] = [new_line(store, order, each) for each in basket.get("lines", ())]
    order["shipping_lines"] = [shipping_line(store, order, shipping, rate)] if shipping else []
    order["discount_applications"], order["discount_codes"] = [], []
    discounted(order, basket.get("discounts", ()))
    for line in order["shipping_lines"]:
        if line["discount_allocations"]:
            line["tax_lines"] = []
        line["current_discounted_price_set"] = line["discounted_price_set"]
    for line in order["line_items"]:
        pricing.price_line(order, line, rate)
