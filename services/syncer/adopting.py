"""The census: what stands in HubSpot already, so that it is adopted and not doubled.

Every account is read once before the first write. Where HubSpot takes no unique key of ours, a
create whose outcome is unknown waits for a shared census before it is repeated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from types import MappingProxyType

from services.shared.contract.errors import WorldAtFaultError
from services.shared.hubspot.client import HubSpot
from services.shared.hubspot.rows import CrmRecord, Page
from services.shared.hubspot.schema import SYNC_KEY
from services.shared.ledger import identities, notes
from services.shared.ledger.engine import Ledger, Transaction
from services.shared.ledger.identities import SKU, Identity
from services.shared.ledger.moments import read
from services.shared.ledger.stores import ACCOUNT
from services.shared.runtime.retrying import retried
from services.syncer import plans

_DONE = "done"
_BEGUN = "census_begun:"
STORE = "hs_source_store"
SKU_PROPERTY = "hs_sku"
# What HubSpot's own sync writes besides the store: by these its records are known. Its products
# bear no id of Shopify's at all: their SKU must do.
_NATIVE: Mapping[str, str] = MappingProxyType(
    {
        plans.ORDERS: "hs_external_order_id",
        plans.CARTS: "hs_external_cart_id",
        plans.PRODUCTS: SKU_PROPERTY,
    }
)
CENSUSED = frozenset(_NATIVE)
"""The HubSpot types whose records a census finds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """Reads an account's records page by page; ``slot`` returns when one call may be sent.

    ``available`` are the properties each object type has, by type.
    """

    ledger: Ledger
    hubspot: HubSpot
    slot: Callable[[], Awaitable[None]]
    available: Mapping[str, Collection[str]]

    async def take(self) -> None:
        """Read every object type that was not read yet; one cut short goes on where it was.

        Raises:
            SyncError: HubSpot or the ledger did not go along.
        """
        for object_type in _NATIVE:
            if object_type in self.available:
                await self._read(object_type, f"census:{object_type}")

    async def retake(self, object_type: str) -> None:
        """Read one object type again, for creates whose outcome is unknown.

        What is found from its beginning on is all that calls ended before it can have made.

        Raises:
            SyncError: HubSpot or the ledger did not go along.
        """
        name = f"recount:{object_type}"
        begun = await self.ledger.now()
        async with self.ledger.transaction() as tx:
            await notes.put(tx, name, "")
        await self._read(object_type, name)
        async with self.ledger.transaction() as tx:
            await notes.put(tx, _BEGUN + object_type, str(begun))

    async def _read(self, object_type: str, name: str) -> None:
        async with self.ledger.transaction() as tx:
            after = await notes.get(tx, name)
        if after == _DONE:
            return
        some = self.available[object_type]
        async for page in census_pages(self.hubspot, self.slot, object_type, some, after):
            async with self.ledger.transaction() as tx:
                found = [identity_of(object_type, record) for record in page.records]
                await identities.record(tx, ACCOUNT, [each for each in found if each])
                if object_type == plans.PRODUCTS:
                    await _note_skus(tx, page.records)
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


async def begun(tx: Transaction) -> dict[str, datetime]:
    """When the last shared census of each object type began, by the ledger's clock."""
    said = {each: await notes.get(tx, _BEGUN + each) for each in sorted(CENSUSED)}
    return {object_type: read(int(moment)) for object_type, moment in said.items() if moment}


async def _note_skus(tx: Transaction, records: Sequence[CrmRecord]) -> None:
    """Remember which product has a SKU, if it is one alone and nobody's yet."""
    held = {record.id: record.properties.get(SKU_PROPERTY) or "" for record in records}
    counted = Counter(held.values())
    ours = {record.id for record in records if record.properties.get(SYNC_KEY)}
    known = await identities.look(tx, ACCOUNT, [(SKU, sku) for sku in counted if sku])
    found: list[Identity] = []
    for target_id, sku in held.items():
        before = known.get((SKU, sku))
        is_one = counted[sku] == 1 and (before is None or before.target_id == target_id)
        free = target_id if is_one and target_id not in ours else None
        if sku:
            found.append(Identity(kind=SKU, value=sku, target_id=free))
    await identities.record(tx, ACCOUNT, list({each.value: each for each in found}.values()))


def identity_of(object_type: str, record: CrmRecord) -> Identity | None:
    """By which Shopify record a HubSpot record is known; None if it is none of a store's."""
    value = record.properties.get(SYNC_KEY) or ""
    if not value and object_type != plans.PRODUCTS:
        store = record.properties.get(STORE) or ""
        external = record.properties.get(_NATIVE[object_type]) or ""
        value = f"{store}/{external}" if store and external else ""
    if not value:
        return None
    return Identity(kind=identities.native(object_type), value=value, target_id=record.id)
