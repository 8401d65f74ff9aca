"""The syncer, put together: run by ``shopsync syncer``, or with the others by ``shopsync all``."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from services.shared.contract.errors import OursToFixError, SyncError, WorldAtFaultError
from services.shared.contract.events import Gap
from services.shared.contract.topics import (
    CONSUMED_TOPICS,
    SHOPS,
    SYNCER_GROUP,
    ObjectType,
    backfill_topic,
    live_topic,
)
from services.shared.hubspot.client import HubSpot
from services.shared.hubspot.governor import Governor
from services.shared.hubspot.pacing import Lane
from services.shared.hubspot.setup import Setup
from services.shared.hubspot.usage import Usage
from services.shared.ledger import claims, notes, skus, windows
from services.shared.ledger.causes import Cause
from services.shared.ledger.connections import Connections
from services.shared.ledger.engine import Ledger
from services.shared.ledger.quota import LedgerQuota, Work
from services.shared.ledger.stores import ACCOUNT
from services.shared.ledger.vault import Vault
from services.shared.log.port import Log
from services.shared.runtime.lifecycle import Companion, rest, run_together
from services.shared.runtime.logging import Action
from services.shared.runtime.vitals import Pulse, Vitals
from services.shared.shopify.hydrating import Hydrator
from services.syncer import plans
from services.syncer.account import Account, account_for
from services.syncer.adopting import Census
from services.syncer.awaiting import CENSUS
from services.syncer.duty import Duty
from services.syncer.goods import SKUS_UNKNOWN
from services.syncer.handling import Handler, Tools
from services.syncer.linking import Linker
from services.syncer.measuring import Measuring
from services.syncer.probing import Probes
from services.syncer.shops import Shops
from services.syncer.usability import name_shortfalls, note_unusable, note_usable
from services.syncer.worker import HandleEvents, Worker
from services.syncer.writing import Writer

_LOG = logging.getLogger(__name__)
GROUP = SYNCER_GROUP
KINDS = (*ObjectType, plans.GUESTS)
_STOP_SECONDS = 30.0
# Not ready from the first second on: an account that cannot be read is no start.
_ACCOUNT_ALLOWED_SECONDS = 0.0
# Due work, links and measures: longer than the retries of one batch may take.
_LOOP_ALLOWED_SECONDS = 180.0
_LONGEST_WAIT_SECONDS = 30.0
_STORES_SECONDS = 2.0
# Kept, because on a day that is spent the account cannot be asked for it.
_TIME_ZONE = "time_zone"
# Line item to order; the other way round it is 513. To carts the account itself says.
_LINKS = {plans.ORDERS: 514, plans.CARTS: 591}

Slot = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the syncer stands on; all of it outlives :func:`serve`.

    ``vitals`` learn whether it gets on, ``usage`` what HubSpot's answers say of its limits.
    """

    ledger: Ledger
    log: Log
    vault: Vault
    connections: Connections
    hubspot: HubSpot
    governor: Governor
    instance: str
    abandoned_after: timedelta
    vitals: Vitals = field(default_factory=Vitals)
    usage: Usage = field(default_factory=partial(Usage, time.monotonic))


async def serve(around: Surroundings, stopping: asyncio.Event) -> None:
    """Sync until ``stopping``, then finish the batches under way; a task among others.

    While the account cannot be read it waits, not ready.

    Raises:
        SyncError: the log or the ledger cannot be used at all.
        ExceptionGroup: a part of it died.
    """
    ready = await _prepared_in_time(around, stopping)
    if ready is None:
        return
    account, census = ready
    async with around.log.reader(GROUP, CONSUMED_TOPICS, around.instance) as reader:
        # Links need no claim: making one twice is making it once.
        slot = partial(around.governor.acquire, Lane.LIVE)
        linker = Linker(around.ledger, Writer(around.hubspot, slot))
        shops = Shops(around.ledger, around.vault, around.log, around.connections.admin_of)
        probes = _probes(around, shops, census)
        duties = _duties(around, account, linker)
        worker = Worker(
            reader,
            _handlers(duties, shops),
            around.vitals,
            on_gap=partial(_make_up, around.ledger),
            on_gain=partial(_forfeit, around) if around.log.has_one_reader else _nothing,
        )
        measuring = Measuring(around.ledger, around.log, GROUP, around.usage)
        pulse = partial(around.vitals.pulse, allowed_seconds=_LOOP_ALLOWED_SECONDS)
        companions = [
            Companion(name="worker", run=partial(worker.run, stopping)),
            Companion(name="linker", run=partial(linker.run, stopping, pulse("links"))),
            Companion(name="probes", run=partial(probes.run, stopping, pulse("probes"))),
            Companion(
                name="stores",
                run=partial(_keep_fresh, around.connections, stopping, pulse("stores")),
            ),
            Companion(name="measures", run=partial(measuring.run, stopping, pulse("measures"))),
            *(
                Companion(
                    name=f"due-{kind}", run=partial(duty.run_due, stopping, pulse(f"due {kind}"))
                )
                for kind, duty in duties.items()
            ),
        ]
        await run_together(companions, stopping, grace_seconds=_STOP_SECONDS)


