"""From a webhook to HubSpot's acknowledgement, at 50 orders a second, within the vendor's quota.

``python -m tests.bench latency``: signed deliveries through the real ingest of the whole product,
each counted until HubSpot has applied the last row of its order, line items included.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import httpx
import orjson

from tests.bench.product import Product, running_product

ORDERS_PER_SECOND = 50
SECONDS = 20
_CONNECTIONS = 8


async def measure(seconds: int = SECONDS) -> dict[str, Any]:
    """p50 and p99 in milliseconds of as many seconds of orders."""
    async with running_product(ORDERS_PER_SECOND * seconds) as product:
        await product.calm()
        sent = await _delivered(product)
        await product.calm()
        applied = await _applied(product)
    waits = sorted(applied[each] - at for each, at in sent.items() if each in applied)
    return {
        "orders": len(sent),
        "orders_in_hubspot": len(waits),
        "p50_ms": round(waits[len(waits) // 2] * 1e3, 1),
        "p99_ms": round(waits[len(waits) * 99 // 100] * 1e3, 1),
        "longest_ms": round(waits[-1] * 1e3, 1),
    }


async def _delivered(product: Product) -> dict[str, float]:
    """Deliver all orders evenly; when each was sent, by order id."""
    sent: dict[str, float] = {}
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(_CONNECTIONS):
        free.put_nowait(await asyncio.open_connection("127.0.0.1", product.port))

    async def deliver(body: bytes) -> None:
        reader, writer = await free.get()
        writer.write(product.request(body, "orders/create"))
        answer = await reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200"), answer
        free.put_nowait((reader, writer))

    loop = asyncio.get_running_loop()
    began = loop.time()
    async with asyncio.TaskGroup() as group:
        for number, body in enumerate(product.bodies):
            await asyncio.sleep(max(0.0, began + number / ORDERS_PER_SECOND - loop.time()))
            sent[str(orjson.loads(body)["id"])] = time.time()
            group.create_task(deliver(body))
    while not free.empty():
        free.get_nowait()[1].close()
    return sent


async def _applied(product: Product) -> dict[str, float]:
    """When HubSpot had the last row of each order, by Shopify's order id."""
    async with httpx.AsyncClient(timeout=60) as http:
        dump = orjson.loads((await http.get(f"{product.hubspot_url}/_sandbox/records")).content)
    made = {record["id"]: _moment(record["createdAt"]) for record in dump["line_items"]}
    lines = _lines_by_order(dump["associations"])
    return {
        record["properties"]["hs_external_order_id"]: max(
            [_moment(record["createdAt"]), *(made[each] for each in lines.get(record["id"], ()))]
        )
        for record in dump["orders"]
    }


def _lines_by_order(associations: Iterable[Mapping[str, Any]]) -> dict[str, set[str]]:
    lines: dict[str, set[str]] = {}
    for each in associations:
        if (each["from_type"], each["to_type"]) == ("orders", "line_items"):
            lines.setdefault(each["from_id"], set()).add(each["to_id"])
    return lines


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
