"""Ingest on a real socket, over a log and stores in memory."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry

from services.ingest.__main__ import Surroundings, serve
from services.ingest.settings import Settings
from services.ingest.stores import StoreSecrets
from services.shared.contract.events import NewEvent
from services.shared.log.port import Appender
from tests.support.deliveries import PREVIOUS_SECRET, SECRET, SHOP, signed_headers

ACME = StoreSecrets(shop=SHOP, secrets=(SECRET, PREVIOUS_SECRET))
BODY = b'{"id": 1}'
# The limits as they are, in times a test can wait for.
STRICT = Settings().model_copy(
    update={
        "header_seconds": 0.2,
        "body_seconds": 0.2,
        "idle_seconds": 1,
        "max_body_bytes": 100_000,
        "stop_seconds": 2,
    }
)
HEAD = b"POST /webhooks/shopify HTTP/1.1\r\nHost: ingest\r\n"


@dataclass
class LogInMemory:
    """An appender that keeps events; it can be closed for a while, or refuse."""

    events: list[NewEvent] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    problem: Exception | None = None

    def __post_init__(self) -> None:
        self.open.set()

    async def append(self, events: Sequence[NewEvent]) -> None:
        self.waiting.release()
        await self.open.wait()
        if self.problem:
            raise self.problem
        self.events.extend(events)

    async def is_writable(self) -> bool:
        await self.open.wait()
        return self.problem is None


@dataclass
class StoresAtHand:
    """A source and a copy of stores, both in memory; ``None`` is a source that is down."""

    known: Sequence[StoreSecrets] | None = (ACME,)
    kept: Sequence[StoreSecrets] | None = (ACME,)

    async def stores(self) -> Sequence[StoreSecrets]:
        if self.known is None:
            raise ConnectionRefusedError
        return self.known

    def load(self) -> Sequence[StoreSecrets] | None:
        return self.kept

    def save(self, stores: Sequence[StoreSecrets]) -> None:
        self.kept = stores


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingest:
    """A running ingest and what it stands on."""

    port: int
    log: LogInMemory
    registry: CollectorRegistry
    stopping: asyncio.Event
    task: asyncio.Task[None]

    def counted(self, outcome: str) -> float:
        """How many requests or connections ended so."""
        labels = {"outcome": outcome}
        return self.registry.get_sample_value("shopsync_ingest_requests_total", labels) or 0.0

    async def connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A new connection."""
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def told(self, *pieces: bytes) -> bytes:
        """Send ``pieces`` on a new connection; what it answers until it closes."""
        reader, writer = await self.connected()
        for piece in pieces:
            writer.write(piece)
        answer = await reader.read()
        writer.close()
        return answer


def surroundings_of(
    log: LogInMemory,
    stores: StoresAtHand | None = None,
    *,
    registry: CollectorRegistry | None = None,
    appender: Appender | None = None,
) -> Surroundings:
    """What ingest stands on, all of it in memory unless given."""
    at_hand = stores or StoresAtHand()
    return Surroundings(
        appender=appender or log,
        writable=log.is_writable,
        store_source=at_hand,
        store_copy=at_hand,
        registry=registry or CollectorRegistry(),
    )


@contextlib.asynccontextmanager
async def running_ingest(
    settings: Settings | None = None, appender: Appender | None = None
) -> AsyncIterator[Ingest]:
    """Ingest, listening on a free port, stopped at the end."""
    log = LogInMemory()
    stopping = asyncio.Event()
    surroundings = surroundings_of(log, appender=appender)
    address: asyncio.Future[tuple[str, int]] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(
        serve(
            (settings or Settings()).model_copy(update={"port": 0}),
            surroundings,
            stopping,
            listening=address.set_result,
        )
    )
    _, port = await address
    yield Ingest(port=port, log=log, registry=surroundings.registry, stopping=stopping, task=task)
    log.open.set()
    stopping.set()
    await task


async def response_on(reader: asyncio.StreamReader) -> bytes:
    """One whole answer without a body."""
    return await reader.readuntil(b"\r\n\r\n")


def head(body_headers: bytes) -> bytes:
    """All before the body of a signed delivery of ``BODY``; ``body_headers`` say its size."""
    signed = [f"{name}: {value}" for name, value in signed_headers(BODY).items()]
    return HEAD + "\r\n".join(signed).encode() + b"\r\n" + body_headers + b"\r\n\r\n"
