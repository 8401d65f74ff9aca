"""The consumer loop: on the embedded log, and on a real broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.shared.contract.errors import WorldAtFaultError
from services.shared.contract.events import Event, Gap, NewEvent, Partition
from services.shared.contract.topics import CONSUMED_TOPICS
from services.shared.ledger import windows
from services.shared.ledger.engine import Ledger, statement
from services.shared.ledger.windows import NewWindow, WindowState
from services.shared.log.address import KafkaCluster
from services.shared.log.kafka.log import KafkaLog
from services.shared.log.port import Log, Reader
from services.shared.log.sqlite import SqliteLog
from services.shared.runtime.vitals import Vitals
from services.syncer.__main__ import _make_up
from services.syncer.reading import read_out
from services.syncer.worker import Worker
from tests.support.kafka.losing import delete_before
from tests.support.kafka.shared import cluster_of_its_own
from tests.support.log_events import ORDERS, behind, order, take

pytestmark = pytest.mark.xdist_group("kafka")
SOON = 40.0
SHOP = "acme.myshopify.com"


@pytest.fixture(params=["sqlite", "kafka"])
async def log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Log]:
    if request.param == "sqlite":
        async with SqliteLog.open(tmp_path / "log.db", partitions=3) as embedded:
            yield embedded
    else:
        async with cluster_of_its_own(3) as cluster, KafkaLog.open(cluster) as log:
            yield log


@dataclass
class Syncer:
    """A worker and what it did."""

    log: Log
    settled: list[Event] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    gains: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    make_up: Callable[[Gap], Awaitable[None]] | None = None

    async def take(self, events: Sequence[Event]) -> None:
        """What a duty does with events nobody can read, without the vendors behind it."""
        dead = read_out(events).dead
        if dead:
            await self.log.append(dead)
        self.settled += events
        self.note()

    async def gap(self, gap: Gap) -> None:
        self.gaps.append(gap)
        if self.make_up is not None:
            await self.make_up(gap)
        self.note()

    async def gain(self) -> None:
        self.gains += 1

    def note(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(SOON):
            while not condition():
                await self.changed.wait()

    def values(self) -> set[bytes]:
        return {event.value for event in self.settled}


@asynccontextmanager
async def running(syncer: Syncer, group: str = "syncer") -> AsyncIterator[Syncer]:
    async with syncer.log.reader(group, [ORDERS], "one") as reader, worker(syncer, reader):
        yield syncer


@asynccontextmanager
async def worker(syncer: Syncer, reader: Reader) -> AsyncIterator[None]:
    stopping = asyncio.Event()
    loop = Worker(
        reader,
        dict.fromkeys(CONSUMED_TOPICS, syncer.take),
        Vitals(),
        on_gap=syncer.gap,
        on_gain=syncer.gain,
        rest_seconds=0.2,
    )
    task = asyncio.create_task(loop.run(stopping))
    try:
        yield
    finally:
        stopping.set()
        await task


def newer(number: int) -> NewEvent:
    plain = order(number, b"newer")
    return NewEvent(
        topic=plain.topic,
        key=plain.key,
        value=plain.value,
        headers={**plain.headers, "format": "2"},
    )


async def test_a_poison_message_is_dead_and_its_partition_goes_on_at_once(log: Log) -> None:
    await log.append([order(1, b"\x00 no json"), order(1, b'{"id": 1}'), order(1, b"[]")])

    async with running(Syncer(log)) as syncer:
        await syncer.until(lambda: len(syncer.settled) == 3)
        await log.append([order(1, b'{"id": 2}')])
        await syncer.until(lambda: len(syncer.settled) == 4)
        dead = await dead_letters(log)

    assert {event.value for event in dead} >= {b"\x00 no json", b"[]"}
    assert all(event.headers["dead-reason"] for event in dead)
    assert all(event.headers["shop"] == SHOP for event in dead)
    assert await behind_by(log) == 0


async def test_what_only_a_newer_version_reads_waits_in_order_and_others_go_on(
    log: Log,
) -> None:
    before = [order(1, b'{"id": 1}')]
    await log.append([*before, newer(1), order(1, b'{"id": 3}')])
    others = [order(number, b'{"id": 9}') for number in range(2, 20)]
    await log.append(others)

    async with running(Syncer(log)) as syncer:
        home = await home_of_key_one(log)
        await syncer.until(lambda: {b'{"id": 1}', b'{"id": 9}'} <= syncer.values())

    assert b"newer" not in syncer.values()
    assert b'{"id": 3}' not in syncer.values()
    assert (await log.lag("syncer"))[home].events >= 2
    async with log.reader("syncer", [ORDERS], "newer version") as reader:
        left = [event for event in await take(reader, 2) if event.key.endswith("/1")]
    assert [event.value for event in left] == [b"newer", b'{"id": 3}']


async def test_gaining_partitions_is_told_before_their_events_are_handled(log: Log) -> None:
    await log.append([order(1, b"{}")])

    async with running(Syncer(log)) as syncer:
        await syncer.until(lambda: bool(syncer.settled))

    assert syncer.gains >= 1


async def home_of_key_one(log: Log) -> Partition:
    async with log.reader("looking", [ORDERS], "one") as reader:
        events = await take(reader, 21)
        await reader.commit(behind(events))
    return next(event.position.partition for event in events if event.key.endswith("/1"))


async def dead_letters(log: Log) -> list[Event]:
    since, until = datetime(2001, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC)
    return [event async for event in log.between(f"{ORDERS}.dead", since, until)]


async def behind_by(log: Log) -> int:
    lag = await log.lag("syncer")
    return sum(each.events for home, each in lag.items() if home.topic == ORDERS)


class TestGaps:
    """Only a log that lets go by age can lose what was not settled."""

    @pytest.fixture
    async def cluster(self) -> AsyncIterator[KafkaCluster]:
        async with cluster_of_its_own(2) as cluster:
            yield cluster

    async def test_a_partition_rests_until_its_gap_is_made_up_for(
        self, cluster: KafkaCluster
    ) -> None:
        away = [True, True]

        async def make_up(_gap: Gap) -> None:
            if away:
                away.pop()
                raise WorldAtFaultError("ledger_away", retry_after=0.05)

        async with KafkaLog.open(cluster) as log:
            await lost_events(log, cluster)
            syncer = Syncer(log, make_up=make_up)
            async with running(syncer):
                await syncer.until(lambda: bool(syncer.settled))

            assert len(syncer.gaps) == 3
            assert not away
            assert syncer.values() == {b'{"id": 4}'}

    async def test_no_scan_of_that_object_counts_any_more(self, ledger: Ledger) -> None:
        for kind in ("orders", "customers"):
            await scanned(ledger, kind)

        await _make_up(ledger, Gap(partition=Partition(ORDERS, 0), expected=1, found=5))

        async with ledger.transaction() as tx:
            assert await windows.last_complete(tx, SHOP, "orders") is None
            assert await windows.last_complete(tx, SHOP, "customers") is not None
            said = await tx.run(statement("SELECT action, subject FROM audit"))
        assert ("log_gap", "shopify.orders/0 from 1") in [(row.action, row.subject) for row in said]


async def scanned(ledger: Ledger, kind: str) -> None:
    now = datetime.now(UTC)
    new = NewWindow(shop=SHOP, kind=kind, mode="full", since=None, started_at=now, owner="one")
    async with ledger.transaction() as tx:
        window = await windows.begin(tx, new)
        await windows.end(tx, window, WindowState.COMPLETE, read_=1, appended=1)


async def lost_events(log: KafkaLog, cluster: KafkaCluster) -> None:
    """One settled event, two that are lost, one that is left."""
    await log.append([order(1, b'{"id": %d}' % number) for number in range(1, 5)])
    async with log.reader("syncer", [ORDERS], "before") as reader:
        events = await take(reader, 4)
        await reader.commit(behind(events[:1]))
    await delete_before(cluster, events[3].position)
