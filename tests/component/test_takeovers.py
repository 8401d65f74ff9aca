"""Two processes on one ledger, one stalled past its claim and woken after the other wrote."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import cast

import httpx
import pytest

from sandbox.hubspot.account import Account
from sandbox.hubspot.app import create_app as create_hubspot
from sandbox.shopify import actions, given
from sandbox.shopify.app import create_app as create_shopify
from sandbox.shopify.model import Record
from sandbox.shopify.shopify import Shopify
from services.shared.contract.keys import SourceKey
from services.shared.contract.topics import ObjectType
from services.shared.hubspot.pacing import Lane
from services.shared.ledger.engine import Ledger, opened
from services.shared.ledger.quota import Work
from services.shared.log.port import Log
from services.shared.shopify.hydrating import Hydrator
from services.syncer.__main__ import prepared
from services.syncer.duty import Duty
from services.syncer.handling import Handler, Tools
from services.syncer.jobs import Job
from services.syncer.knowing import CLAIM_MS
from services.syncer.outcomes import Outcome
from services.syncer.putting_off import SUSPECT_MS
from services.syncer.writing import Writer
from tests.support.ledgers import aged
from tests.support.memory_quota import MemoryQuota
from tests.support.product_parts import Outside, admit, credentials_of, syncer_on

SHOP = "acme.myshopify.com"
ORDERS, CUSTOMERS = ObjectType.ORDERS.value, ObjectType.CUSTOMERS.value
# The call that brings an order's lines to life, and the one that writes an order we know.
SLOT = "before the call"
LINES, UPDATE = "/line_items/batch/create", "/orders/batch/update"


class Wire(httpx.AsyncBaseTransport):
    """The way to HubSpot; a call can be stopped on it, or before its claim is looked at."""

    def __init__(self, app: object) -> None:
        self._inner = httpx.ASGITransport(app=app)  # type: ignore[arg-type]  # any ASGI callable
        self.stops_at = ""
        self.stopped = asyncio.Event()
        self.goes_on = asyncio.Event()
        self.answered = asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await self.pass_by(request.url.path)
        answer = await self._inner.handle_async_request(request)
        if self.goes_on.is_set():
            self.answered.set()
        return answer

    async def pass_by(self, place: str) -> None:
        """Stand still here if this is the place."""
        if self.stops_at and place.endswith(self.stops_at):
            self.stops_at = ""
            self.stopped.set()
            await self.goes_on.wait()


@dataclass(slots=True, kw_only=True)
class Process:
    """A syncer's handler with a way of its own to everything."""

    ledger: Ledger
    wire: Wire
    handler: Handler
    duty: Duty

    async def handle(self, record: Record, kind: str = ORDERS) -> Outcome:
        """What an event about ``record`` comes to."""
        source = SourceKey(SHOP, kind, str(record["id"]))
        job = Job(source=source, hinted=True, changed_at=datetime.now(UTC))
        return (await self.handler.handle(kind, [job], Lane.LIVE))[source]

    async def stalls_at(
        self, place: str, record: Record, kind: str = ORDERS
    ) -> asyncio.Task[Outcome]:
        """Handle ``record``, and stand still at that place until woken."""
        self.wire.stops_at = place
        task = asyncio.create_task(self.handle(record, kind))
        stopped = asyncio.create_task(self.wire.stopped.wait())
        await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
        assert stopped.done(), task
        return task

    async def pass_time(self, milliseconds: int) -> None:
        async with self.ledger.transaction() as tx:
            await aged(tx, milliseconds)

    async def do_what_is_due(self) -> None:
        """Until nothing is, however late it would be."""
        for _ in range(6):
            await self.pass_time(SUSPECT_MS + 1_000)
            await self.duty.take_due()


@dataclass(slots=True, kw_only=True)
class World:
    """Both vendors, and two processes between them; Shopify's clock may be ``ahead``."""

    shopify: Shopify = field(init=False)
    hubspot: Account
    ahead: timedelta = timedelta()
    processes: list[Process] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.shopify = Shopify(now=self.shopify_now, sleep=asyncio.sleep, seed=7)

    def shopify_now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def shown(self, object_type: str) -> list[dict[str, str]]:
        return [
            dict(record.properties)
            for record in self.hubspot.records[object_type].by_id.values()
            if not record.archived
        ]

    def order(self) -> tuple[str, str]:
        """Total and version of the one order, as HubSpot shows them."""
        (shown,) = self.shown("orders")
        return shown["hs_total_price"], shown["hs_external_modified_date"]


def _outside(world: World, wire: Wire) -> Outside:
    return Outside(
        shopify=httpx.ASGITransport(app=create_shopify(world.shopify)),
        hubspot=wire,
        token=lambda: world.hubspot.token,
        stores=credentials_of(world.shopify),
        now=partial(datetime.now, UTC),
        abandoned_after=timedelta(minutes=15),
    )


