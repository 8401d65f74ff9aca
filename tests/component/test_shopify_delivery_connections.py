import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest

from sandbox.shopify.actions.customers import create_customer
from sandbox.shopify.connections import Connections
from sandbox.shopify.delivery import Deliveries
from sandbox.shopify.shopify import Shopify


@dataclass(slots=True)
class Server:
    """A real HTTP server; ``gate`` holds its answers back until it is set."""

    url: str = ""
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)
    arrived: asyncio.Condition = field(default_factory=asyncio.Condition)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    serving: list[asyncio.Task[None]] = field(default_factory=list)

    def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.serving.append(asyncio.create_task(self._answer(reader, writer)))

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                self.requests.append(await reader.readexactly(length))
                async with self.arrived:
                    self.arrived.notify_all()
                await self.gate.wait()
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
                await writer.drain()
        except asyncio.IncompleteReadError:
            writer.close()
            await writer.wait_closed()


@asynccontextmanager
async def server() -> AsyncIterator[Server]:
    made = Server()
    listening = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/webhooks"
    async with listening:
        yield made
        await asyncio.gather(*made.serving)


async def test_deliveries_one_after_another_share_a_connection() -> None:
    shopify = Shopify()
    store = shopify.open_store("acme.myshopify.com")
    async with server() as receiver, Deliveries(shopify) as deliveries:
        receiver.gate.set()
        subscription = {"id": 1, "topic": "CUSTOMERS_CREATE", "uri": receiver.url}
        store.subscriptions.append(subscription)
        for number in range(5):
            create_customer(store, email=f"{number}@example.com")
            await deliveries.idle()

        assert receiver.connections == 1
        assert len(receiver.requests) == 5
        assert {each.outcome for each in deliveries.recent} == {"delivered"}


async def test_deliveries_at_once_have_a_connection_each() -> None:
    shopify = Shopify()
    store = shopify.open_store("acme.myshopify.com")
    async with server() as receiver, Deliveries(shopify) as deliveries:
        subscription = {"id": 1, "topic": "CUSTOMERS_CREATE", "uri": receiver.url}
        store.subscriptions.append(subscription)
        for number in range(10):
            create_customer(store, email=f"{number}@example.com")
        async with receiver.arrived:
            await receiver.arrived.wait_for(lambda: len(receiver.requests) == 10)
        receiver.gate.set()
        await deliveries.idle()

        assert receiver.connections == 10


async def test_a_connection_that_failed_is_used_anew() -> None:
    async with server() as receiver, httpx.AsyncClient(transport=Connections()) as client:
        receiver.gate.set()
        with pytest.raises(httpx.ConnectError):
            await client.post("http://127.0.0.1:1/", content=b"x")
        answer = await client.post(receiver.url, content=b"x")

        assert answer.text == "ok"
        assert receiver.requests == [b"x"]
