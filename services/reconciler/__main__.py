"""The reconciler, put together: run by ``shopsync reconciler``, or with the others by ``all``."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.reconciler.housekeeping import keep_house
from services.reconciler.leasing import leased
from services.reconciler.scan import Scanner
from services.reconciler.subscribing import ensure_subscribed
from services.shared.contract.errors import SyncError
from services.shared.contract.topics import ObjectType
from services.shared.ledger import windows
from services.shared.ledger.engine import Ledger
from services.shared.log.port import Appender
from services.shared.shopify.admin import Admin

_LOG = logging.getLogger(__name__)
_LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the reconciler stands on; all of it outlives :func:`serve`.

    ``shops`` are those to scan, asked for at every round; ``webhook_url`` is empty without a
    public address; ``floor`` limits how far back the first scan goes.
    """

    ledger: Ledger
    appender: Appender
    admin_of: Callable[[str], Admin]
    shops: Callable[[], Awaitable[Sequence[str]]]
    instance: str
    scan_every_seconds: float
    webhook_url: str = ""
    floor: datetime | None = None


async def serve(around: Surroundings, stopping: asyncio.Event) -> None:
    """Scan every store again and again until ``stopping``; a task among others."""
    scanner = Scanner(
        around.ledger,
        around.appender,
        around.admin_of,
        instance=around.instance,
        floor=around.floor,
    )
    subscribed: set[str] = set()
    while not stopping.is_set():
        began = asyncio.get_running_loop().time()
        try:
            shops = await around.shops()
        except SyncError as problem:
            _LOG.warning("stores not read", extra={"action": "wait", "reason": problem.reason})
            shops = ()
        await _round(around, scanner, shops, subscribed, stopping)
        await keep_house(around.ledger, around.instance)
        took = asyncio.get_running_loop().time() - began
        await _rest(max(around.scan_every_seconds - took, _LOOK_SECONDS), stopping)


async def _round(
    around: Surroundings,
    scanner: Scanner,
    shops: Sequence[str],
    subscribed: set[str],
    stopping: asyncio.Event,
) -> None:
    """All stores side by side: one that fails or is slow holds up no other."""
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(_store(around, scanner, shop, subscribed, stopping)) for shop in shops
        ]
        stopper = group.create_task(_cancel_when(stopping, tasks))
        await asyncio.wait(tasks) if tasks else None
        stopper.cancel()


async def _store(
    around: Surroundings,
    scanner: Scanner,
    shop: str,
    subscribed: set[str],
    stopping: asyncio.Event,
) -> None:
    try:
        if around.webhook_url and shop not in subscribed:
            await ensure_subscribed(around.admin_of(shop), around.webhook_url)
            subscribed.add(shop)
        async with leased(around.ledger, shop, around.instance) as lease:
            if lease is None or await _is_fresh(around, shop):
                return
            for kind in ObjectType:
                if stopping.is_set():
                    return
                await scanner.scan(shop, kind, lease)
    except SyncError as problem:
        extra = {"action": "scan", "shop": shop, "reason": problem.reason}
        _LOG.warning("scan broken", extra=extra)


async def _is_fresh(around: Surroundings, shop: str) -> bool:
    """Whether another reconciler has scanned the store while we rested."""
    within_ms = int(around.scan_every_seconds * 900)
    async with around.ledger.transaction() as tx:
        scanned = await windows.scanned_by_others(tx, shop, around.instance, within_ms)
    return scanned == len(ObjectType)


async def _cancel_when(stopping: asyncio.Event, tasks: Sequence[asyncio.Task[None]]) -> None:
    """A scan cut short is broken, and done again at the next start."""
    await stopping.wait()
    for task in tasks:
        task.cancel()


async def _rest(seconds: float, stopping: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stopping.wait()
    except TimeoutError:
        return
