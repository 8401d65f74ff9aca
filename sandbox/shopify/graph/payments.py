"""What was paid for an order, and what was given back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sandbox.shopify.graph.lines import SHIPPING_LINE, line_of
from sandbox.shopify.graph.views import (
    View,
    bag_of,
    legacy_id,
    listed,
    money_bag,
    same,
    stamp,
    time,
    type_of,
    upper,
)
from sandbox.shopify.model import Record, gid
from sandbox.shopify.money import total


def transactions(order: Mapping[str, Any], given: Sequence[Record]) -> list[dict[str, Any]]:
    """Transactions of an order, as GraphQL shows them."""
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


def _refunded_lines(view: View) -> list[dict[str, Any]]:
    return [
        {
            "id": gid("RefundLineItem", each["id"]),
            "lineItem": line_of(view, each["line_item_id"]),
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
        "transactions": listed(lambda view: transactions(view.owner, view.record["transactions"])),
        "totalRefundedSet": lambda view: bag_of(
            view.owner, total(each["amount"] for each in view.record["transactions"])
        ),
    },
)
