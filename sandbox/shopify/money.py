"""Amounts as Shopify writes them: decimal text, and bags of shop and presentment money."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

ZERO = Decimal(0)
_PLACES = {"JPY": Decimal(1), "KRW": Decimal(1), "CLP": Decimal(1)}
_CENT = Decimal("0.01")


def rounded(amount: Decimal, currency: str) -> Decimal:
    """``amount`` at the currency's precision, halves away from zero."""
    return amount.quantize(_PLACES.get(currency, _CENT), ROUND_HALF_UP)


def text(amount: Decimal, currency: str) -> str:
    """``amount`` as Shopify prints it (``"10.00"``; ``"1000"`` in yen)."""
    return str(rounded(amount, currency))


def decimal(value: str | Decimal | float) -> Decimal:
    """An amount given by a caller, without binary fractions."""
    return value if isinstance(value, Decimal) else Decimal(str(value))


def total(amounts: Iterable[str | Decimal]) -> Decimal:
    """The sum of amounts."""
    return sum((decimal(each) for each in amounts), ZERO)


def bag(order: Mapping[str, Any], amount: Decimal) -> dict[str, Any]:
    """A ``*_set``: the amount in the shop's and in the buyer's currency.

    ``order`` is an order or checkout: ``currency``, ``presentment_currency`` and
    ``presentment_rate``, the units of presentment currency for one of the shop's.
    """
    shop, buyer = order["currency"], order["presentment_currency"]
    return {
        "shop_money": {"amount": text(amount, shop), "currency_code": shop},
        "presentment_money": {
            "amount": text(amount * Decimal(order["presentment_rate"]), buyer),
            "currency_code": buyer,
        },
    }
