"""What a first sync would do, counted by the plans it would make. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from services.shared.contract.keys import SourceKey
from services.shared.contract.records import Record, State
from services.shared.contract.topics import ObjectType
from services.syncer import plans
from services.syncer.planning import Circumstances, normal_email, plan_for
from services.syncer.plans import Plan


class Fate(StrEnum):
    """What becomes of a record. Every one meets exactly one."""

    CREATE = "create"  # HubSpot has nothing of it
    UPDATE = "update"  # HubSpot has it, written by this product before
    ADOPT = "adopt"  # HubSpot has it from elsewhere: it is taken over and written to
    SHARE = "share"  # another customer with this email is counted already
    EXCLUDE = "exclude"  # a rule keeps it out


@dataclass(slots=True, kw_only=True)
class Line:
    """The counts of one HubSpot object of one store, and why records are excluded."""

    fates: Counter[Fate] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    guests: int = 0


class Forecast:
    """Counts plans. Customers must come before orders and checkouts, of all stores.

    ``held`` says by HubSpot object and native key (``shop/id``) what HubSpot has already, and
    whether this product wrote it.
    """

    def __init__(
        self, held: Mapping[str, Mapping[str, bool]], now: datetime, abandoned_after: timedelta
    ) -> None:
        self.lines: dict[tuple[str, str], Line] = {}
        self._held = held
        self._now = now
        self._abandoned_after = abandoned_after
        self._contacts: dict[str, bool] = {}
        self._counted: set[str] = set()

    def plan(self, source: SourceKey, state: State) -> Plan:
        """What would be written of ``state``, without its values."""
        around = Circumstances(
            shop=source.shop,
            now=self._now,
            abandoned_after=self._abandoned_after,
            mapped=_valueless,
            products={},
        )
        return plan_for(source, state, around)

    def learn_contacts(self, contacts: Mapping[str, bool]) -> None:
        """Which emails have a contact in HubSpot, and whether this product wrote it."""
        self._contacts.update(contacts)

    def count(self, plan: Plan, state: State) -> None:
        """Count one record. The contacts of its ``emails_in`` must have been learned."""
        shop = plan.source.shop
        if plan.excluded:
            line = self._line(shop, _OBJECTS[plan.source.kind])
            line.fates[Fate.EXCLUDE] += 1
            line.reasons[plan.excluded] += 1
        elif plan.head_type == plans.CONTACTS:
            self._line(shop, plans.CONTACTS).fates[self._fate_of_customer(plan.email)] += 1
        elif plan.head_type:
            key = f"{shop}/{plan.source.id}"
            self._line(shop, plan.head_type).fates[self._fate(plan.head_type, key)] += 1
            self._count_person(shop, plan, state.record)
        else:
            for part in plan.parts:
                key = f"{shop}/{part.source.id}"
                self._line(shop, plan.part_type).fates[self._fate(plan.part_type, key)] += 1

    def _count_person(self, shop: str, plan: Plan, record: Record) -> None:
        """Whom an order or a cart brings along: a guest, or a customer not listed themselves."""
        email = email_in(plan, record)
        if not email or email in self._counted:
            return
        line = self._line(shop, plans.CONTACTS)
        if plan.guest is None:
            line.fates[self._fate_of_customer(email)] += 1
            return
        self._counted.add(email)
        # A guest makes a contact and never changes one.
        if email not in self._contacts:
            line.fates[Fate.CREATE] += 1
            line.guests += 1

    def _fate_of_customer(self, email: str) -> Fate:
        if email in self._counted:
            return Fate.SHARE
        self._counted.add(email)
        return _FATES[self._contacts.get(email)]

    def _fate(self, object_type: str, key: str) -> Fate:
        return _FATES[self._held.get(object_type, {}).get(key)]

    def _line(self, shop: str, object_type: str) -> Line:
        return self.lines.setdefault((shop, object_type), Line())


def emails_in(planned: Iterable[tuple[Plan, State]]) -> set[str]:
    """The emails that decide the fate of these."""
    found = {email_in(plan, state.record) for plan, state in planned if not plan.excluded}
    return found - {""}


def email_in(plan: Plan, record: Record) -> str:
    """The email of the contact behind a record; empty if there is none."""
    if plan.email:
        return plan.email
    if plan.guest is not None:
        return plan.guest.email
    return normal_email(record.fields.get("customer_email"))


def _valueless(_object: str, _shop: str, _record: Record, _parent: Record | None) -> dict[str, str]:
    """Counting needs no values, only which records there would be."""
    return {}


# By whether this product wrote what HubSpot has; None where it has nothing.
_FATES: Mapping[bool | None, Fate] = {None: Fate.CREATE, True: Fate.UPDATE, False: Fate.ADOPT}
_OBJECTS: Mapping[str, str] = {
    ObjectType.CUSTOMERS: plans.CONTACTS,
    ObjectType.PRODUCTS: plans.PRODUCTS,
    ObjectType.ORDERS: plans.ORDERS,
    ObjectType.CHECKOUTS: plans.CARTS,
}
