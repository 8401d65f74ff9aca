"""Resident memory of the whole product in one process: idle, and while 50,000 events pass.

``python -m tests.bench memory``: signed deliveries through ingest, of some thousand orders that
change again and again, HubSpot's quota lifted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from tests.bench.processes import lift_quota
from tests.bench.product import Product, running_product
from tests.bench.seen import resident_mib
from tests.bench.shop_events import changed_again

EVENTS = 50_000
ROUNDS = 10
_CONNECTIONS = 32
_AGAIN_SECONDS = 1.0


async def measure(events: int = EVENTS) -> dict[str, Any]:
    """MiB when idle after the first sync, after each tenth of the events, and at the end."""
    async with running_product(events // ROUNDS) as product:
        await lift_quota(product.hubspot_url)
        await product.calm()
        seen = [resident_mib(product.process.pid)]
        for number in range(ROUNDS):
            await _deliver(product, number)
            await product.calm()
            seen.append(resident_mib(product.process.pid))
    return {
        "events": events,
        "idle_mib": seen[0],
        "after_mib": seen[-1],
        "by_tenths_mib": seen[1:],
    }


async def _deliver(product: Product, number: int) -> None:
    """Every order once more, the first time as it is."""
    topic = "orders/updated" if number else "orders/create"
    requests = (
        product.request(changed_again(body, number) if number else body, topic)
        for body in product.bodies
    )
    async with asyncio.TaskGroup() as group:
        for _ in range(_CONNECTIONS):
            group.create_task(_one_connection(product.port, requests))


async def _one_connection(port: int, requests: Iterator[bytes]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in requests:
        writer.write(request)
        while not (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200"):
            await asyncio.sleep(_AGAIN_SECONDS)  # as Shopify does, if later
            writer.write(request)
    writer.close()
