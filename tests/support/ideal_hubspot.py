"""A HubSpot dump that shows exactly what the tables ask for, to be spoiled by tests."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from itertools import count
from typing import Any

from sandbox.expected import rules
from sandbox.expected.forms import Surroundings, Value, expected_value, instant
from sandbox.expected.rules import Shops, Subject
from sandbox.expected.tables import tables
from sandbox.expected.verdict import Settings

KINDS = ("contacts", "products", "orders", "line_items", "carts")


class IdealHubSpot:
    """``dump`` is what HubSpot's simulator would answer if everything were right."""

    def __init__(self, shops: Shops, settings: Settings) -> None:
        self.shops = shops
        self.settings = settings
        self.dump: dict[str, list[dict[str, Any]]] = {kind: [] for kind in (*KINDS, "associations")}
        self._ids = count(1)
        self._contacts: dict[str, str] = {}
        self._products: dict[str, frozenset[str]] = {}
        self._orders: dict[tuple[str, str], str] = {}
        self._fill_contacts()
        self._fill_products()
        self._fill_orders()
        self._fill_carts()

    def record(self, kind: str, **properties: str) -> dict[str, Any]:
        """The one live record of ``kind`` with these properties."""
        (found,) = (
            each
            for each in self.dump[kind]
            if properties.items() <= each["properties"].items() and not each["archived"]
        )
        return found

    def add(self, kind: str, properties: dict[str, str]) -> str:
        """Another record; its id."""
        number = str(next(self._ids))
        self.dump[kind].append({"id": number, "properties": properties, "archived": False})
        return number

    def link(self, from_type: str, from_id: str, to_type: str, to_id: str) -> None:
        """Another association."""
        self.dump["associations"].append(
            {"from_type": from_type, "from_id": from_id, "to_type": to_type, "to_id": to_id}
        )

    def _shown(self, subject: Subject) -> dict[str, str]:
        around = Surroundings(currencies=self.settings.currencies, product_ids=self._products)
        rows = tables()[subject.table]
        values = {row.property: expected_value(row, subject.record, around) for row in rows}
        return {name: _text(value) for name, value in values.items()}

    def _fill_contacts(self) -> None:
        newest = sorted(
            rules.customers(self.shops), key=lambda each: instant(each.record["updated_at"])
        )
        for each in {each.emails[0]: each for each in newest}.values():
            self._contacts[each.emails[0]] = self.add("contacts", self._shown(each))
        for order in rules.orders(self.shops):
            if order.emails and order.emails[0] not in self._contacts:
                email = order.emails[0]
                self._contacts[email] = self.add("contacts", {"email": email, "firstname": "?"})

    def _fill_products(self) -> None:
        for each in rules.products(self.shops):
            self._products[each.key] = frozenset({self.add("products", self._shown(each))})

    def _fill_orders(self) -> None:
        for each in rules.orders(self.shops):
            number = self._add_parent(each, rules.order_lines(each))
            if each.record["checkout_token"]:
                self._orders[(each.shop, each.record["checkout_token"])] = number

    def _fill_carts(self) -> None:
        now, after = self.settings.now, self.settings.abandoned_after
        for each in rules.checkouts(self.shops, now, after):
            if each.required or each.record["completed_at"]:
                number = self._add_parent(each, rules.cart_lines(each))
                order = self._orders.get((each.shop, each.record["token"]))
                if order:
                    self.link("carts", number, "orders", order)

    def _add_parent(self, subject: Subject, lines: Iterable[Subject]) -> str:
        number = self.add(subject.kind, self._shown(subject))
        for line in lines:
            self.link(subject.kind, number, "line_items", self.add("line_items", self._shown(line)))
        if subject.emails:
            self.link(subject.kind, number, "contacts", self._contacts[subject.emails[0]])
        return number


def _text(value: Value) -> str:
    match value:
        case None:
            return ""
        case frozenset():
            return ", ".join(sorted(value))
        case tuple():
            return ", ".join(value)
        case datetime():
            return value.isoformat(timespec="milliseconds")
        case Decimal():
            return f"{value:f}"
        case _:
            return str(value)
