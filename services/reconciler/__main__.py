"""The reconciler, put together: run by ``shopsync reconciler``, or with the others by ``all``."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from services.reconciler.housekeeping import keep_house, keep_time
from services.reconciler.leasing import leased
from services.reconciler.measuring import keep_measured
from services.reconciler.scan import Scanner
from services.reconciler.subscribing import Subscribing
from services.reconciler.troubling import Outcomes, is_of_one_object, keep, tell
from services.shared.contract.errors import SyncError
from services.shared.contract.topics import ObjectType
from services.shared.ledger import windows
from services.shared.ledger.engine import Ledger
from services.shared.ledger.leases import Lease
from services.shared.ledger.troubles import EVERY_KIND
from services.shared.log.port import Appender
from services.shared.runtime.lifecycle import Companion, rest, run_together
from services.shared.runtime.logging import Action
from services.shared.runtime.vitals import Pulse, Vitals
from services.shared.shopify.admin import Admin

_LOG = logging.getLogger(__name__)
_LOOK_SECONDS = 0.5
_STOP_SECONDS = 10.0
# A scan that has seen nothing new for so long stands still: so many rounds, or at least so long.
_ROUNDS_ALLOWED = 5
_LEAST_ALLOWED_SECONDS = 300.0


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
    vitals: Vitals = field(default_factory=Vitals)

    def pulse(self, name: str) -> Pulse:
        """The life sign of the rounds, or of one store's scans."""
        allowed = max(self.scan_every_seconds * _ROUNDS_ALLOWED, _LEAST_ALLOWED_SECONDS)
        return self.vitals.pulse(name, allowed)


async def serve(around: Surroundings, stopping: asyncio.Event) -> None:
    """Scan every store again and again until ``stopping``; a task among others."""
    measuring = partial(keep_measured, around.ledger, stopping, around.pulse("measures"))
    await run_together(
        [
            Companion(name="scans", run=partial(_scan_on, around, stopping)),
            Companion(name="measures", run=measuring),
        ],
        stopping,
        grace_seconds=_STOP_SECONDS,
    )


async def _scan_on(around: Surroundings, stopping: asyncio.Event) -> None:
    scanner = Scanner(
        around.ledger,
        around.appender,
        around.admin_of,
        instance=around.instance,
        floor=around.floor,
    )
    rounds = around.pulse("stores")
    rounds.begin()
    subscribing = Subscribing(around.webhook_url, asyncio.get_running_loop().time)
    while not stopping.is_set():
        began = asyncio.get_running_loop().time()
        try:
            shops = await around.shops()
            rounds.beat()
        except SyncError as problem:
            rounds.suffer(problem.reason)
            _LOG.warning("stores not read", extra={"action": Action.WAIT, "reason": problem.reason})
            shops = ()
        await _round(around, scanner, shops, subscribing, stopping)
        await keep_time(around.ledger)
        await keep_house(around.ledger, around.instance)
        took = asyncio.get_running_loop().time() - began
        await rest(max(around.scan_every_seconds - took, _LOOK_SECONDS), stopping)


async def _round(
    around: Surroundings,
    scanner: Scanner,
    shops: Sequence[str],
    subscribing: Subscribing,
    stopping: asyncio.Event,
) -> None:
    """All stores side by side: one that fails or is slow holds up no other."""
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(_store(around, scanner, shop, subscribing, stopping))
            for shop in shops
        ]
        stopper = group.create_task(_cancel_when(stopping, tasks))
        await asyncio.wait(tasks) if tasks else None
        stopper.cancel()


async def _store(
    around: Surroundings,
    scanner: Scanner,
    shop: str,
    subscribing: Subscribing,
    stopping: asyncio.Event,
) -> None:
    pulse = around.pulse(f"scan {shop}")
    pulse.begin()
    outcomes: Outcomes = {}
    try:
        await subscribing.keep(shop, around.admin_of(shop))
        async with leased(around.ledger, shop, around.instance) as lease:
            if lease is None or await _is_fresh(around, shop):
                # Another process scans this store; that it does is its own to say.
                pulse.rest()
                return
            outcomes = await _scan_each(scanner, shop, lease, pulse, stopping)
    except SyncError as problem:
        outcomes = {EVERY_KIND: problem}
    for each in filter(None, outcomes.values()):
        pulse.suffer(each.reason)
    tell(shop, outcomes)
    await keep(around.ledger, shop, outcomes)


async def _scan_each(
    scanner: Scanner, shop: str, lease: Lease, pulse: Pulse, stopping: asyncio.Event
) -> Outcomes:
    """Scan every object of a store; one that may not be read holds up no other.

    Raises:
        SyncError: the whole store cannot be scanned, or not now.
    """
    outcomes: dict[str, SyncError | None] = {}
    for kind in ObjectType:
        if stopping.is_set():
            return outcomes
        try:
            await scanner.scan(shop, kind, lease, pulse.beat)
            outcomes[kind] = None
        except SyncError as problem:
            if not is_of_one_object(problem):
                raise
            outcomes[kind] = problem
    return {EVERY_KIND: None, **outcomes}


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
