"""Orders, as GraphQL shows them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.shopify import pricing
from sandbox.shopify.graph.fulfilments import FULFILLMENT
from sandbox.shopify.graph.lines import (
    applications,
    line_items,
    shipping_connection,
    shipping_lines,
)
from sandbox.shopify.graph.payments import REFUND, transactions
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
    same,
    tax_lines,
    time,
    type_of,
)
from sandbox.shopify.model import Kind, Record, split_tags
from sandbox.shopify.money import ZERO, total
from sandbox.shopify.store import Store

PROTECTED = ("email", "phone", "billingAddress", "shippingAddress", "displayAddress", "clientIp")
NO, YES, NOTHING = always(value=False), always(value=True), always(None)
_FULFILLMENT = {None: "UNFULFILLED", "partial": "PARTIALLY_FULFILLED", "fulfilled": "FULFILLED"}


def _parts(kind: tuple[str, Fields, frozenset[str]], name: str) -> Any:
    return cut(lambda view: [View(kind, view.store, e, view.record) for e in view.record[name]])


def _page_url(view: View) -> str | None:
    site = view.record["landing_site"]
    return f"https://{view.store.shop}{site}" if site else None


def _order_transactions(view: View) -> Any:
    everything = transactions(view.record, view.record["transactions"])
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
