"""The syncer, put together: run by ``shopsync syncer``, or with the others by ``shopsync all``."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from services.shared.contract.errors import OursToFixError, SyncError, WorldAtFaultError
from services.shared.contract.topics import (
    CONSUMED_TOPICS,
    SHOPS,
    ObjectType,
    backfill_topic,
    live_topic,
)
from services.shared.hubspot.client import HubSpot
from services.shared.hubspot.governor import Governor
from services.shared.hubspot.pacing import Lane
from services.shared.hubspot.setup import Setup
from services.shared.ledger import claims, notes, skus
from services.shared.ledger.causes import Cause
from services.shared.ledger.connections import Connections
from services.shared.ledger.engine import Ledger
from services.shared.ledger.vault import Vault
from services.shared.log.port import Log
from services.shared.runtime.lifecycle import Companion, run_together
from services.shared.shopify.hydrating import Hydrator
from services.syncer import plans
from services.syncer.account import Account, account_for
from services.syncer.adopting import Census
from services.syncer.awaiting import CENSUS
from services.syncer.duty import Duty
from services.syncer.goods import SKUS_UNKNOWN
from services.syncer.handling import Handler, Tools
from services.syncer.linking import Linker
from services.syncer.probing import Probes
from services.syncer.shops import Shops
from services.syncer.worker import HandleEvents, Worker
from services.syncer.writing import Writer

_LOG = logging.getLogger(__name__)
GROUP = "syncer"
KINDS = (*ObjectType, plans.GUESTS)
_STOP_SECONDS = 30.0
_OUTAGE_SECONDS = 5.0
# Line item to order; the other way round it is 513. To carts the account itself says.
_LINKS = {plans.ORDERS: 514, plans.CARTS: 591}

Slot = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the syncer stands on; all of it outlives :func:`serve`."""

    ledger: Ledger
    log: Log
    vault: Vault
    connections: Connections
    hubspot: HubSpot
    governor: Governor
    instance: str
    abandoned_after: timedelta


async def serve(around: Surroundings, stopping: asyncio.Event) -> None:
    """Sync until ``stopping``, then finish the batches under way; a task among others.

    Raises:
        SyncError: the account or the ledger cannot be used at all.
        ExceptionGroup: a part of it died.
    """
    async with around.log.reader(GROUP, CONSUMED_TOPICS, around.instance) as reader:
        if around.log.has_one_reader:
            async with around.ledger.transaction() as tx:
                await claims.forfeit_others(tx, instance=around.instance)
        ready = await _patiently_prepared(around, stopping)
        if ready is None:
            return
        account, census = ready
        linker = Linker(around.ledger, _writer(around, _nothing, Lane.LIVE))
        shops = Shops(around.ledger, around.vault, around.log, around.connections.admin_of)
        duties = _duties(around, account, linker)
        worker = Worker(reader, _handlers(duties, shops))
        companions = [
            Companion(name="worker", run=partial(worker.run, stopping)),
            Companion(name="linker", run=partial(linker.run, stopping)),
            Companion(name="probes", run=partial(_probes(around, shops, census).run, stopping)),
            Companion(name="stores", run=partial(_keep_fresh, around.connections, stopping)),
            *(
                Companion(name=f"due-{kind}", run=partial(duty.run_due, stopping))
                for kind, duty in duties.items()
            ),
        ]
        await run_together(companions, stopping, grace_seconds=_STOP_SECONDS)


async def _patiently_prepared(
    around: Surroundings, stopping: asyncio.Event
) -> tuple[Account, Census] | None:
    """What :func:`prepared` gives once HubSpot goes along; None if told to stop before.

    An outage of HubSpot, or a token it refuses, must not take down who takes webhooks in.
    """
    while not stopping.is_set():
        try:
            return await prepared(around)
        except (WorldAtFaultError, OursToFixError) as problem:
            level = logging.ERROR if isinstance(problem, OursToFixError) else logging.WARNING
            _LOG.log(level, "not begun", extra={"action": "wait", "reason": problem.reason})
        with suppress(TimeoutError):
            async with asyncio.timeout(_OUTAGE_SECONDS):
                await stopping.wait()
    return None


