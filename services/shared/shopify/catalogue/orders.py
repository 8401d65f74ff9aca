"""Orders. Amounts are in the shop's currency; ``current_*`` is after edits and returns."""

# ruff: noqa: E501  # a row of a table is one line

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from services.shared.contract.records import Value
from services.shared.shopify.catalogue import shipments
from services.shared.shopify.catalogue.addresses import address
from services.shared.shopify.catalogue.fields import Field, Place, Read, field
from services.shared.shopify.catalogue.reading import FieldType, id_in, lowered, text

T, N, M, D, B, L = (
    FieldType.TEXT,
    FieldType.INT,
    FieldType.MONEY,
    FieldType.DATETIME,
    FieldType.BOOL,
    FieldType.LIST,
)
_AMOUNT: Final = "shopMoney.amount"

# GraphQL tells more states than a webhook's `fulfillment_status`: the rest is null there.
# https://shopify.dev/docs/api/admin-graphql/latest/enums/OrderDisplayFulfillmentStatus
_COARSE: Mapping[str, str] = MappingProxyType(
    {
        "FULFILLED": "fulfilled",
        "PARTIALLY_FULFILLED": "partial",
        "RESTOCKED": "restocked",
    }
)


def _fulfillment_status(value: Any) -> str | None:
    return _COARSE.get(text(value))


def codes(value: Any) -> tuple[str, ...]:
    """Discount codes of a webhook: objects with an amount each; automatic ones have no code."""
    return tuple(text(each["code"]) for each in value if each.get("code"))


def _shipped(read: Read) -> tuple[Place, Place]:
    return (
        Place(path="fulfillments", read=read),
        Place(path="fulfillments", read=read, inside=shipments.NODE_PARTS),
    )


def _shipping_titles(lines: Any) -> Value:
    return tuple(text(each["title"]) for each in lines if not each.get("is_removed"))


def _id(path: str) -> Place:
    return Place(path=path, read=id_in)


ORDERS: Final[tuple[Field, ...]] = (
    field("id", T, "Order ID", _id("id"), _id("id")),
    field("name", T, "Order name", "name", "name"),
    field("email", T, "Email", "email", "email"),
    field("phone", T, "Phone", "phone", "phone"),
    field("created_at", D, "Created at", "created_at", "createdAt"),
    field("updated_at", D, "Updated at", "updated_at", "updatedAt"),
    field("processed_at", D, "Processed at", "processed_at", "processedAt"),
    field("closed_at", D, "Closed at", "closed_at", "closedAt"),
    field("cancelled_at", D, "Cancelled at", "cancelled_at", "cancelledAt"),
    field("cancel_reason", T, "Cancel reason", "cancel_reason", Place(path="cancelReason", read=lowered)),
    field("currency", T, "Currency of the shop", "currency", "currencyCode"),
    field("presentment_currency", T, "Currency the buyer saw", "presentment_currency", "presentmentCurrencyCode"),
    field("total_price", M, "Total when placed", "total_price", f"totalPriceSet.{_AMOUNT}"),
    field("current_total_price", M, "Total", "current_total_price", f"currentTotalPriceSet.{_AMOUNT}"),
    field("current_subtotal_price", M, "Subtotal", "current_subtotal_price", f"currentSubtotalPriceSet.{_AMOUNT}"),
    field("current_total_discounts", M, "Discounts", "current_total_discounts", f"currentTotalDiscountsSet.{_AMOUNT}"),
    field("current_total_tax", M, "Taxes", "current_total_tax", f"currentTotalTaxSet.{_AMOUNT}"),
    field("total_shipping_price", M, "Shipping", "total_shipping_price_set.shop_money.amount", f"totalShippingPriceSet.{_AMOUNT}"),
    field("total_refunded", M, "Refunded", Place(path="", read=shipments.refunded), f"totalRefundedSet.{_AMOUNT}"),
    field("discount_codes", L, "Discount codes", Place(path="discount_codes", read=codes), "discountCodes"),
    field("financial_status", T, "Payment status", "financial_status", Place(path="displayFinancialStatus", read=lowered)),
    field("fulfillment_status", T, "Fulfilment status", "fulfillment_status", Place(path="displayFulfillmentStatus", read=_fulfillment_status)),
    field("payment_gateway_names", L, "Payment gateways", "payment_gateway_names", "paymentGatewayNames"),
    field("shipment_statuses", L, "Shipment statuses", *_shipped(shipments.statuses)),
    field("is_delivered", B, "Every shipment delivered", *_shipped(shipments.is_delivered)),
    field("tracking_numbers", L, "Tracking numbers", *_shipped(shipments.tracking_numbers)),
    field("tracking_urls", L, "Tracking pages", *_shipped(shipments.tracking_urls)),
    field("tracking_companies", L, "Carriers", *_shipped(shipments.tracking_companies)),
    field("shipping_method", L, "Shipping methods", Place(path="shipping_lines", read=_shipping_titles), Place(path="shippingLines(first: 3).nodes", read=_shipping_titles, inside="title")),
    field("total_weight", N, "Weight in grams", "total_weight", "totalWeight"),
    field("order_status_url", T, "Order status page", "order_status_url", "statusPageUrl"),
    # GraphQL has these only as deprecated fields in another form (a whole address).
    field("landing_site", T, "Landing page", "landing_site", None),
    field("referring_site", T, "Referring page", "referring_site", None),
    field("source_name", T, "Sales channel", "source_name", "sourceName"),
    field("tags", L, "Tags", "tags", "tags"),
    field("note", T, "Note", "note", "note"),
    field("po_number", T, "Purchase order number", "po_number", "poNumber"),
    field("buyer_accepts_marketing", B, "Buyer accepts marketing", "buyer_accepts_marketing", "customerAcceptsMarketing"),
    field("test", B, "Test order", "test", "test"),
    field("checkout_token", T, "Checkout token", "checkout_token", "checkoutToken"),
    field("cart_token", T, "Cart token", "cart_token", "cartToken"),
    # Gone from webhooks since 2026-04; GraphQL never had it.
    # https://shopify.dev/changelog/removed-checkout-id-from-checkouts-and-orders-webhooks
    field("checkout_id", T, "Checkout ID", _id("checkout_id"), None),
    field("customer_id", T, "Customer ID", _id("customer.id"), _id("customer.id")),
    field("customer_email", T, "Customer: email", "customer.email", "customer.defaultEmailAddress.emailAddress"),
    field("customer_first_name", T, "Customer: first name", "customer.first_name", "customer.firstName"),
    field("customer_last_name", T, "Customer: last name", "customer.last_name", "customer.lastName"),
    field("customer_phone", T, "Customer: phone", "customer.phone", "customer.defaultPhoneNumber.phoneNumber"),
    *address("shipping", "Shipping address", "shipping_address", "shippingAddress"),
    *address("billing", "Billing address", "billing_address", "billingAddress"),
)  # fmt: skip
