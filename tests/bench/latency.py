"""From a webhook to HubSpot's acknowledgement, at 50 orders a second, within the vendor's quota.

``python -m tests.bench latency``: signed deliveries through the real ingest of the whole product,
each counted until HubSpot has applied the last row of its order, line items included. What is
refused is sent again, as Shopify does, if sooner; its time runs from the first attempt.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import httpx
import orjson

from tests.bench.product import Product, running_product

ORDERS_PER_SECOND = 50
SECONDS = 20
_CONNECTIONS = 8
_AGAIN_SECONDS = 1.0


async def measure(seconds: int = SECONDS) -> dict[str, Any]:
    """p50 and p99 in milliseconds of as many seconds of orders."""
    async with running_product(ORDERS_PER_SECOND * seconds) as product:
        await product.calm()
        sent, refusals = await _delivered(product)
        await product.calm()
        applied = await _applied(product)
    waits = sorted(applied[each] - at for each, at in sent.items() if each in applied)
    return {
        "orders": len(sent),
        "orders_in_hubspot": len(waits),
        "refused_orders": len(refusals),
        "refusals": sum(refusals.values()),
        "p50_ms": round(waits[len(waits) // 2] * 1e3, 1),
        "p99_ms": round(waits[len(waits) * 99 // 100] * 1e3, 1),
        "longest_ms": round(waits[-1] * 1e3, 1),
    }


async def _delivered(product: Product) -> tuple[dict[str, float], Counter[int]]:
    """Deliver all orders evenly: when each was first sent, by id, and how often it was refused."""
    sent: dict[str, float] = {}
    refused: Counter[int] = Counter()
    lines = Lines(product.port)

    async def deliver(number: int, body: bytes) -> None:
        while not await lines.accept(product.request(body, "orders/create")):
            refused[number] += 1
            await asyncio.sleep(_AGAIN_SECONDS)

    loop = asyncio.get_running_loop()
    began = loop.time()
    async with asyncio.TaskGroup() as group:
        for number, body in enumerate(product.bodies):
            await asyncio.sleep(max(0.0, began + number / ORDERS_PER_SECOND - loop.time()))
            sent[str(orjson.loads(body)["id"])] = time.time()
            group.create_task(deliver(number, body))
    lines.close()
    return sent, refused


class Lines:
    """Connections, each used by one delivery at a time, and opened again where one was closed."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._room = asyncio.Semaphore(_CONNECTIONS)

    async def accept(self, request: bytes) -> bool:
        """Whether it was answered 200; a refusal and a connection that breaks are the same."""
        async with self._room:
            try:
                reader, writer = self._free.pop() if self._free else await self._opened()
                writer.write(request)
                answer = await reader.readuntil(b"\r\n\r\n")
            except (OSError, asyncio.IncompleteReadError):
                return False
            if b"connection: close" in answer:
                writer.close()
            else:
                self._free.append((reader, writer))
            return answer.startswith(b"HTTP/1.1 200")

    def close(self) -> None:
        """End those that are open."""
        for _, writer in self._free:
            writer.close()

    async def _opened(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self._port)


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