async def prepared(around: Surroundings) -> tuple[Account, Census]:
    """The account, completed with the properties of ours it lacked, and its census taken.

    Raises:
        SyncError: HubSpot cannot be reached, or refuses the token.
    """
    await around.connections.refresh()
    slot = partial(around.governor.acquire, Lane.LIVE)
    schema = await Setup(around.hubspot, slot).prepare()
    for shortfall in schema.shortfalls:
        _LOG.warning(
            "the account lacks something",
            extra={
                "action": "do_without",
                "object_type": shortfall.object_type,
                "property": shortfall.property,
                "reason": shortfall.reason,
            },
        )
    available = {name: frozenset(held) for name, held in schema.properties.items()}
    census = Census(ledger=around.ledger, hubspot=around.hubspot, slot=slot, available=available)
    await census.take()
    async with around.ledger.transaction() as tx:
        await notes.put(tx, "portal", schema.details.portal_id)
    return account_for(schema, await _line_item_links(around, slot)), census


def _probes(around: Surroundings, shops: Shops, census: Census) -> Probes:
    """How each shared cause is found to be over."""
    slot = partial(around.governor.acquire, Lane.LIVE)

    async def recounted(cause: Cause) -> bool:
        await census.retake(cause.object_type)
        return True

    async def all_claimed(_: Cause) -> bool:
        async with around.ledger.transaction() as tx:
            if await skus.unseen_stores(tx):
                return False
        lag = await around.log.lag(GROUP)
        topic = backfill_topic(ObjectType.PRODUCTS)
        if any(each.events for place, each in lag.items() if place.topic == topic):
            return False
        async with around.ledger.transaction() as tx:
            await skus.all_claimed(tx)
        return True

    async def answers(cause: Cause) -> bool:
        await slot()
        await around.hubspot.page(cause.object_type, limit=1)
        return True

    by_reason = {CENSUS: recounted, SKUS_UNKNOWN: all_claimed}
    return Probes(around.ledger, by_reason, store=shops.answers, account=answers)


async def _line_item_links(around: Surroundings, slot: Slot) -> dict[str, int]:
    """The type ids of line item to order and to cart, as the account names them."""
    found = dict(_LINKS)
    for object_type in _LINKS:
        await slot()
        try:
            said = await around.hubspot.association_type(plans.LINE_ITEMS, object_type)
        except SyncError as problem:
            _LOG.warning(
                "association types unknown", extra={"action": "guess", "reason": problem.reason}
            )
            continue
        found[object_type] = said or found[object_type]
    return found


def _duties(around: Surroundings, account: Account, linker: Linker) -> dict[str, Duty]:
    tools = Tools(
        ledger=around.ledger,
        hydrator=Hydrator(around.connections.admin_of),
        account=account,
        writer_for=partial(_writer, around),
        abandoned_after=around.abandoned_after,
    )
    handler = Handler(tools, instance=around.instance, settled=linker.touch)
    return {str(kind): Duty(around.ledger, handler, around.log, str(kind)) for kind in KINDS}


def _writer(around: Surroundings, before_call: Slot, lane: Lane) -> Writer:
    async def slot() -> None:
        await around.governor.acquire(lane)
        await before_call()

    return Writer(around.hubspot, slot)


async def _nothing() -> None:
    """Links need no claim: making one twice is making it once."""


def _handlers(duties: dict[str, Duty], shops: Shops) -> dict[str, HandleEvents]:
    handlers: dict[str, HandleEvents] = {SHOPS: shops.take}
    for kind in ObjectType:
        handlers[live_topic(kind)] = duties[kind].take_live
        handlers[backfill_topic(kind)] = duties[kind].take_backfill
    return handlers


async def _keep_fresh(connections: Connections, stopping: asyncio.Event) -> None:
    while not stopping.is_set():
        try:
            await connections.refresh()
        except SyncError as problem:
            _LOG.warning("stores not read", extra={"action": "wait", "reason": problem.reason})
        await asyncio.sleep(2)
