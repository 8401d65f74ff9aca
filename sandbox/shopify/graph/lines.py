"""Line items, discounts and shipping lines of orders and checkouts."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sandbox.shopify import pricing
from sandbox.shopify.graph.paging import connection
from sandbox.shopify.graph.reaching import product_of, variant_of
from sandbox.shopify.graph.views import (
    View,
    always,
    attributes,
    bag_at,
    bag_of,
    cut,
    listed,
    money_bag,
    same,
    tax_lines,
    type_of,
)
from sandbox.shopify.model import gid

NO = always(value=False)


def application(order: Mapping[str, Any], index: int) -> dict[str, Any]:
    """A discount application of an order."""
    given = order["discount_applications"][index]
    if given["value_type"] == "percentage":
        value: dict[str, Any] = {
            "__typename": "PricingPercentageValue",
            "percentage": float(given["value"]),
        }
    else:
        value = {
            "__typename": "MoneyV2",
            "amount": given["value"],
            "currencyCode": order["currency"],
        }
    return {
        "__typename": "DiscountCodeApplication",
        "code": given["code"],
        "index": index,
        "value": value,
        "allocationMethod": given["allocation_method"].upper(),
        "targetSelection": given["target_selection"].upper(),
        "targetType": given["target_type"].upper(),
    }


def applications(view: View) -> list[dict[str, Any]]:
    """All discount applications of an order."""
    count = len(view.record["discount_applications"])
    return [application(view.record, each) for each in range(count)]


def _allocations(view: View) -> list[dict[str, Any]]:
    return [
        {
            "allocatedAmountSet": money_bag(each["amount_set"]),
            "discountApplication": application(view.owner, each["discount_application_index"]),
        }
        for each in view.record["discount_allocations"]
    ]


def _original(view: View) -> Any:
    return bag_of(view.owner, pricing.line_total(view.record))


def _left(view: View) -> Decimal:
    return pricing.line_total(view.record) - pricing.line_discount(view.record)


def _discounted(view: View) -> Any:
    """Code discounts count only when asked for; every discount here is by code."""

    def total(withCodeDiscounts: bool = False) -> Any:  # noqa: FBT001, FBT002, N803 - the schema's
        amount = _left(view) if withCodeDiscounts else pricing.line_total(view.record)
        return bag_of(view.owner, amount)

    return total


def _unit_left(view: View) -> Any:
    return bag_of(view.owner, _left(view) / view.record["quantity"])


def _not_fulfillable(view: View) -> int:
    return int(view.record["current_quantity"] - view.record["fulfillable_quantity"])


LINE_ITEM = type_of(
    "LineItem",
    {
        "id": same("admin_graphql_api_id"),
        "title": same("title"),
        "name": same("name"),
        "variantTitle": same("variant_title"),
        "sku": same("sku"),
        "vendor": same("vendor"),
        "quantity": same("quantity"),
        "currentQuantity": same("current_quantity"),
        "fulfillableQuantity": same("fulfillable_quantity"),
        "unfulfilledQuantity": same("fulfillable_quantity"),
        "nonFulfillableQuantity": _not_fulfillable,
        "refundableQuantity": same("current_quantity"),
        "fulfillmentStatus": lambda view: view.record["fulfillment_status"] or "unfulfilled",
        "isGiftCard": same("gift_card"),
        "requiresShipping": same("requires_shipping"),
        "taxable": same("taxable"),
        "originalUnitPriceSet": bag_at("price_set"),
        "originalTotalSet": _original,
        "discountedUnitPriceSet": bag_at("price_set"),
        "discountedUnitPriceAfterAllDiscountsSet": _unit_left,
        "discountedTotalSet": _discounted,
        "totalDiscountSet": bag_at("total_discount_set"),
        "discountAllocations": _allocations,
        "taxLines": cut(lambda view: tax_lines(view.record["tax_lines"])),
        "customAttributes": attributes("properties"),
        "image": always(None),
        "product": product_of,
        "variant": variant_of,
    },
)

CHECKOUT_LINE_ITEM = type_of(
    "AbandonedCheckoutLineItem",
    {
        "id": lambda view: gid("AbandonedCheckoutLineItem", view.record["key"]),
        "title": same("title"),
        "variantTitle": same("variant_title"),
        "sku": same("sku"),
        "quantity": same("quantity"),
        "originalUnitPriceSet": bag_at("price_set"),
        "originalTotalPriceSet": _original,
        "discountedUnitPriceSet": bag_at("price_set"),
        "discountedTotalPriceSet": _original,
        "discountedUnitPriceWithCodeDiscount": _unit_left,
        "discountedTotalPriceWithCodeDiscount": lambda view: bag_of(view.owner, _left(view)),
        "discountAllocations": listed(_allocations),
        "customAttributes": attributes("properties"),
        "image": always(None),
        "product": product_of,
        "variant": variant_of,
    },
)

SHIPPING_LINE = type_of(
    "ShippingLine",
    {
        "id": lambda view: gid("ShippingLine", view.record["id"]),
        "title": same("title"),
        "code": same("code"),
        "source": same("source"),
        "phone": same("phone"),
        "carrierIdentifier": same("carrier_identifier"),
        "custom": NO,
        "deliveryCategory": always(None),
        "shippingRateHandle": always(None),
        "isRemoved": same("is_removed"),
        "originalPriceSet": bag_at("price_set"),
        "discountedPriceSet": bag_at("discounted_price_set"),
        "currentDiscountedPriceSet": bag_at("current_discounted_price_set"),
        "discountAllocations": _allocations,
        "taxLines": lambda view: tax_lines(view.record["tax_lines"]),
    },
)


def line_of(view: View, line_id: int) -> View:
    """One line of the order that a refund or a fulfilment belongs to."""
    for each in view.owner["line_items"]:
        if each["id"] == line_id:
            return View(LINE_ITEM, view.store, each, view.owner)
    raise KeyError(line_id)


def line_items(view: View) -> list[View]:
    """The lines of an order."""
    return [View(LINE_ITEM, view.store, each, view.record) for each in view.record["line_items"]]


def checkout_line_items(view: View) -> list[View]:
    """The lines of a checkout."""
    lines = view.record["line_items"]
    return [View(CHECKOUT_LINE_ITEM, view.store, each, view.record) for each in lines]


def shipping_lines(view: View) -> list[View]:
    """The shipping lines of an order."""
    lines = view.record["shipping_lines"]
    return [View(SHIPPING_LINE, view.store, each, view.record) for each in lines]


def shipping_connection(view: View) -> Any:
    """``shippingLines``; ``includeRemovals`` makes no difference, none is ever removed here."""
    return lambda includeRemovals=False, **page: connection(shipping_lines(view), **page)  # noqa: ARG005, N803 - the schema's
