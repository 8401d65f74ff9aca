"""The two stores: who shops there, what they sell, and how much of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sandbox.shops.goods import COFFEE, OUTDOOR, Range
from sandbox.shops.people import NORTHERN, WESTERN, Crowd


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One store and the size of its past; ``phone_only`` and ``shared`` are of ``customers``."""

    shop: str
    settings: Mapping[str, Any]
    crowd: Crowd
    ranges: Sequence[Range]
    tax_rate: str
    shipping: Sequence[Mapping[str, str]]
    codes: Sequence[Mapping[str, str]]
    customers: int
    orders: int
    checkouts: int
    presentment: Sequence[str] = ()
    phone_only: int = 6
    shared: int = 12
    # Where people come in, and from where; most shops do not learn the latter.
    landings: Mapping[str, str | None] = field(
        default_factory=lambda: {
            "/": None,
            "/collections/all": "https://www.google.com/",
            "/?utm_source=newsletter": None,
        }
    )


NORDLYS = Plan(
    shop="nordlys-outdoor.myshopify.com",
    settings={
        "name": "Nordlys Outdoor",
        "plan": "plus",
        "currency": "EUR",
        "country_code": "FI",
        "taxes_included": True,
        "utc_offset": timedelta(hours=2),
        "timezone": "Europe/Helsinki",
    },
    crowd=NORTHERN,
    ranges=OUTDOOR,
    tax_rate="0.255",
    shipping=(
        {"title": "Posti SmartPOST", "price": "5.90"},
        {"title": "Matkahuolto kotiinkuljetus", "price": "12.50"},
    ),
    codes=(
        {"code": "FJÄLL10", "percent": "10"},
        {"code": "TERVETULOA", "amount": "7.00"},
        {"code": "FRITTFRAKT", "amount": "0", "target": "shipping_line"},
    ),
    customers=170,
    orders=450,
    checkouts=34,
)
COPPER = Plan(
    shop="copper-kettle-coffee.myshopify.com",
    settings={
        "name": "Copper Kettle Coffee",
        "plan": "plus",
        "currency": "USD",
        "country_code": "US",
        "utc_offset": timedelta(hours=-8),
        "timezone": "America/Los_Angeles",
        "presentment_currencies": ("CAD",),
        "presentment_rates": {"CAD": Decimal("1.37")},
    },
    crowd=WESTERN,
    ranges=COFFEE,
    tax_rate="0.0825",
    shipping=(
        {"title": "USPS Ground Advantage", "price": "4.95"},
        {"title": "UPS 2nd Day Air", "price": "18.00"},
    ),
    codes=(
        {"code": "WELCOME15", "percent": "15"},
        {"code": "BEANS5", "amount": "5.00"},
    ),
    customers=130,
    orders=350,
    checkouts=26,
    presentment=("CAD",),
)
