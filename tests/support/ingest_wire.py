"""Ingest's protocol over a connection in memory, to be fed bytes as no socket would promise."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import CollectorRegistry
from uvicorn.server import ServerState

from services.ingest.__main__ import application
from services.ingest.limits import LimitedProtocol, Limits, limited
from services.ingest.metrics import Metrics
from services.ingest.settings import Settings
from services.ingest.stores import StoresInMemory
from services.shared.runtime.serving import config_for
from tests.support.running_ingest import ACME, LogInMemory, surroundings_of

DATE = (b"date", b"Thu, 26 Nov 2026 01:00:00 GMT")


class Wire(asyncio.Transport):
    """The server's end of a connection in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.paused = self.closed = False
        self.changed = asyncio.Event()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.closed, "written after the end"
        self.written += data
        self.changed.set()

    def abort(self) -> None:
        self.close()

    def close(self) -> None:
        self.closed = True
        self.changed.set()

    def can_write_eof(self) -> bool:
        return False

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False
        self.changed.set()

    async def until(self, is_so: Callable[[Wire], object]) -> Wire:
        async with asyncio.timeout(5):
            while not is_so(self):
                self.changed.clear()
                await self.changed.wait()
        return self


@dataclass
class Served:
    """An application behind the protocol, and what it stands on."""

    app: Any = None
    settings: Settings = field(default_factory=Settings)
    log: LogInMemory = field(default_factory=LogInMemory)
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    state: ServerState = field(default_factory=ServerState)

    def __post_init__(self) -> None:
        self.state.default_headers = [DATE]
        self.metrics = Metrics(self.registry)
        stores = StoresInMemory()
        stores.replace([ACME])
        ingest = application(self.settings, surroundings_of(self.log), stores, self.metrics)
        at_hand = None if self.app else ingest
        limits = Limits(
            header_bytes=4096,
            header_seconds=60,
            body_bytes=200_000,
            body_seconds=60,
            idle_seconds=60,
            connections=10,
        )
        self.config = config_for(self.app or ingest, http=limited(limits, self.metrics, at_hand))
        self.config.load()

    def connected(self) -> tuple[LimitedProtocol, Wire]:
        protocol_class = self.config.http_protocol_class
        assert issubclass(protocol_class, LimitedProtocol)
        protocol, wire = protocol_class(self.config, self.state, {}), Wire()
        protocol.connection_made(wire)
        return protocol, wire

    async def told(self, pieces: Iterable[bytes], *, answers: int = 1) -> bytes:
        """What is answered to ``pieces`` by the time there are so many answers."""
        protocol, wire = self.connected()
        for piece in pieces:
            protocol.data_received(piece)
        await wire.until(lambda wire: wire.written.count(b"\r\n\r\n") >= answers)
        protocol.connection_lost(None)
        return wire.written

    def counted(self, outcome: str) -> float:
        labels = {"outcome": outcome}
        return self.registry.get_sample_value("shopsync_ingest_requests_total", labels) or 0.0
