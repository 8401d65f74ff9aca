"""What a record leaves in the ledger and on the log, and what it asks of PostgreSQL.

``python -m tests.bench ledger``: orders through one syncer, with every statement written down by
the server. What is counted is what those orders added, customers and products apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from services.shared.ledger.schema import metadata
from tests.bench.engines import Engines, Place, running_engines
from tests.bench.replicas import Scene, scene
from tests.bench.syncers import Run, begun, work
from tests.support.postgres_guardian import LOG

ORDERS = 1_000
_TOPIC = "shopify.orders"
# How the server writes down what it was asked, by the simple and by the extended protocol.
_SIMPLE, _EXTENDED = b"LOG:  statement: ", b"LOG:  execute "
_COMMIT = _SIMPLE + b"COMMIT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Rows and bytes by table, indexes included."""

    rows: Mapping[str, int]
    size: Mapping[str, int]


async def measure(orders: int = ORDERS) -> dict[str, Any]:
    """By order and by record."""
    given = work(orders)
    async with running_engines() as engines, scene(engines) as here:
        await begun(here, Run(syncers=1), given)
        before, rows = await _held(here.place), await here.rows()
        asked = await _written_down(here)
        for each in given.orders:
            # One at a time: a round of many orders of one shop would be compressed far better.
            await here.append([each])
        await here.settled()
        statements, commits = _asked(asked)
        connections = await _connections(here.place)
        after, records = await _held(here.place), await here.rows() - rows
        size = _log_bytes(engines, here.place)
    return {
        "orders": orders,
        "records": records,
        "records_per_order": round(records / orders, 2),
        "statements_per_record": round(statements / records, 3),
        "transactions_per_record": round(commits / records, 3),
        "connections_per_syncer": connections,
        "body_bytes": round(sum(len(each.value) for each in given.orders) / orders),
        "log_bytes_per_event": round(size / orders),
        "rows_per_order": _difference(before.rows, after.rows, orders),
        "bytes_per_order": _difference(before.size, after.size, orders),
    }


def _difference(before: Mapping[str, int], after: Mapping[str, int], by: int) -> dict[str, float]:
    found = {name: round((after[name] - before[name]) / by, 2) for name in after}
    return {name: each for name, each in sorted(found.items()) if each > 0}


async def _held(place: Place) -> Held:
    connection = await _connected(place)
    try:
        # Without what dead rows take, as it is where autovacuum has been.
        await connection.execute("VACUUM (FULL, ANALYZE)")
        names = [table.name for table in metadata.sorted_tables]
        rows = {name: await connection.fetchval(f"SELECT count(*) FROM {name}") for name in names}
        size = {
            name: await connection.fetchval(f"SELECT pg_total_relation_size('{name}')")
            for name in names
        }
    finally:
        await connection.close()
    return Held(rows=rows, size=size)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    log: Path
    begin: int


async def _written_down(here: Scene) -> _Written:
    """From now on the server writes down every statement of new connections."""
    connection = await _connected(here.place)
    try:
        data = Path(await connection.fetchval("SHOW data_directory"))
        name = await connection.fetchval("SELECT current_database()")
        await connection.execute(f"ALTER DATABASE \"{name}\" SET log_statement = 'all'")
        # Connections that are there have what they were opened with; the pools open new ones.
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    finally:
        await connection.close()
    log = data.parent / LOG
    return _Written(log=log, begin=log.stat().st_size)


def _asked(asked: _Written) -> tuple[int, int]:
    """Statements and transactions since."""
    said = asked.log.read_bytes()[asked.begin :]
    return said.count(_SIMPLE) + said.count(_EXTENDED), said.count(_COMMIT)


async def _connections(place: Place) -> int:
    """How many the syncer has open; ours are the one that asks and that of the scene."""
    connection = await _connected(place)
    try:
        found = await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        )
    finally:
        await connection.close()
    return int(found) - 2


def _log_bytes(engines: Engines, place: Place) -> int:
    """What the orders take on the broker's disk, as they were compressed."""
    folders = f"**/{place.prefix}{_TOPIC}-*/*.log"
    return sum(each.stat().st_size for each in engines.broker.folder.glob(folders))


async def _connected(place: Place) -> Any:
    return await asyncpg.connect(place.ledger_url.replace("+asyncpg", ""))
