"""The wires between the processes and the servers: cut, slowed, or leading nowhere for a while."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field

_HOST = "127.0.0.1"
_CHUNK = 65536


@dataclass(slots=True, kw_only=True)
class Link:
    """One wire: listens on ``port``, leads to ``to_port``. Its weather may change at any time."""

    name: str
    to_port: int
    port: int = 0
    delay: float = 0.0
    _passing: asyncio.Event = field(default_factory=asyncio.Event)
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    def cut(self) -> None:
        """Reset every connection there is; new ones pass."""
        for each in list(self._writers):
            each.transport.abort()

    def hold(self) -> None:
        """Pass nothing on, and keep every connection."""
        self._passing.clear()

    def clear(self) -> None:
        """As good as new; what was held goes on."""
        self.delay = 0.0
        self._passing.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until an end of it is gone."""
        self._writers.add(writer)
        try:
            await self._carry(reader, writer)
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there = await asyncio.open_connection(_HOST, self.to_port)
        except OSError:
            writer.transport.abort()
            return
        self._writers.add(there[1])
        pumps = [
            asyncio.create_task(self._pump(reader, there[1])),
            asyncio.create_task(self._pump(there[0], writer)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            there[1].close()
            self._writers.discard(there[1])

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(_CHUNK):
                if self.delay:
                    await asyncio.sleep(self.delay)
                await self._passing.wait()
                writer.write(data)
                await writer.drain()


@asynccontextmanager
async def linked(targets: Mapping[str, int]) -> AsyncIterator[dict[str, Link]]:
    """A wire by name to each port; ports that are not known yet are set later (0)."""
    async with AsyncExitStack() as stack:
        links: dict[str, Link] = {}
        for name, port in targets.items():
            link = Link(name=name, to_port=port)
            link.clear()
            server = await asyncio.start_server(link.serve, _HOST, 0)
            stack.callback(server.close)
            stack.callback(link.cut)
            link.port = server.sockets[0].getsockname()[1]
            links[name] = link
        yield links


def some(links: Mapping[str, Link], rng: random.Random) -> list[Link]:
    """One of them, or now and then all."""
    names = sorted(links)
    chosen = names if rng.random() < 0.2 else [rng.choice(names)]
    return [links[each] for each in chosen]
