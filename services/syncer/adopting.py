"""The census: what stands in HubSpot already, read once, so that it is adopted and not doubled."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from functools import partial
from types import MappingProxyType

from services.shared.contract.errors import WorldAtFaultError
from services.shared.hubspot.client import HubSpot
from services.shared.hubspot.rows import CrmRecord, Page
from services.shared.ledger import identities, notes
from services.shared.ledger.engine import Ledger
from services.shared.ledger.identities import Identity
from services.shared.ledger.stores import ACCOUNT
from services.shared.runtime.retrying import retried
from services.syncer import plans

_DONE = "done"
SYNC_KEY = "shopify_sync_key"
STORE = "hs_source_store"
# What HubSpot's own sync writes besides the store: by these its records are known.
_NATIVE: Mapping[str, str] = MappingProxyType(
    {
        plans.ORDERS: "hs_external_order_id",
        plans.CARTS: "hs_external_cart_id",
        plans.PRODUCTS: "",
    }
)


async def take_census(
    ledger: Ledger,
    hubspot: HubSpot,
    slot: Callable[[], Awaitable[None]],
    available: Mapping[str, Collection[str]],
) -> None:
    """Read orders, carts and products once an account; a census cut short goes on where it was.

    ``available`` are the properties each object type has, by type.

    Raises:
        SyncError: HubSpot or the ledger did not go along.
    """
    for object_type in _NATIVE:
        if object_type in available:
            await _census_of(ledger, hubspot, slot, object_type, available[object_type])


async def _census_of(
    ledger: Ledger,
    hubspot: HubSpot,
    slot: Callable[[], Awaitable[None]],
    object_type: str,
    available: Collection[str],
) -> None:
    name = f"census:{object_type}"
    async with ledger.transaction() as tx:
        after = await notes.get(tx, name)
    if after == _DONE:
        return
    async for page in census_pages(hubspot, slot, object_type, available, after):
        async with ledger.transaction() as tx:
            found = [identity_of(object_type, record) for record in page.records]
            await identities.record(tx, ACCOUNT, [each for each in found if each])
            await notes.put(tx, name, page.after or _DONE)


async def census_pages(
    hubspot: HubSpot,
    slot: Callable[[], Awaitable[None]],
    object_type: str,
    available: Collection[str],
    after: str = "",
) -> AsyncIterator[Page]:
    """All records of ``object_type`` from ``after`` on, with what tells whose they are.

    Nothing is written anywhere.

    Raises:
        SyncError: HubSpot did not go along.
    """
    asked = [each for each in (SYNC_KEY, STORE, _NATIVE[object_type]) if each in available]
    while True:
        page = await _page(hubspot, slot, object_type, asked, after)
        yield page
        if not page.after:
            return
        after = page.after


async def _page(
    hubspot: HubSpot,
    slot: Callable[[], Awaitable[None]],
    object_type: str,
    asked: Collection[str],
    after: str,
) -> Page:
    call = partial(hubspot.page, object_type, after=after, properties=asked)

    async def paced() -> Page:
        await slot()
        return await call()

    return await retried(paced, on=(WorldAtFaultError,), is_repeatable=True)


def identity_of(object_type: str, record: CrmRecord) -> Identity | None:
    """By which Shopify record a HubSpot record is known; None if it is none of a store's."""
    key = record.properties.get(SYNC_KEY) or ""
    store = record.properties.get(STORE) or ""
    external = record.properties.get(_NATIVE[object_type]) if _NATIVE[object_type] else ""
    value = key or (f"{store}/{external}" if store and external else "")
    if not value:
        return None
    return Identity(kind=identities.native(object_type), value=value, target_id=record.id)