async def _prepared_in_time(
    around: Surroundings, stopping: asyncio.Event
) -> tuple[Account, Census] | None:
    """The account, as soon as it can be read; None if we are told to stop before.

    A process that died here would only be started again, and lose what it knows of the limits; and
    what shares the process with us, ingest above all, works without HubSpot.
    """
    pulse = around.vitals.pulse("account", _ACCOUNT_ALLOWED_SECONDS)
    pulse.begin()
    wait_seconds = 1.0
    while not stopping.is_set():
        try:
            ready = await prepared(around)
            await note_usable(around.ledger)
        except (WorldAtFaultError, OursToFixError) as problem:
            pulse.suffer(problem.reason)
            await note_unusable(around.ledger, problem)
            level = logging.ERROR if isinstance(problem, OursToFixError) else logging.WARNING
            extra = {
                "action": Action.WAIT,
                "reason": problem.reason,
                "again_in_seconds": wait_seconds,
            }
            _LOG.log(level, "HubSpot cannot be used, nothing is written", extra=extra)
            await rest(wait_seconds, stopping)
            wait_seconds = min(wait_seconds * 2, _LONGEST_WAIT_SECONDS)
        else:
            pulse.rest()
            _LOG.info("syncing to HubSpot", extra={"action": Action.STARTED})
            return ready
    return None


async def prepared(around: Surroundings) -> tuple[Account, Census]:
    """The account, completed with the properties of ours it lacked, and its census taken.

    Raises:
        SyncError: HubSpot cannot be reached, or refuses the token.
    """
    await around.connections.refresh()
    async with around.ledger.transaction() as tx:
        around.governor.end_days_in(await notes.get(tx, _TIME_ZONE))
    slot = partial(around.governor.acquire, Lane.LIVE)
    schema = await Setup(around.hubspot, slot).prepare()
    name_shortfalls(schema)
    available = {name: frozenset(held) for name, held in schema.properties.items()}
    census = Census(ledger=around.ledger, hubspot=around.hubspot, slot=slot, available=available)
    await census.take()
    async with around.ledger.transaction() as tx:
        await notes.put(tx, "portal", schema.details.portal_id)
        await notes.put(tx, _TIME_ZONE, schema.details.time_zone)
    around.governor.end_days_in(schema.details.time_zone)
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
        await around.hubspot.page(cause.object_type or plans.CONTACTS, limit=1)
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
                "association types unknown",
                extra={"action": Action.GUESS, "reason": problem.reason},
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
        is_newer=around.connections.is_newer,
    )
    handler = Handler(tools, instance=around.instance, settled=linker.touch)
    return {str(kind): Duty(around.ledger, handler, around.log, str(kind)) for kind in KINDS}


def _writer(around: Surroundings, renewal: Work, lane: Lane) -> Writer:
    quota = LedgerQuota(around.ledger, ACCOUNT, beside=renewal)
    return Writer(around.hubspot, partial(around.governor.acquire, lane, quota))


async def _nothing() -> None:
    """Others may hold claims while we read the log: who has died is not known."""


async def _forfeit(around: Surroundings) -> None:
    """The log is ours, and only one process has it at a time: who held claims before is dead."""
    async with around.ledger.transaction() as tx:
        await claims.forfeit_others(tx, instance=around.instance)


def _handlers(duties: dict[str, Duty], shops: Shops) -> dict[str, HandleEvents]:
    handlers: dict[str, HandleEvents] = {SHOPS: shops.take}
    for kind in ObjectType:
        handlers[live_topic(kind)] = duties[kind].take_live
        handlers[backfill_topic(kind)] = duties[kind].take_backfill
    return handlers


async def _make_up(ledger: Ledger, gap: Gap) -> None:
    """What the log lost is found by scanning: no scan of that object counts any more.

    Nothing makes up for lost events of whole stores; they stay in the audit.
    """
    topic = gap.partition.topic
    async with ledger.transaction() as tx:
        for kind in ObjectType:
            if topic in (live_topic(kind), backfill_topic(kind)):
                await windows.void(tx, kind)
        await notes.audit(tx, "log_gap", f"{topic}/{gap.partition.number} from {gap.expected}")


async def _keep_fresh(connections: Connections, stopping: asyncio.Event, pulse: Pulse) -> None:
    pulse.begin()
    while not stopping.is_set():
        try:
            await connections.refresh()
            pulse.beat()
        except SyncError as problem:
            pulse.suffer(problem.reason)
            _LOG.warning("stores not read", extra={"action": Action.WAIT, "reason": problem.reason})
        await rest(_STORES_SECONDS, stopping)
