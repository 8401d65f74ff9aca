"""Refunds and transactions, inside an order and as topics of their own."""

from __future__ import annotations

from typing import Any

from sandbox.shopify.payloads.lines import LINE_WITHIN
from sandbox.shopify.payloads.shapes import Part, Record, Shape, shaped, zero

# ISO 4217's code for "no currency is involved".
_NO_CURRENCY = "XXX"


def _number(name: str) -> Any:
    """Sums of a refunded line are JSON numbers, unlike all other money."""
    return lambda line: float(line.get(name) or 0)


REFUND_LINE: Shape = {
    "id": None,
    "quantity": 1,
    "line_item_id": None,
    "location_id": None,
    "restock_type": "no_restock",
    "subtotal": _number("subtotal"),
    "total_tax": _number("total_tax"),
    "subtotal_set": None,
    "total_tax_set": None,
    "line_item": Part(LINE_WITHIN),
}


def _unsettled(record: Record) -> dict[str, Any]:
    currency = record.get("currency") or _NO_CURRENCY
    nothing = {"amount": "0.0", "currency": currency}
    return {"presentment_money": nothing, "shop_money": nothing}


TRANSACTION: Shape = {
    "id": None,
    "order_id": None,
    "kind": "sale",
    "gateway": "bogus",
    "status": "success",
    "message": None,
    "created_at": None,
    "test": False,
    "authorization": None,
    "location_id": None,
    "user_id": None,
    "parent_id": None,
    "processed_at": None,
    "device_id": None,
    "error_code": None,
    "source_name": "web",
    "receipt": {},
    "amount": "0.00",
    "currency": None,
    "payment_id": None,
    "total_unsettled_set": _unsettled,
    "manual_payment_gateway": False,
    "amount_rounding": None,
    "admin_graphql_api_id": None,
}
_CARD: Shape = {
    "credit_card_bin": None,
    "avs_result_code": None,
    "cvv_result_code": None,
    "credit_card_number": "•••• •••• •••• 1234",
    "credit_card_company": "Visa",
    "buyer_action_info": None,
    "credit_card_name": None,
    "credit_card_wallet": None,
    "credit_card_expiration_month": None,
    "credit_card_expiration_year": None,
    "payment_method_name": "visa",
}
REFUND: Shape = {
    "id": None,
    "order_id": None,
    "created_at": None,
    "note": None,
    "user_id": None,
    "processed_at": None,
    "duties": [],
    "total_duties_set": zero,
    "return": None,
    "refund_shipping_lines": [],
    "restock": False,
    "admin_graphql_api_id": None,
    "order_adjustments": [],
    "refund_line_items": Part(REFUND_LINE, many=True),
    "transactions": Part(TRANSACTION, many=True),
}


def refund(record: Record) -> dict[str, Any]:
    """``refunds/create``."""
    return shaped(record, REFUND)


def transaction(record: Record) -> dict[str, Any]:
    """``order_transactions/create``: with the card, which refunds leave out."""
    payload = shaped(record, TRANSACTION)
    payload["authorization"] = payload["authorization"] or str(record["id"] % 10_000)
    payload["payment_details"] = shaped(record.get("payment_details") or {}, _CARD)
    return payload