async def _process(world: World, ledger: Ledger, name: str) -> Process:
    wire = Wire(create_hubspot(world.hubspot))
    out = _outside(world, wire)
    await admit(ledger, out)
    log = cast("Log", None)  # nothing here reads or appends
    around = syncer_on(ledger, log, out, name, MemoryQuota(limit=250))
    account, _ = await prepared(around)

    def writer_for(renewal: Work, lane: Lane) -> Writer:
        async def slot() -> None:
            await around.governor.acquire(lane)
            await wire.pass_by(SLOT)
            async with ledger.transaction() as tx:
                await renewal(tx)

        return Writer(around.hubspot, slot)

    tools = Tools(
        ledger=ledger,
        hydrator=Hydrator(around.connections.admin_of),
        account=account,
        writer_for=writer_for,
        abandoned_after=around.abandoned_after,
    )
    handler = Handler(tools, instance=name, settled=lambda _touched: None)
    return Process(
        ledger=ledger,
        wire=wire,
        handler=handler,
        duty=Duty(ledger, handler, around.log, ORDERS),
    )


@asynccontextmanager
async def _world(url: str) -> AsyncIterator[World]:
    world = World(hubspot=Account(now=partial(datetime.now, UTC), sleep=asyncio.sleep, seed=7))
    world.shopify.open_store(SHOP)
    async with AsyncExitStack() as stack:
        for name in ("one", "two"):
            ledger = await stack.enter_async_context(opened(url))
            world.processes.append(await _process(world, ledger, name))
        yield world


@pytest.fixture
async def world(postgresql_url: str) -> AsyncIterator[World]:
    async with _world(postgresql_url) as world:
        yield world


def _line(order: Record) -> str:
    return str(order["line_items"][0]["id"])


def _edited(world: World, order: Record, quantity: int) -> None:
    # Shopify's versions have whole seconds.
    world.ahead += timedelta(seconds=1)
    store = world.shopify.stores[SHOP]
    actions.edit_order(store, order["id"], set_quantities={_line(order): quantity})


@pytest.mark.parametrize("end", ["settles", "dies"])
async def test_an_older_state_written_late_does_not_stay(world: World, end: str) -> None:
    one, two = world.processes
    order = given.order(world.shopify.stores[SHOP], lines=1)
    await one.handle(order)
    _edited(world, order, 2)
    late = await one.stalls_at(UPDATE, order)
    await one.pass_time(CLAIM_MS + 1_000)
    _edited(world, order, 5)

    assert await two.handle(order) is Outcome.APPLIED
    newest = world.order()
    one.wire.goes_on.set()
    if end == "settles":
        assert await late is Outcome.WAITING
    else:
        await _dies_having_written(one, late)
    assert world.order() != newest, "the stalled call must have written over it"
    await two.do_what_is_due()

    assert world.order() == newest
    assert [each["quantity"] for each in world.shown("line_items")] == ["5"]


@pytest.mark.parametrize("end", ["settles", "dies"])
async def test_lines_created_late_are_not_there_twice(world: World, end: str) -> None:
    one, two = world.processes
    order = given.order(world.shopify.stores[SHOP], lines=2)
    late = await one.stalls_at(LINES, order)
    await one.pass_time(CLAIM_MS + 1_000)

    assert await two.handle(order) is Outcome.APPLIED
    assert len(world.shown("line_items")) == 2
    one.wire.goes_on.set()
    if end == "settles":
        assert await late is Outcome.WAITING
    else:
        await _dies_having_written(one, late)
    assert len(world.shown("line_items")) == 4, "the stalled call must have created them again"
    await two.do_what_is_due()

    assert len(world.shown("line_items")) == 2
    assert len(world.shown("orders")) == 1


async def test_one_that_finds_its_claim_gone_before_it_calls_leaves_the_record_due(
    world: World,
) -> None:
    one, two = world.processes
    customer = given.customer(world.shopify.stores[SHOP], email="ana@example.com")
    late = await one.stalls_at(SLOT, customer, CUSTOMERS)
    await one.pass_time(CLAIM_MS + 1_000)

    assert await two.handle(customer, CUSTOMERS) is Outcome.APPLIED
    one.wire.goes_on.set()

    assert await late is Outcome.WAITING
    assert [each["email"] for each in world.shown("contacts")] == ["ana@example.com"]


async def _dies_having_written(process: Process, late: asyncio.Task[Outcome]) -> None:
    """End it between its call and its settling, as a kill would."""
    await process.wire.answered.wait()
    late.cancel()
    await asyncio.wait({late})
