"""The tables: one row per HubSpot property, read from the CSV files beside this module.

Columns: ``property`` is HubSpot's name; ``source`` the Shopify fields it is made of, as paths in
the REST form (``[]`` runs through a list), several divided by a space; ``form`` how they become a
value (``forms.FORMS``); ``when_absent`` what HubSpot shows without them; ``known_by`` how the
product can know them; ``fact`` the vendor and section of
``sandbox/sources.md``.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType

NAMES = ("contacts", "products", "orders", "line_items", "carts", "cart_line_items")


class KnownBy(StrEnum):
    """Who carries a field; where not all do, HubSpot may show nothing instead of the value."""

    ALL = "all"
    WEBHOOK = "webhook"
    READ = "read"
    ANY = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one property of one object must show."""

    property: str
    source: tuple[str, ...]
    form: str
    when_absent: str
    known_by: KnownBy
    fact: str


@cache
def tables() -> Mapping[str, tuple[Row, ...]]:
    """All tables by name; a cart's line items have their own."""
    return MappingProxyType({name: _table(name) for name in NAMES})


def _table(name: str) -> tuple[Row, ...]:
    text = files("sandbox.expected").joinpath(f"{name}.csv").read_text("utf-8")
    return tuple(
        Row(
            property=each["property"],
            source=tuple(each["source"].split()),
            form=each["form"],
            when_absent=each["when_absent"],
            known_by=KnownBy(each["known_by"]),
            fact=each["fact"],
        )
        for each in csv.DictReader(text.splitlines(), strict=True)
    )
