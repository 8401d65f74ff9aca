"""The totals of an order or checkout, from its lines, shipping, taxes and refunds.

``total_*`` count what was ever ordered, ``current_*`` what is left after edits and refunds. A
line's discounts and taxes are those of its whole ``quantity``; what is left bears its share. A
refund of an amount without lines changes no ``current_*`` total but the refunded sums.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sandbox.shopify.model import Record
from sandbox.shopify.money import ZERO, bag, rounded, text, total


def line_total(line: Mapping[str, Any]) -> Decimal:
    """Price times quantity, before discounts."""
    return Decimal(line["price"]) * int(line["quantity"])


def line_discount(line: Mapping[str, Any]) -> Decimal:
    """The sum of a line's discount allocations."""
    return total(each["amount"] for each in line["discount_allocations"])


def line_tax(line: Mapping[str, Any]) -> Decimal:
    """The sum of a line's taxes."""
    return total(each["price"] for each in line["tax_lines"])


def left_of(line: Mapping[str, Any], amount: Decimal, currency: str) -> Decimal:
    """The share of a line's ``amount`` that its ``current_quantity`` bears."""
    quantity = int(line["quantity"])
    share = amount * int(line["current_quantity"]) / quantity if quantity else ZERO
    return rounded(share, currency)


def tax_line(order: Mapping[str, Any], taxable: Decimal, rate: Decimal) -> Record:
    """The tax on ``taxable``, which contains it where the shop's prices include taxes."""
    share = rate / (1 + rate) if order["taxes_included"] else rate
    amount = rounded(taxable * share, order["currency"])
    return {
        "title": "VAT" if order["taxes_included"] else "Sales tax",
        "rate": float(rate),
        "price": text(amount, order["currency"]),
        "price_set": bag(order, amount),
        "channel_liable": False,
    }


def price_line(order: Mapping[str, Any], line: Record, rate: Decimal) -> None:
    """Set a line's money bags and taxes from its price, quantity and allocations."""
    line["price_set"] = bag(order, Decimal(line["price"]))
    line["total_discount_set"] = bag(order, Decimal(line["total_discount"]))
    for each in line["discount_allocations"]:
        each["amount_set"] = bag(order, Decimal(each["amount"]))
    taxable = line_total(line) - line_discount(line)
    line["tax_lines"] = [tax_line(order, taxable, rate)] if rate and line["taxable"] else []


def _merged_taxes(order: Mapping[str, Any]) -> list[Record]:
    parts = [each for line in order["line_items"] for each in line["tax_lines"]]
    parts += [each for line in order["shipping_lines"] for each in line["tax_lines"]]
    if not parts:
        return []
    amount = total(each["price"] for each in parts)
    return [{**parts[0], "price": text(amount, order["currency"]), "price_set": bag(order, amount)}]


def _set(order: Record, name: str, amount: Decimal) -> None:
    order[name] = text(amount, order["currency"])
    order[f"{name}_set"] = bag(order, amount)


def shipping_left(order: Mapping[str, Any]) -> Decimal:
    """What shipping still costs after discounts and refunds of shipping."""
    charged = total(each["discounted_price"] for each in order["shipping_lines"])
    refunded = total(
        each["subtotal_amount_set"]["shop_money"]["amount"]
        for refund in order["refunds"]
        for each in refund["refund_shipping_lines"]
    )
    return charged - refunded


def price(order: Record) -> None:
    """Compute every total of an order anew."""
    currency, lines, shipping = order["currency"], order["line_items"], order["shipping_lines"]
    extra_tax = not order["taxes_included"]
    goods = sum((line_total(each) for each in lines), ZERO)
    discounts = sum((line_discount(each) for each in lines), ZERO)
    carriage = total(each["discounted_price"] for each in shipping)
    carriage_discount = total(each["price"] for each in shipping) - carriage
    carriage_tax = sum((line_tax(each) for each in shipping), ZERO)
    tax = sum((line_tax(each) for each in lines), ZERO) + carriage_tax
    _set(order, "total_line_items_price", goods)
    _set(order, "total_discounts", discounts + carriage_discount)
    _set(order, "subtotal_price", goods - discounts)
    _set(order, "total_tax", tax)
    _set(order, "total_price", goods - discounts + carriage + (tax if extra_tax else ZERO))
    order["total_shipping_price_set"] = bag(order, total(each["price"] for each in shipping))
    order["tax_lines"] = _merged_taxes(order)

    left_goods = sum((left_of(each, line_total(each), currency) for each in lines), ZERO)
    left_discounts = sum((left_of(each, line_discount(each), currency) for each in lines), ZERO)
    left_carriage = shipping_left(order)
    left_tax = sum((left_of(each, line_tax(each), currency) for each in lines), ZERO)
    left_tax += rounded(carriage_tax * left_carriage / carriage, currency) if carriage else ZERO
    left = left_goods - left_discounts + left_carriage + (left_tax if extra_tax else ZERO)
    _set(order, "current_subtotal_price", left_goods - left_discounts)
    _set(order, "current_total_discounts", left_discounts + carriage_discount)
    _set(order, "current_total_tax", left_tax)
    _set(order, "current_total_price", left)
    order["current_shipping_price_set"] = bag(order, left_carriage)
    settle(order)


def paid(order: Mapping[str, Any]) -> Decimal:
    """Captured payments."""
    return total(
        each["amount"]
        for each in order["transactions"]
        if each["kind"] in ("sale", "capture") and each["status"] == "success"
    )


def refunded(order: Mapping[str, Any]) -> Decimal:
    """The sum of successful refund transactions."""
    return total(
        each["amount"]
        for refund in order["refunds"]
        for each in refund["transactions"]
        if each["kind"] == "refund" and each["status"] == "success"
    )


def settle(order: Record) -> None:
    """``total_outstanding`` and ``financial_status``, from the transactions."""
    received, back = paid(order), refunded(order)
    owed = Decimal(order["current_total_price"])
    voided = any(each["kind"] == "void" for each in order["transactions"])
    held = any(each["kind"] == "authorization" for each in order["transactions"])
    open_amount = max(ZERO, owed - (received - back)) if not voided else ZERO
    order["total_outstanding"] = text(open_amount, order["currency"])
    if voided:
        status = "voided"
    elif received and back >= received:
        status = "refunded"
    elif back:
        status = "partially_refunded"
    elif received and received >= owed:
        status = "paid"
    elif received:
        status = "partially_paid"
    elif held:
        status = "authorized"
    else:
        status = "paid" if not Decimal(order["total_price"]) else "pending"
    order["financial_status"] = status
