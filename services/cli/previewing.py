"""Counts what a first sync would do, by reading both vendors; nothing is written anywhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from services.cli.engines import Engines
from services.reconciler.listing import changed_since
from services.shared.contract.keys import SourceKey
from services.shared.contract.records import State
from services.shared.contract.topics import ObjectType
from services.shared.hubspot.pacing import Lane
from services.shared.hubspot.schema import SYNC_KEY
from services.shared.hubspot.setup import Setup
from services.shared.shopify.catalogue.reading import id_in
from services.shared.shopify.hydrating import Hydrator, state_of
from services.shared.shopify.nodes import cursor_after
from services.shared.shopify.reads import NodeRead, PagingLimitError
from services.shared.shopify.selections import SURVEY
from services.syncer import plans
from services.syncer.adopting import census_pages, identity_of
from services.syncer.forecasting import Forecast, emails_in
from services.syncer.writing import Writer

Told = Callable[[str, str, int], None]
"""Told of progress: where, what, and how many more were read."""

_CENSUS = (plans.ORDERS, plans.CARTS, plans.PRODUCTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The forecast, and what of it is only a lower bound: (shop, kind) Shopify pages no further."""

    forecast: Forecast
    cut_short: Sequence[tuple[str, str]]


async def previewed(
    base: Engines, shops: Sequence[str], floor: datetime | None, told: Told
) -> Preview:
    """What a first sync of ``shops`` would do, of what changed at ``floor`` or later.

    Raises:
        SyncError: a vendor did not go along.
    """
    slot = partial(base.governor.acquire, Lane.LIVE)
    schema = await Setup(base.hubspot, slot).read()
    available = {name: frozenset(held) for name, held in schema.properties.items()}
    held = {each: await _held(base, each, available, told) for each in _CENSUS if each in available}
    asked = ("email", SYNC_KEY) if SYNC_KEY in available.get(plans.CONTACTS, ()) else ("email",)
    survey = _Survey(
        base=base,
        writer=Writer(base.hubspot, slot),
        asked=asked,
        forecast=Forecast(
            held, datetime.now(UTC), timedelta(seconds=base.settings.abandoned_after)
        ),
        told=told,
    )
    cut_short = [
        (shop, kind)
        for kind in ObjectType
        for shop in shops
        if not await survey.has_seen_all(shop, kind, floor)
    ]
    return Preview(forecast=survey.forecast, cut_short=cut_short)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Survey:
    base: Engines
    writer: Writer
    asked: Sequence[str]
    forecast: Forecast
    told: Told

    async def has_seen_all(self, shop: str, kind: ObjectType, floor: datetime | None) -> bool:
        """Count one object of one store; False if Shopify pages no further than 25,000."""
        admin = self.base.connections.admin_of(shop)
        try:
            async for page in changed_since(admin, kind, floor, SURVEY[kind]):
                await self._count(shop, kind, page)
                self.told(shop, kind, len(page))
        except PagingLimitError:
            return False
        return True

    async def _count(self, shop: str, kind: ObjectType, page: Sequence[NodeRead]) -> None:
        states = [await self._whole(shop, kind, each) for each in page]
        planned = [
            (self.forecast.plan(SourceKey(shop, kind, state.record.id), state), state)
            for state in states
        ]
        emails = emails_in(planned)
        if emails:
            reading = await self.writer.read(plans.CONTACTS, emails, self.asked, "email")
            contacts = {
                email: bool(record.properties.get(SYNC_KEY))
                for email, record in reading.found.items()
            }
            self.forecast.learn_contacts(contacts)
        for plan, state in planned:
            self.forecast.count(plan, state)

    async def _whole(self, shop: str, kind: ObjectType, read: NodeRead) -> State:
        """The state of a listed record; one whose parts fill more than a page is read whole."""
        if read.node is not None and cursor_after(kind, read.node):
            record_id = id_in(read.node["id"])
            hydrator = Hydrator(self.base.connections.admin_of)
            hydrated = await hydrator.read(shop, kind, [record_id])
            if record_id in hydrated.found:
                return hydrated.found[record_id]
        return state_of(kind, read)


async def _held(
    base: Engines, object_type: str, available: Mapping[str, frozenset[str]], told: Told
) -> dict[str, bool]:
    """What HubSpot has of stores' records, by native key, and whether this product wrote it."""
    slot = partial(base.governor.acquire, Lane.LIVE)
    held: dict[str, bool] = {}
    async for page in census_pages(base.hubspot, slot, object_type, available[object_type]):
        for record in page.records:
            identity = identity_of(object_type, record)
            if identity is not None:
                held[identity.value] = bool(record.properties.get(SYNC_KEY))
        told("HubSpot", object_type, len(page.records))
    return held
