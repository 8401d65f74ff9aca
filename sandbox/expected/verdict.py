"""What the comparison is told, and what it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sandbox.expected.forms import Value

OBJECTS = frozenset({"contacts", "products", "orders", "carts"})


class Problem(StrEnum):
    """What is wrong."""

    MISSING = "missing"
    DIFFERENT = "different"
    DOUBLED = "doubled"
    UNEXPECTED = "unexpected"
    UNLINKED = "unlinked"
    WRONGLY_LINKED = "wrongly linked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing HubSpot does not show as it must.

    Attributes:
        problem: What is wrong.
        kind: The HubSpot object.
        id: The key ``<shop>/<id>`` of the Shopify record; an email where it is about that.
        shop: The store, empty where no single one is meant.
        property: A property, or the object an association leads to; empty for whole records.
        expected: What it must show.
        found: What it shows; HubSpot ids for doubled, unexpected and wrongly linked records.
    """

    problem: Problem
    kind: str
    id: str
    shop: str = ""
    property: str = ""
    expected: Value = None
    found: Value = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How the product was told to work.

    Attributes:
        now: When the HubSpot dump was taken, aware.
        abandoned_after: How long a checkout must rest before it is a cart.
        currencies: Codes the account has; None for any.
        objects: HubSpot objects that are synced, of ``OBJECTS``.
    """

    now: datetime
    abandoned_after: timedelta = timedelta(minutes=15)
    currencies: frozenset[str] | None = None
    objects: frozenset[str] = OBJECTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Every difference, and how many of each thing were compared.

    ``kept_apart`` are the keys of customers whose email another contact holds: theirs keeps the
    email it had, and the product must call them failing.
    """

    differences: Sequence[Difference]
    counts: Mapping[str, int]
    kept_apart: frozenset[str] = frozenset()
