"""Short lives of a record or two, as Shopify would tell of them, and what it shows in the end."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx

from sandbox.shopify import actions, given
from sandbox.shopify.app import create_app
from sandbox.shopify.model import Change as Happening
from sandbox.shopify.payloads.shapes import encoded
from sandbox.shopify.payloads.topics import payload_of
from sandbox.shopify.shopify import Shopify
from sandbox.shopify.store import Store
from services.shared.contract.events import (
    Change,
    Event,
    Origin,
    Partition,
    Position,
    Provenance,
    headers_of,
)
from services.shared.contract.keys import SourceKey
from services.shared.contract.records import State
from services.shared.contract.topics import ObjectType, live_topic
from services.shared.shopify.address import address_of
from services.shared.shopify.admin import Admin
from services.shared.shopify.hydrating import Hydrator
from services.shared.shopify.tokens import AdminToken
from services.syncer.reading import read_out
from tests.support.virtual_time import in_virtual_time

API_VERSION = "2026-07"
SHOPS = ("acme.myshopify.com", "bolt.myshopify.com")
_MORNING = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@dataclass(slots=True)
class Clock:
    """A clock that moves when told."""

    now: datetime = _MORNING

    def __call__(self) -> datetime:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tale:
    """Events in Shopify's order; ``truth`` is what reading the records shows, ``gone`` are those
    that a read does not find.
    """

    kind: ObjectType
    events: tuple[Event, ...]
    truth: Mapping[SourceKey, State]
    gone: frozenset[SourceKey]


@dataclass(slots=True)
class Teller:
    """Two stores in which things happen, and what they say of it."""

    clock: Clock = field(default_factory=Clock)
    shopify: Shopify = field(init=False)
    happened: list[Happening] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.shopify = Shopify(now=self.clock)
        for shop in SHOPS:
            store = self.shopify.open_store(shop)
            given.product(store, variants=3)
            store.listeners.append(self.happened.append)

    @property
    def store(self) -> Store:
        """The first store."""
        return self.shopify.stores[SHOPS[0]]

    def later(self) -> None:
        """A minute passes."""
        self.clock.pass_seconds(60)

    def tale(self, kind: ObjectType, *topics: str) -> Tale:
        """The last event of each of ``topics`` and store, and where things stand now."""
        last = {(each.shop, each.topic): each for each in self.happened if each.topic in topics}
        told = sorted(last.values(), key=lambda each: each.at)
        events = tuple(self._event(kind, each, number) for number, each in enumerate(told))
        keys = {job.source for event in events for job in read_out([event]).jobs}
        truth = in_virtual_time(_read(self.shopify, kind, keys))
        return Tale(kind=kind, events=events, truth=truth, gone=frozenset(keys - truth.keys()))

    def _event(self, kind: ObjectType, happening: Happening, offset: int) -> Event:
        store = self.shopify.stores[happening.shop]
        provenance = Provenance(
            shop=happening.shop,
            origin=Origin.WEBHOOK,
            change=Change.STATE,
            shopify_topic=happening.topic,
            api_version=API_VERSION,
        )
        return Event(
            position=Position(Partition(live_topic(kind), 0), offset),
            key=f"{happening.shop}/{kind}/{happening.record['id']}",
            value=encoded(payload_of(happening, store, API_VERSION), store.utc_offset),
            headers=headers_of(provenance),
            appended_at=happening.at,
        )


async def _read(
    shopify: Shopify, kind: ObjectType, keys: Sequence[SourceKey] | set[SourceKey]
) -> dict[SourceKey, State]:
    """What the product's own reads show of ``keys``."""
    truth: dict[SourceKey, State] = {}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(create_app(shopify))) as http:
        for key in keys:
            token = next(iter(shopify.stores[key.shop].tokens))
            admin = Admin(http, address_of(key.shop, "http://shopify.test"), AdminToken(token))
            hydrated = await Hydrator({key.shop: admin}.__getitem__).read(key.shop, kind, [key.id])
            if key.id in hydrated.found:
                truth[key] = hydrated.found[key.id]
    return truth


def edited_order() -> Tale:
    """An order of nobody we know; later a line is taken out and another put in."""
    teller = Teller()
    order = actions.place_order(teller.store, given.lines(teller.store, 2), email=None)
    teller.later()
    actions.edit_order(
        teller.store,
        order["id"],
        add=given.lines(teller.store, 1),
        set_quantities={str(order["line_items"][0]["id"]): 0},
    )
    return teller.tale(ObjectType.ORDERS, "orders/create", "orders/updated")


def deleted_order() -> Tale:
    """An order that is placed and taken out of the store altogether."""
    teller = Teller()
    order = actions.place_order(teller.store, given.lines(teller.store, 1), email=None)
    teller.later()
    actions.cancel(teller.store, order["id"])
    teller.later()
    actions.delete_order(teller.store, order["id"])
    return teller.tale(ObjectType.ORDERS, "orders/create", "orders/delete")


def renamed_customer() -> Tale:
    """A customer who changes name and email."""
    teller = Teller()
    customer = given.customer(teller.store, email="ana@example.com")
    teller.later()
    changes = {"last_name": "Nova", "email": "ana.nova@example.com"}
    actions.change_customer(teller.store, customer["id"], **changes)
    return teller.tale(ObjectType.CUSTOMERS, "customers/create", "customers/update")


def person_in_two_stores() -> Tale:
    """One person who is a customer of both stores: one contact, the newest source wins it."""
    teller = Teller()
    for shop in SHOPS:
        given.customer(teller.shopify.stores[shop], email="ana@example.com")
        teller.later()
    return teller.tale(ObjectType.CUSTOMERS, "customers/create")


def repriced_product() -> Tale:
    """A product of two variants, of which one changes its price."""
    teller = Teller()
    product = given.product(teller.store, variants=2)
    teller.later()
    actions.change_variant(teller.store, product["variants"][0]["id"], price="99.00")
    return teller.tale(ObjectType.PRODUCTS, "products/create", "products/update")


STORIES: Mapping[str, Callable[[], Tale]] = {
    "edited order": edited_order,
    "deleted order": deleted_order,
    "renamed customer": renamed_customer,
    "person in two stores": person_in_two_stores,
    "repriced product": repriced_product,
}
