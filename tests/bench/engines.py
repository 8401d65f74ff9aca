"""The engines of many machines for benchmarks: a real Kafka and a durable PostgreSQL."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from services.shared.contract.topics import SYNCER_GROUP, TOPICS
from services.shared.ledger.engine import opened
from services.shared.ledger.migrating import migrate
from services.shared.log.address import KafkaCluster, LogAddress, address_of
from services.shared.log.kafka.topics import Topics
from tests.bench.groups import asking
from tests.support.kafka.broker import Broker, kafka_broker
from tests.support.postgres import Postgres, fresh_database, started


@dataclass(frozen=True, slots=True, kw_only=True)
class Engines:
    """Servers that run for the whole of a part."""

    broker: Broker
    postgres: Postgres

    @property
    def broker_pid(self) -> int:
        """The broker's process."""
        (pid,) = self.broker.pids
        return pid


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A log nobody else uses, and with it perhaps a ledger."""

    log_url: str
    prefix: str = ""
    ledger_url: str = ""

    @property
    def log(self) -> LogAddress:
        """Where the log is."""
        return address_of(self.log_url, prefix=self.prefix)

    @property
    def cluster(self) -> KafkaCluster:
        """Where the log is, which is on Kafka."""
        assert isinstance(self.log, KafkaCluster)
        return self.log


def embedded(folder: Path) -> Place:
    """The embedded log, in a file in ``folder``."""
    return Place(log_url=f"sqlite:///{folder / 'log.db'}")


@asynccontextmanager
async def running_engines() -> AsyncIterator[Engines]:
    """Both servers; gone with the context and with this process.

    Raises:
        NoPostgresError: no PostgreSQL is to be had here.
        BrokerFailedError: the broker did not come up.
    """
    async with AsyncExitStack() as stack:
        postgres = await asyncio.to_thread(started, durable=True)
        stack.callback(postgres.close)
        broker = await stack.enter_async_context(kafka_broker())
        yield Engines(broker=broker, postgres=postgres)


@asynccontextmanager
async def fresh_log(broker: Broker) -> AsyncIterator[Place]:
    """Topics as declared that nobody else uses, deleted at the end."""
    prefix = f"{uuid.uuid4().hex[:8]}."
    cluster = address_of(broker.url, prefix=prefix)
    assert isinstance(cluster, KafkaCluster)
    async with Topics.of(cluster) as topics:
        await topics.apply(SYNCER_GROUP)
    try:
        yield Place(log_url=broker.url, prefix=prefix)
    finally:
        await _delete_topics(cluster)


@asynccontextmanager
async def fresh_place(engines: Engines) -> AsyncIterator[Place]:
    """Topics and a migrated, empty ledger that nobody else uses."""
    async with (
        fresh_log(engines.broker) as log,
        fresh_database(engines.postgres.address) as url,
    ):
        async with opened(url) as ledger:
            await migrate(ledger)
        yield replace(log, ledger_url=url)


async def _delete_topics(cluster: KafkaCluster) -> None:
    async with asking(cluster) as admin:
        await admin.delete_topics([cluster.prefix + each for each in TOPICS])
