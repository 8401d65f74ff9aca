"""One run of the syncer benchmark: the product's syncer, or the least that could do the same.

``python -m tests.bench.syncer_runs product|floor DIRECTORY EVENTS HUBSPOT_URL TOKEN``: takes the
events of a file (see ``shop_events``) from an embedded log in ``DIRECTORY`` to HubSpot, and prints
what it took as JSON.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import orjson
import uvloop

from services.shared.contract.events import NewEvent
from services.shared.hubspot.client import HubSpot
from services.shared.hubspot.governor import Governor
from services.shared.ledger.connections import Connections
from services.shared.ledger.engine import Ledger, opened, statement
from services.shared.ledger.migrating import migrate
from services.shared.ledger.quota import LedgerQuota
from services.shared.ledger.stores import ACCOUNT
from services.shared.ledger.vault import Vault
from services.shared.log.sqlite import SqliteLog
from services.shared.runtime.calls import client
from services.shared.runtime.collecting import collect_seldom
from services.syncer.__main__ import GROUP, Surroundings, serve
from tests.bench.syncer_floor import run_floor, table_in

_LOOK_SECONDS = 0.1
_APPENDED_AT_ONCE = 100
# What is still to be done, and what HubSpot has acknowledged as rows.
_OPEN = statement(
    """SELECT (SELECT count(*) FROM sources WHERE status = 'waiting')
      + (SELECT count(*) FROM links WHERE state = 'pending') AS open"""
)
_ROWS = statement("SELECT count(*) AS rows FROM targets")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a run takes place."""

    directory: Path
    hubspot_url: str
    token: str


async def run_product(place: Place, known: Sequence[NewEvent], orders: Sequence[NewEvent]) -> None:
    """The syncer as it is, told of customers and products first, which is not measured."""
    async with (
        opened(f"sqlite+aiosqlite:///{place.directory / 'ledger.db'}") as ledger,
        SqliteLog.open(place.directory / "log.db") as log,
        client(30.0, httpx.AsyncHTTPTransport()) as http,
    ):
        await migrate(ledger)
        stopping = asyncio.Event()
        around = _surroundings(ledger, log, http, place)
        await _append(log, known)
        syncing = asyncio.create_task(serve(around, stopping))
        await _settled(ledger, log, syncing)
        before = await _rows(ledger)
        await _append(log, orders)
        collect_seldom()
        started, cpu = time.perf_counter(), time.process_time()
        await _settled(ledger, log, syncing)
        seconds, used = time.perf_counter() - started, time.process_time() - cpu
        records = await _rows(ledger) - before
        stopping.set()
        await syncing
    _say(records, seconds, used)


def _surroundings(
    ledger: Ledger, log: SqliteLog, http: httpx.AsyncClient, place: Place
) -> Surroundings:
    vault = Vault(("a key of more than sixteen characters",))
    governor = Governor(LedgerQuota(ledger, ACCOUNT))
    return Surroundings(
        ledger=ledger,
        log=log,
        vault=vault,
        connections=Connections(
            ledger, vault, http, instance="bench", now=lambda: datetime.now(UTC)
        ),
        hubspot=HubSpot(
            http, lambda: place.token, observe=governor.observe, base_url=place.hubspot_url
        ),
        governor=governor,
        instance="bench",
        abandoned_after=timedelta(minutes=15),
    )


async def _append(log: SqliteLog, events: Sequence[NewEvent]) -> None:
    for start in range(0, len(events), _APPENDED_AT_ONCE):
        await log.append(events[start : start + _APPENDED_AT_ONCE])


async def _settled(ledger: Ledger, log: SqliteLog, syncing: asyncio.Task[None]) -> None:
    """Returns when nothing is left to do; what it costs to ask is part of the figures."""
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        if syncing.done():
            syncing.result()
        lag = await log.lag(GROUP)
        if not lag or any(each.events for each in lag.values()):
            continue
        async with ledger.transaction() as tx:
            if not (await tx.run(_OPEN))[0].open:
                return


async def _rows(ledger: Ledger) -> int:
    async with ledger.transaction() as tx:
        return int((await tx.run(_ROWS))[0].rows)


def _say(records: int, seconds: float, cpu_seconds: float) -> None:
    said = {
        "records": records,
        "records_per_second": round(records / seconds, 1),
        "cpu_us_per_record": round(cpu_seconds / records * 1e6, 1),
    }
    sys.stdout.write(orjson.dumps(said).decode() + "\n")


async def _floor(place: Place, _: Sequence[NewEvent], orders: Sequence[NewEvent]) -> None:
    async with (
        SqliteLog.open(place.directory / "log.db") as log,
        httpx.AsyncClient(timeout=30, base_url=place.hubspot_url) as http,
    ):
        http.headers["Authorization"] = f"Bearer {place.token}"
        await _append(log, orders)
        started, cpu = time.perf_counter(), time.process_time()
        with table_in(place.directory / "floor.db") as keep:
            records = await run_floor(log, http, keep, len(orders))
        _say(records, time.perf_counter() - started, time.process_time() - cpu)


RUNS: dict[str, Callable[..., Awaitable[None]]] = {"product": run_product, "floor": _floor}


def _events_in(path: Path) -> tuple[list[NewEvent], list[NewEvent]]:
    with path.open("rb") as file:
        parts = [
            [
                NewEvent(topic=topic, key=key, value=value.encode(), headers=headers)
                for topic, key, value, headers in orjson.loads(line)
            ]
            for line in file
        ]
    return parts[0], parts[1]


if __name__ == "__main__":
    name, directory, events, url, token = sys.argv[1:]
    here = Place(directory=Path(directory), hubspot_url=url, token=token)
    uvloop.run(RUNS[name](here, *_events_in(Path(events))))  # type: ignore[arg-type]  # coroutines
