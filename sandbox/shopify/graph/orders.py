"""Orders, and what happened to them since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sandbox.shopify import pricing
from sandbox.shopify.graph.lines import (
    LINE_ITEM,
    SHIPPING_LINE,
    applications,
    line_items,
    shipping_connection,
    shipping_lines,
)
from sandbox.shopify.graph.reaching import customer_of, makes
from sandbox.shopify.graph.views import (
    Fields,
    View,
    address,
    always,
    attributes,
    bag_at,
    bag_of,
    cut,
    enum,
    legacy_id,
    listed,
    metafield_fields,
    money_bag,
    same,
    stamp,
    tax_lines,
    time,
    type_of,
    upper,
)
from sandbox.shopify.model import Kind, Record, gid, split_tags
from sandbox.shopify.money import ZERO, total
from sandbox.shopify.store import Store

PROTECTED = ("email", "phone", "billingAddress", "shippingAddress", "displayAddress", "clientIp")
NO, YES, NOTHING = always(value=False), always(value=True), always(None)
_FULFILLMENT = {None: "UNFULFILLED", "partial": "PARTIALLY_FULFILLED", "fulfilled": "FULFILLED"}


def _transactions(order: Mapping[str, Any], given: Sequence[Record]) -> list[dict[str, Any]]:
    return [
        {
            "id": each["admin_graphql_api_id"],
            "kind": upper(each["kind"]),
            "status": upper(each["status"]),
            "gateway": each["gateway"],
            "formattedGateway": "Bogus",
            "amountSet": bag_of(order, Decimal(each["amount"])),
            "createdAt": stamp(each["created_at"]),
            "processedAt": stamp(each["processed_at"]),
            "paymentId": each["payment_id"],
            "errorCode": None,
            "manualPaymentGateway": False,
            "parentTransaction": None,
            "test": each["test"],
        }
        for each in given
    ]


def _line(view: View, line_id: int) -> View:
    for each in view.owner["line_items"]:
        if each["id"] == line_id:
            return View(LINE_ITEM, view.store, each, view.owner)
    raise KeyError(line_id)


def _refunded_lines(view: View) -> list[dict[str, Any]]:
    return [
        {
            "id": gid("RefundLineItem", each["id"]),
            "lineItem": _line(view, each["line_item_id"]),
            "quantity": each["quantity"],
            "restockType": each["restock_type"].upper(),
            "restocked": each["restock_type"] != "no_restock",
            "priceSet": money_bag(each["line_item"]["price_set"]),
            "subtotalSet": money_bag(each["subtotal_set"]),
            "totalTaxSet": money_bag(each["total_tax_set"]),
        }
        for each in view.record["refund_line_items"]
    ]


def _refunded_shipping(view: View) -> list[dict[str, Any]]:
    return [
        {
            "id": gid("RefundShippingLine", each["id"]),
            "shippingLine": View(SHIPPING_LINE, view.store, each["shipping_line"], view.owner),
            "subtotalAmountSet": money_bag(each["subtotal_amount_set"]),
            "taxAmountSet": money_bag(each["tax_amount_set"]),
        }
        for each in view.record["refund_shipping_lines"]
    ]


REFUND = type_of(
    "Refund",
    {
        "id": same("admin_graphql_api_id"),
        "legacyResourceId": legacy_id,
        "note": same("note"),
        "createdAt": time("created_at"),
        "processedAt": time("processed_at"),
        "updatedAt": time("processed_at"),
        "refundLineItems": listed(_refunded_lines),
        "refundShippingLines": listed(_refunded_shipping),
        "transactions": listed(lambda view: _transactions(view.owner, view.record["transactions"])),
        "totalRefundedSet": lambda view: bag_of(
            view.owner, total(each["amount"] for each in view.record["transactions"])
        ),
    },
)


def _tracking(view: View) -> list[dict[str, Any]]:
    numbers, urls = view.record["tracking_numbers"], view.record["tracking_urls"]
    count = max(len(numbers), len(urls))
    return [
        {
            "company": view.record["tracking_company"],
            "number": numbers[place] if place < len(numbers) else None,
            "url": urls[place] if place < len(urls) else None,
        }
        for place in range(count)
    ]


def _sent_lines(view: View) -> list[dict[str, Any]]:
    return [
        {
            "id": gid("FulfillmentLineItem", each["id"]),
            "lineItem": _line(view, each["id"]),
            "quantity": each["quantity"],
        }
        for each in view.record["line_items"]
    ]


FULFILLMENT = type_of(
    "Fulfillment",
    {
        "id": same("admin_graphql_api_id"),
        "legacyResourceId": legacy_id,
        "name": same("name"),
        "status": enum("status"),
        "displayStatus": lambda view: upper(view.record["shipment_status"]) or "FULFILLED",
        "createdAt": time("created_at"),
        "updatedAt": time("updated_at"),
        "deliveredAt": time("delivered_at"),
        "estimatedDeliveryAt": NOTHING,
        "inTransitAt": NOTHING,
        "requiresShipping": YES,
        "totalQuantity": lambda view: sum(each["quantity"] for each in view.record["line_items"]),
        "trackingInfo": cut(_tracking),
        "fulfillmentLineItems": listed(_sent_lines),
    },
)


def _parts(kind: tuple[str, Fields, frozenset[str]], name: str) -> Any:
    return cut(lambda view: [View(kind, view.store, e, view.record) for e in view.record[name]])


def _page_url(view: View) -> str | None:
    site = view.record["landing_site"]
    return f"https://{view.store.shop}{site}" if site else None


def _order_transactions(view: View) -> Any:
    everything = _transactions(view.record, view.record["transactions"])
    return lambda first=None, **_: everything[:first]


def _first_code(view: View) -> str | None:
    codes = view.record["discount_codes"]
    return codes[0]["code"] if codes else None


def _received(view: View) -> Any:
    return bag_of(view.record, pricing.paid(view.record))


def _refunded(view: View) -> Any:
    return bag_of(view.record, pricing.refunded(view.record))


def _net(view: View) -> Any:
    return bag_of(view.record, pricing.paid(view.record) - pricing.refunded(view.record))


def _refunded_carriage(view: View) -> Any:
    charged = total(each["discounted_price"] for each in view.record["shipping_lines"])
    return bag_of(view.record, charged - pricing.shipping_left(view.record))


def _quantity(name: str) -> Any:
    return lambda view: sum(each[name] for each in view.record["line_items"])


ORDER = type_of(
    "Order",
    {
        "id": same("admin_graphql_api_id"),
        "legacyResourceId": legacy_id,
        "name": same("name"),
        "number": same("order_number"),
        "confirmationNumber": same("confirmation_number"),
        "confirmed": same("confirmed"),
        "test": same("test"),
        "edited": same("edited"),
        "email": same("email"),
        "phone": same("phone"),
        "customer": customer_of,
        "customerLocale": same("customer_locale"),
        "customerAcceptsMarketing": same("buyer_accepts_marketing"),
        "clientIp": same("browser_ip"),
        "billingAddress": lambda view: address(view, "billing_address"),
        "shippingAddress": lambda view: address(view, "shipping_address"),
        "displayAddress": lambda view: address(view, "shipping_address"),
        "billingAddressMatchesShippingAddress": lambda view: (
            view.record["billing_address"] == view.record["shipping_address"]
        ),
        "createdAt": time("created_at"),
        "updatedAt": time("updated_at"),
        "processedAt": time("processed_at"),
        "closedAt": time("closed_at"),
        "closed": lambda view: view.record["closed_at"] is not None,
        "cancelledAt": time("cancelled_at"),
        "cancelReason": enum("cancel_reason"),
        "cartToken": same("cart_token"),
        "checkoutToken": same("checkout_token"),
        "currencyCode": same("currency"),
        "presentmentCurrencyCode": same("presentment_currency"),
        "currentShippingPriceSet": bag_at("current_shipping_price_set"),
        "currentSubtotalPriceSet": bag_at("current_subtotal_price_set"),
        "currentTotalDiscountsSet": bag_at("current_total_discounts_set"),
        "currentTotalPriceSet": bag_at("current_total_price_set"),
        "currentTotalTaxSet": bag_at("current_total_tax_set"),
        "currentTaxLines": lambda view: tax_lines(view.record["tax_lines"]),
        "currentTotalWeight": lambda view: str(view.record["total_weight"]),
        "currentSubtotalLineItemsQuantity": _quantity("current_quantity"),
        "subtotalLineItemsQuantity": _quantity("quantity"),
        "originalTotalPriceSet": bag_at("original_total_price_set"),
        "subtotalPriceSet": bag_at("subtotal_price_set"),
        "totalDiscountsSet": bag_at("total_discounts_set"),
        "totalPriceSet": bag_at("total_price_set"),
        "totalShippingPriceSet": bag_at("total_shipping_price_set"),
        "totalTaxSet": bag_at("total_tax_set"),
        "totalTipReceivedSet": lambda view: bag_of(view.record, ZERO),
        "totalOutstandingSet": lambda view: bag_of(
            view.record, Decimal(view.record["total_outstanding"])
        ),
        "totalReceivedSet": _received,
        "totalRefundedSet": _refunded,
        "totalRefundedShippingSet": _refunded_carriage,
        "netPaymentSet": _net,
        "totalWeight": lambda view: str(view.record["total_weight"]),
        "taxLines": lambda view: tax_lines(view.record["tax_lines"]),
        "taxExempt": same("tax_exempt"),
        "taxesIncluded": same("taxes_included"),
        "estimatedTaxes": same("estimated_taxes"),
        "dutiesIncluded": same("duties_included"),
        "customAttributes": attributes("note_attributes"),
        "discountApplications": listed(applications),
        "discountCode": _first_code,
        "discountCodes": lambda view: [each["code"] for each in view.record["discount_codes"]],
        "displayFinancialStatus": enum("financial_status"),
        "displayFulfillmentStatus": lambda view: _FULFILLMENT[view.record["fulfillment_status"]],
        "fulfillable": lambda view: any(
            each["fulfillable_quantity"] for each in view.record["line_items"]
        ),
        "fullyPaid": lambda view: not Decimal(view.record["total_outstanding"]),
        "unpaid": lambda view: not pricing.paid(view.record),
        "refundable": lambda view: pricing.paid(view.record) > pricing.refunded(view.record),
        "requiresShipping": lambda view: any(
            each["requires_shipping"] for each in view.record["line_items"]
        ),
        "returnStatus": always("NO_RETURN"),
        "landingPageUrl": _page_url,
        "landingPageDisplayText": same("landing_site"),
        "referrerUrl": same("referring_site"),
        "note": same("note"),
        "poNumber": same("po_number"),
        "tags": lambda view: split_tags(view.record["tags"]),
        "paymentGatewayNames": same("payment_gateway_names"),
        "sourceIdentifier": same("source_identifier"),
        "sourceName": same("source_name"),
        "statusPageUrl": lambda view: lambda **_: view.record["order_status_url"],
        "lineItems": listed(line_items),
        "shippingLine": lambda view: next(iter(shipping_lines(view)), None),
        "shippingLines": shipping_connection,
        "fulfillments": _parts(FULFILLMENT, "fulfillments"),
        "refunds": _parts(REFUND, "refunds"),
        "transactions": _order_transactions,
        **metafield_fields("ORDER"),
    },
    PROTECTED,
)


@makes(Kind.ORDER)
def order_view(store: Store, record: Record) -> View:
    """The view of an order."""
    return View(ORDER, store, record)
