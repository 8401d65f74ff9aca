"""What the ingest benchmark drives: the product, and the least that could do the same.

``python -m tests.bench.ingest_servers product|floor LOG_URL PREFIX`` serves on a free port, which
it prints, until its standard input ends; then it prints the CPU it took.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import logging
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import uvloop
from aiokafka import AIOKafkaProducer

from services.ingest.__main__ import Surroundings, serve
from services.ingest.settings import Settings
from services.shared.contract.events import NewEvent
from services.shared.log.address import LogAddress, SqliteFile, address_of
from services.shared.log.opening import opened
from services.shared.log.sqlite import SqliteLog
from services.shared.runtime.collecting import collect_seldom
from services.shared.runtime.metrics import new_registry
from services.shared.runtime.serving import config_for, listening_socket, serve_until
from tests.support.deliveries import SECRET, SHOP, signed_headers
from tests.support.running_ingest import StoresAtHand

# What the product writes beside the body, so that both write the same bytes.
FLOOR_HEADERS = {
    "format": "1",
    "shop": SHOP,
    "origin": "webhook",
    "change": "state",
    "shopify-topic": "orders/create",
    "shopify-api-version": "2026-07",
    "webhook-id": signed_headers(b"")["X-Shopify-Webhook-Id"],
    "event-id": signed_headers(b"")["X-Shopify-Event-Id"],
    "triggered-at": signed_headers(b"")["X-Shopify-Triggered-At"],
    "received-at": "2026-11-23T18:00:28.123456+00:00",
}
OK = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-length", b"0")],
}
UNAUTHORIZED = OK | {"status": 401}
TOPIC = "shopify.orders"
END = {"type": "http.response.body", "body": b""}


Append = Callable[[bytes], Awaitable[object]]


def floor_app(append: Append) -> Callable[..., Any]:
    """The same HMAC and the same durable append, and nothing else at all."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        signature = b""
        for name, value in scope["headers"]:
            if name == b"x-shopify-hmac-sha256":
                signature = value
        body, more = b"", True
        while more:
            message = await receive()
            body += message["body"]
            more = message["more_body"]
        expected = hmac.digest(SECRET, body, "sha256")
        if hmac.compare_digest(base64.b64decode(signature), expected):
            await append(body)
            await send(OK)
        else:
            await send(UNAUTHORIZED)
        await send(END)

    return app


@asynccontextmanager
async def bare_log(address: LogAddress) -> AsyncIterator[Append]:
    """The least that appends durably: the embedded log as it is, or aiokafka's own ``send``."""
    if isinstance(address, SqliteFile):
        async with SqliteLog.open(address.path) as log:
            yield lambda body: log.append((_event(body),))
        return
    async with AIOKafkaProducer(
        bootstrap_servers=list(address.servers), acks="all", enable_idempotence=True
    ) as producer:
        topic = address.prefix + TOPIC
        headers = [(name, value.encode()) for name, value in FLOOR_HEADERS.items()]
        yield lambda body: producer.send_and_wait(topic, body, headers=headers)


def _event(body: bytes) -> NewEvent:
    return NewEvent(topic=TOPIC, key=f"{SHOP}/orders/1", value=body, headers=FLOOR_HEADERS)


async def serve_floor(address: LogAddress, stopping: asyncio.Event) -> None:
    """The floor behind uvicorn as it comes."""
    async with bare_log(address) as append:
        with listening_socket("127.0.0.1", 0) as listener:
            say_port(listener.getsockname())
            await serve_until(stopping, config_for(floor_app(append)), listener)


async def serve_product(address: LogAddress, stopping: asyncio.Event) -> None:
    """The product as it is, in a process as the product makes it."""
    at_hand = StoresAtHand()
    settings = Settings().model_copy(update={"port": 0})
    async with opened(address) as log:
        collect_seldom()
        surroundings = Surroundings(
            appender=log,
            writable=log.is_writable,
            store_source=at_hand,
            store_copy=at_hand,
            registry=new_registry(),
        )
        await serve(settings, surroundings, stopping, listening=say_port)


def say_port(address: tuple[str, int]) -> None:
    """Tell whoever started us where to come."""
    print(address[1], flush=True)  # noqa: T201 - how the parent learns it


SERVERS = {"floor": serve_floor, "product": serve_product}


async def main(name: str, log_url: str, prefix: str) -> None:
    """Serve until standard input ends."""
    stopping = asyncio.Event()
    # What it refuses is counted; said at every change, it would drown the table.
    logging.getLogger("services").setLevel(logging.ERROR)
    asyncio.get_running_loop().add_reader(sys.stdin, stopping.set)
    began = time.process_time()
    await SERVERS[name](address_of(log_url, prefix=prefix), stopping)
    print(time.process_time() - began)  # noqa: T201 - what serving has cost, in seconds of CPU


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
