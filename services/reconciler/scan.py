"""One scan: what of one object type of one store changed, and what of that the ledger lacks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from services.reconciler import metrics
from services.reconciler.listing import changed_at, changed_since
from services.reconciler.windows import Listed, news_in, since
from services.shared.contract.errors import SyncError
from services.shared.contract.events import Change, NewEvent, Origin, Provenance, headers_of
from services.shared.contract.keys import SourceKey
from services.shared.contract.topics import ObjectType, backfill_topic, live_topic
from services.shared.ledger import leases, sources, windows
from services.shared.ledger.engine import Ledger
from services.shared.ledger.leases import Lease
from services.shared.ledger.windows import NewWindow, WindowState
from services.shared.log.port import Appender
from services.shared.runtime.logging import Action
from services.shared.shopify.admin import Admin
from services.shared.shopify.catalogue.reading import id_in
from services.shared.shopify.hydrating import Hydrator
from services.shared.shopify.selections import LIST
from services.shared.shopify.shops import SHOP_DOCUMENT

_LOG = logging.getLogger(__name__)
_APPENDED_AT_ONCE = 50
_TOLD_EVERY_SECONDS = 10.0


@dataclass(slots=True, kw_only=True)
class Progress:
    """How far a scan has come."""

    advanced: Callable[[], None]
    told_at: float
    read: int = 0
    appended: int = 0


class Scanner:
    """Scans stores. A scan that does not reach its end is never recorded as done."""

    def __init__(
        self,
        ledger: Ledger,
        appender: Appender,
        admin_of: Callable[[str], Admin],
        *,
        instance: str,
        floor: datetime | None,
    ) -> None:
        self._ledger = ledger
        self._appender = appender
        self._admin_of = admin_of
        self._hydrator = Hydrator(admin_of)
        self._instance = instance
        self._floor = floor

    async def scan(
        self,
        shop: str,
        kind: ObjectType,
        lease: Lease | None = None,
        advanced: Callable[[], None] = lambda: None,
    ) -> Progress:
        """Append what changed since the last complete scan and is missing or newer.

        The first scan is the initial sync, on the backfill topic. With a ``lease``, nothing is
        recorded once that is lost; ``advanced`` is called whenever it has got on by a page.

        Raises:
            SyncError: the store, the log or the ledger did not go along; the window is broken.
            OwnershipLostError: the lease is lost; the window is broken.
        """
        admin = self._admin_of(shop)
        began = asyncio.get_running_loop().time()
        # What changes from here on is the next scan's: the start is a moment on Shopify's clock.
        started_at = (await admin.query(SHOP_DOCUMENT)).observed_at
        async with self._ledger.transaction() as tx:
            if lease:
                await leases.fence(tx, lease)
            last = await windows.last_complete(tx, shop, kind)
            begin = since(last.started_at if last else None, self._floor)
            new = NewWindow(
                shop=shop,
                kind=kind,
                mode="scan" if last else "backfill",
                since=begin,
                started_at=started_at,
                owner=self._instance,
            )
            window = await windows.begin(tx, new)
        progress = Progress(advanced=advanced, told_at=began)
        try:
            await self._read(shop, kind, begin, progress, is_first=last is None)
        except BaseException:
            await self._end(window, WindowState.BROKEN, kind, progress)
            raise
        if await self._end(window, WindowState.COMPLETE, kind, progress, lease):
            metrics.COMPLETE_AT.labels(shop, kind).set(started_at.timestamp())
            metrics.SCAN_SECONDS.labels(kind).observe(asyncio.get_running_loop().time() - began)
            if last is None:
                _tell("all of a store's history read", shop, kind, progress)
        return progress

    async def _read(
        self,
        shop: str,
        kind: ObjectType,
        begin: datetime | None,
        progress: Progress,
        *,
        is_first: bool,
    ) -> None:
        async for page in changed_since(self._admin_of(shop), kind, begin, LIST[kind]):
            fresh = [_listed(each.node) for each in page]
            progress.read += len(fresh)
            metrics.LISTED.labels(kind).inc(len(fresh))
            await self._append_news(shop, kind, fresh, progress, is_first=is_first)
            progress.advanced()
            if is_first:
                _tell_sometimes(shop, kind, progress)

    async def _append_news(
        self,
        shop: str,
        kind: ObjectType,
        listed: Sequence[Listed],
        progress: Progress,
        *,
        is_first: bool,
    ) -> None:
        async with self._ledger.transaction() as tx:
            keys = [SourceKey(shop, kind, each.id) for each in listed]
            rows = await sources.look(tx, keys)
        news = news_in(shop, kind, listed, rows)
        for start in range(0, len(news), _APPENDED_AT_ONCE):
            some = news[start : start + _APPENDED_AT_ONCE]
            hydrated = await self._hydrator.read(shop, kind, some)
            events = [
                _event(
                    SourceKey(shop, kind, record_id),
                    node,
                    hydrated.found[record_id].version.observed_at,
                    is_first=is_first,
                )
                for record_id, node in hydrated.nodes.items()
            ]
            if events:
                await self._appender.append(events)
            progress.appended += len(events)
            metrics.APPENDED.labels(kind).inc(len(events))

    async def _end(
        self,
        window: int,
        state: WindowState,
        kind: ObjectType,
        progress: Progress,
        lease: Lease | None = None,
    ) -> bool:
        metrics.SCANS.labels(kind, state).inc()
        try:
            async with self._ledger.transaction() as tx:
                if lease:
                    await leases.fence(tx, lease)
                return await windows.end(
                    tx, window, state, read_=progress.read, appended=progress.appended
                )
        except SyncError:
            if state is WindowState.COMPLETE:
                raise
            return False


def _tell_sometimes(shop: str, kind: str, progress: Progress) -> None:
    """A first scan may take hours: whoever began it sees that it gets on."""
    now = asyncio.get_running_loop().time()
    if now >= progress.told_at + _TOLD_EVERY_SECONDS:
        progress.told_at = now
        _tell("reading a store's history", shop, kind, progress)


def _tell(what: str, shop: str, kind: str, progress: Progress) -> None:
    extra = {"action": Action.PROGRESS, "shop": shop, "kind": kind, "read": progress.read}
    _LOG.info(what, extra=extra)


def _listed(node: Mapping[str, Any] | None) -> Listed:
    return Listed(id=id_in((node or {})["id"]), updated_at=changed_at(node))


def _event(
    source: SourceKey, node: Mapping[str, Any], observed_at: datetime | None, *, is_first: bool
) -> NewEvent:
    kind = ObjectType(source.kind)
    provenance = Provenance(
        shop=source.shop,
        origin=Origin.BACKFILL if is_first else Origin.RECONCILE,
        change=Change.STATE,
        observed_at=observed_at,
    )
    return NewEvent(
        topic=backfill_topic(kind) if is_first else live_topic(kind),
        key=str(source),
        value=orjson.dumps(node),
        headers=headers_of(provenance),
    )
