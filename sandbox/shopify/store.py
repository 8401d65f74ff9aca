"""One store: its records, its settings, and the changes its actions raise."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sandbox.shopify.index import SearchIndex
from sandbox.shopify.model import GID_NAMES, TABLES, Change, Deletion, Kind, Record, copied, gid

SCOPES = (
    "read_customers",
    "read_products",
    "read_orders",
    "read_all_orders",
    "read_customer_merge",
    "read_fulfillments",
    "read_inventory",
)


@dataclass(slots=True, kw_only=True)
class Token:
    """An access token; ``expires_at`` is None for ``shpat_`` ones made in the admin."""

    value: str
    expires_at: datetime | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Store:
    """A store of the simulator; every attribute may be set at any time.

    Attributes:
        previous_secret: Signs until a rotation has gone through.
        plan: ``standard``, ``advanced``, ``plus`` or ``enterprise``; decides the query bucket.
        utc_offset: The shop's timezone.
        frozen: The API answers 402.
        installed: False after an uninstall: every token is refused.
        protected_data: Whether names, emails, phones and addresses may be read.
        index_lag: How far lists are behind the records; reads by id are not.
        customers_by_day: Whether ``customers`` are filtered by ``updated_at`` in whole days only.
        products_default_status, orders_default_status: The ``status`` a list without one has.
        credentials_permitted: Whether app and store are of one organization.
        metafield_edits_bump, tag_edits_bump: Whether such an edit moves ``updated_at``.
        subscriptions: Records of webhook subscriptions, changed by the API.
        listeners: Called with each change after its action has ended.
    """

    shop: str
    now: Callable[[], datetime]
    rng: random.Random
    name: str = ""
    client_id: str = ""
    client_secret: str = ""
    previous_secret: str | None = None
    api_version: str = "2026-10"
    plan: str = "standard"
    currency: str = "USD"
    presentment_currencies: tuple[str, ...] = ()
    presentment_rates: dict[str, Decimal] = field(default_factory=dict)
    utc_offset: timedelta = timedelta(0)
    timezone: str = "Etc/UTC"
    country_code: str = "US"
    taxes_included: bool = False
    frozen: bool = False
    installed: bool = True
    protected_data: bool = True
    scopes: tuple[str, ...] = SCOPES
    index_lag: timedelta = timedelta(0)
    customers_by_day: bool = True
    products_default_status: str | None = "active"
    orders_default_status: str | None = None
    credentials_permitted: bool = True
    metafield_edits_bump: bool = False
    tag_edits_bump: bool = False
    tokens: dict[str, Token] = field(default_factory=dict)
    subscriptions: list[Record] = field(default_factory=list)
    listeners: list[Callable[[Change], None]] = field(default_factory=list)
    customers: dict[int, Record] = field(default_factory=dict)
    products: dict[int, Record] = field(default_factory=dict)
    orders: dict[int, Record] = field(default_factory=dict)
    checkouts: dict[int, Record] = field(default_factory=dict)
    events: list[Deletion] = field(default_factory=list)
    index: SearchIndex = field(default_factory=SearchIndex)
    order_number: int = 1000
    _last_ids: dict[str, int] = field(default_factory=dict)
    _raised: list[tuple[str, Kind, Record]] = field(default_factory=list)
    _changed: dict[tuple[Kind, int], None] = field(default_factory=dict)
    _depth: int = 0

    def table(self, kind: Kind) -> dict[int, Record]:
        """The records of one kind, by id, oldest first."""
        match kind:
            case Kind.CUSTOMER:
                return self.customers
            case Kind.PRODUCT:
                return self.products
            case Kind.ORDER:
                return self.orders
            case Kind.CHECKOUT:
                return self.checkouts
            case _:
                raise KeyError(f"no table of {kind}")

    def new_id(self, name: str) -> int:
        """An id no other record of this ``name`` in this store has: 13 or 14 digits, rising."""
        step = self.rng.randrange(1, 9) * 32768 + self.rng.randrange(32768)
        start = self._last_ids.get(name)
        if start is None:
            start = self.rng.randrange(4_000_000_000_000, 49_000_000_000_000)
        self._last_ids[name] = start + step
        return start + step

    def new_token(self, digits: int = 32) -> str:
        """Random hexadecimal text."""
        return f"{self.rng.getrandbits(digits * 4):0{digits}x}"

    def gid_of(self, kind: Kind, record: Record) -> str:
        """The global id of a record."""
        return gid(GID_NAMES[kind], record["id"])

    @contextmanager
    def action(self) -> Iterator[None]:
        """One thing a person does: its changes share an event id and are emitted at its end."""
        self._depth += 1
        try:
            yield
        except BaseException:
            self._raised.clear()
            self._index()
            raise
        finally:
            self._depth -= 1
        if not self._depth:
            self._index()
            self._emit()

    def raises(self, topic: str, kind: Kind, record: Record) -> None:
        """Say within an action that it raises ``topic``; once per topic and record."""
        if not any(topic == each and record is known for each, _, known in self._raised):
            self._raised.append((topic, kind, record))

    def add(self, kind: Kind, record: Record) -> None:
        """Put a new record into its table and on its way into the index."""
        self.table(kind)[record["id"]] = record
        self._changed[kind, record["id"]] = None

    def touch(self, kind: Kind, record: Record, *, bump: bool = True) -> None:
        """A record has changed: move ``updated_at`` (never back) and index it."""
        if bump:
            earliest = record["updated_at"] + timedelta(microseconds=1)
            record["updated_at"] = max(self.now(), earliest)
        self._changed[kind, record["id"]] = None

    def remove(self, kind: Kind, number: int) -> Record:
        """Take a record out; the event feed tells of it."""
        record = self.table(kind).pop(number)
        self._changed[kind, number] = None
        self.log_event("destroy", kind, record)
        return record

    def log_event(self, action: str, kind: Kind, record: Record) -> None:
        """Append to the event feed (``events``, ``deletionEvents``)."""
        subject = GID_NAMES[kind].upper()
        if kind is not Kind.CHECKOUT:  # no subject type of the feed
            self.events.append(
                Deletion(
                    id=self.new_id("event"),
                    action=action,
                    subject_type=subject,
                    subject_id=self.gid_of(kind, record),
                    at=self.now(),
                )
            )

    def snapshot(self, kind: Kind, record: Record) -> Record:
        """A deep copy; orders and checkouts carry their customer as it is now."""
        copy: Record = copied(record)
        if kind in (Kind.ORDER, Kind.CHECKOUT):
            customer = self.customers.get(record["customer_id"] or 0)
            copy["customer"] = copied(customer)
            copy.pop("basket", None)
        return copy

    def records(self) -> dict[str, list[Record]]:
        """Everything in the store that is not deleted, by table."""
        return {
            f"{kind}s": [self.snapshot(kind, each) for each in self.table(kind).values()]
            for kind in TABLES
        }

    def set(self, changes: Mapping[str, Any], allowed: Sequence[str]) -> None:
        """Change settings; ValueError, and nothing set, if one is not in ``allowed``.

        ``scopes`` and ``index_lag_seconds`` may be changed in any case.
        """
        unknown = set(changes) - {*allowed, "scopes", "index_lag_seconds"}
        if unknown:
            raise ValueError(f"no such setting: {', '.join(sorted(unknown))}")
        for name in changes:
            if name == "index_lag_seconds":
                self.index_lag = timedelta(seconds=float(changes[name]))
            elif name == "scopes":
                self.scopes = tuple(changes[name])
            else:
                setattr(self, name, changes[name])

    def shop_record(self) -> Record:
        """The store itself, as ``shop/update`` and ``app/uninstalled`` carry it."""
        return {
            "id": int.from_bytes(self.shop.encode()[:5], "big") % 10**11,
            "name": self.name or self.shop.partition(".")[0],
            "domain": self.shop,
            "myshopify_domain": self.shop,
            "currency": self.currency,
            "enabled_presentment_currencies": [self.currency, *self.presentment_currencies],
            "iana_timezone": self.timezone,
            "country_code": self.country_code,
            "taxes_included": self.taxes_included,
            "plan_name": self.plan,
            "updated_at": self.now(),
        }

    def _index(self) -> None:
        changed, self._changed = self._changed, {}
        now = self.now()
        for kind, number in changed:
            self.index.put(kind, number, self.table(kind).get(number), now + self.index_lag)
        self.index.catch_up(now)

    def _emit(self) -> None:
        raised, self._raised = self._raised, []
        event_id = str(UUID(int=self.rng.getrandbits(128), version=4))
        at = self.now()
        snapshots: dict[int, Record] = {}
        for topic, kind, record in raised:
            copy = snapshots.get(id(record)) or self.snapshot(kind, record)
            snapshots[id(record)] = copy
            change = Change(
                shop=self.shop, topic=topic, kind=kind, record=copy, at=at, event_id=event_id
            )
            for listener in self.listeners:
                listener(change)
