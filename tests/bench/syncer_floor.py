"""The least that takes orders from the log to HubSpot: no ledger, no mapping, no second thought.

Reads the log, parses each body, sends the same number of rows of about as many properties in the
same number of calls, and keeps the ids in one table, committed once a batch.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson

from services.shared.contract.events import Event
from services.shared.log.port import Log

_OBJECTS = "/crm/objects/2026-09"
_ROWS = 100
_ORDER_OF_LINE = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 514}
_ORDER = {
    "hs_order_name": "name",
    "hs_total_price": "total_price",
    "hs_subtotal_price": "subtotal_price",
    "hs_tax": "total_tax",
    "hs_currency_code": "currency",
    "hs_order_note": "note",
    "hs_external_order_id": "id",
    "hs_external_created_date": "created_at",
    "hs_processed_date": "processed_at",
}
_ADDRESS = ("name", "address1", "city", "province", "zip", "country")
_LINE = {"name": "title", "quantity": "quantity", "price": "price", "hs_sku": "sku"}


Keep = Callable[[Sequence[tuple[str, str]]], Awaitable[object]]


async def run_floor(log: Log, http: httpx.AsyncClient, keep: Keep, count: int) -> int:
    """Take ``count`` orders to HubSpot; how many rows it acknowledged."""
    rows = done = 0
    async with log.reader("floor", ["shopify.orders"], "floor") as reader:
        while done < count:
            batch = await reader.poll(300, 1.0)
            if not batch.events:
                continue
            rows += await _taken(http, keep, batch.events)
            done += len(batch.events)
            ends = {e.position.partition: e.position.offset + 1 for e in batch.events}
            await reader.commit(ends)
    return rows


@contextmanager
def table_in(path: Path) -> Iterator[Keep]:
    """One table of ids in a file, committed once a batch."""
    file = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    file.execute("PRAGMA journal_mode = WAL")
    file.execute("PRAGMA synchronous = FULL")
    file.execute("CREATE TABLE targets (key TEXT PRIMARY KEY, id TEXT)")

    def write(rows: Sequence[tuple[str, str]]) -> None:
        file.execute("BEGIN IMMEDIATE")
        file.executemany("INSERT INTO targets VALUES (?, ?)", rows)
        file.execute("COMMIT")

    with closing(file):
        yield lambda rows: asyncio.to_thread(write, rows)


async def _taken(http: httpx.AsyncClient, keep: Keep, events: Sequence[Event]) -> int:
    bodies = [orjson.loads(event.value) for event in events]
    ids = await _created(http, "orders", [_order(body) for body in bodies])
    lines = [_line(line, ids[str(body["id"])]) for body in bodies for line in body["line_items"]]
    made = await _created(http, "line_items", lines)
    await keep([*ids.items(), *made.items()])
    return len(ids) + len(made)


async def _created(
    http: httpx.AsyncClient, object_type: str, rows: Sequence[dict[str, Any]]
) -> dict[str, str]:
    calls = [
        http.post(
            f"{_OBJECTS}/{object_type}/batch/create",
            content=orjson.dumps({"inputs": rows[start : start + _ROWS]}),
        )
        for start in range(0, len(rows), _ROWS)
    ]
    ids: dict[str, str] = {}
    for answer in await asyncio.gather(*calls):
        answer.raise_for_status()
        results = orjson.loads(answer.content)["results"]
        ids |= {each["objectWriteTraceId"]: each["id"] for each in results}
    return ids


def _order(body: dict[str, Any]) -> dict[str, Any]:
    properties = {name: _said(body.get(field)) for name, field in _ORDER.items()}
    for kind in ("billing", "shipping"):
        address = body.get(f"{kind}_address") or {}
        for field in _ADDRESS:
            properties[_ADDRESS_NAMES[kind, field]] = _said(address.get(field))
    return {"objectWriteTraceId": str(body["id"]), "properties": properties}


def _line(line: dict[str, Any], order_id: str) -> dict[str, Any]:
    return {
        "objectWriteTraceId": f"l{line['id']}",
        "properties": {name: _said(line.get(field)) for name, field in _LINE.items()},
        "associations": [{"to": {"id": order_id}, "types": [_ORDER_OF_LINE]}],
    }


def _said(value: object) -> str:
    return "" if value is None else str(value)


_HUBSPOT = {
    "name": "name",
    "address1": "street",
    "city": "city",
    "province": "state",
    "zip": "postal_code",
    "country": "country",
}
_ADDRESS_NAMES = {
    (kind, field): f"hs_{kind}_address_{name}"
    for kind in ("billing", "shipping")
    for field, name in _HUBSPOT.items()
}
