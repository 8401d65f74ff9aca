"""What does not get on is not ready: a batch that meets an outage, a due loop, a scan."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import httpx

from services.reconciler.__main__ import Surroundings as ReconcilerSurroundings
from services.reconciler.__main__ import serve as serve_reconciler
from services.shared.contract.errors import WorldAtFaultError
from services.shared.contract.events import Event
from services.shared.runtime.vitals import Stall, Vitals
from services.syncer.duty import Duty
from services.syncer.worker import Worker
from tests.support.both_vendors import OTHER, SHOP, BothVendors
from tests.support.one_topic import TOPIC, append, unexpected
from tests.support.waiting import until


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def nothing() -> None:
    pass


async def test_a_batch_that_meets_an_outage_stalls_and_recovers(tmp_path: Path) -> None:
    clock, stopping = Clock(), asyncio.Event()
    vitals = Vitals(clock)
    outage = True

    async def handle(_events: Sequence[Event]) -> None:
        if outage:
            raise WorldAtFaultError("unavailable", retry_after=0.05)

    async with (
        BothVendors().engines(tmp_path) as base,
        base.log.reader("syncer", [TOPIC], "me") as reader,
    ):
        await append(base.log)
        worker = Worker(reader, {TOPIC: handle}, vitals, on_gap=unexpected, on_gain=nothing)
        running = asyncio.create_task(worker.run(stopping))
        pulse = vitals.pulse(f"batch {TOPIC}", 0)
        await until(lambda: pulse.trouble)
        assert vitals.stalled() == {}, "an outage of seconds is no stall"
        clock.now += 200
        await until(lambda: pulse.trouble)
        assert vitals.stalled()[f"batch {TOPIC}"] == Stall(seconds=200, trouble="unavailable")

        outage = False
        await until(lambda: f"batch {TOPIC}" not in vitals.stalled())
        stopping.set()
        await running


async def test_a_store_that_cannot_be_scanned_stalls_and_its_neighbour_does_not(
    tmp_path: Path,
) -> None:
    world = BothVendors()
    clock, stopping = Clock(), asyncio.Event()
    vitals = Vitals(clock)
    inner = world.transport.transports["shopify.test"]

    async def answer(request: httpx.Request) -> httpx.Response:
        if OTHER in request.url.path or OTHER in str(request.headers):
            return httpx.Response(402)
        return await inner.handle_async_request(request)

    world.transport.transports["shopify.test"] = httpx.MockTransport(answer)
    async with world.engines(tmp_path) as base:

        async def shops() -> list[str]:
            return base.connections.active_shops()

        around = ReconcilerSurroundings(
            ledger=base.ledger,
            appender=base.log,
            admin_of=base.connections.admin_of,
            shops=shops,
            instance=base.instance,
            scan_every_seconds=0.1,
            vitals=vitals,
        )
        running = asyncio.create_task(serve_reconciler(around, stopping))
        await until(lambda: around.pulse(f"scan {OTHER}").trouble)
        clock.now += 301
        await until(lambda: f"scan {SHOP}" not in vitals.stalled())
        assert vitals.stalled()[f"scan {OTHER}"] == Stall(seconds=301, trouble="store_frozen")
        stopping.set()
        await running


async def test_a_due_loop_without_a_ledger_stalls(tmp_path: Path) -> None:
    clock, stopping = Clock(), asyncio.Event()
    vitals = Vitals(clock)
    pulse = vitals.pulse("due orders", 180)

    class Gone:
        """A ledger nobody can reach."""

        def transaction(self) -> object:
            raise WorldAtFaultError("ledger_unavailable")

    duty = Duty(Gone(), None, None, "orders")  # type: ignore[arg-type]  # the ledger is all it asks
    running = asyncio.create_task(duty.run_due(stopping, pulse))
    await until(lambda: pulse.trouble)
    clock.now += 181
    assert vitals.stalled() == {"due orders": Stall(seconds=181, trouble="ledger_unavailable")}
    stopping.set()
    await running
