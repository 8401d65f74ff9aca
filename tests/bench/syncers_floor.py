"""The floor of the syncers on Kafka and PostgreSQL: ``syncer_floor`` on those two.

``python -m tests.bench.syncers_floor LOG_URL PREFIX LEDGER_URL HUBSPOT_URL TOKEN COUNT``: takes
``COUNT`` orders to HubSpot, keeping the ids in one table, and prints what it took as JSON.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

import asyncpg
import httpx
import orjson
import uvloop

from services.shared.log.address import address_of
from services.shared.log.opening import opened
from tests.bench.syncer_floor import run_floor


async def main(place: tuple[str, str, str], hubspot: tuple[str, str], count: int) -> None:
    """Take them there, and say what it cost."""
    log_url, prefix, ledger_url = place
    url, token = hubspot
    table = await asyncpg.connect(ledger_url.replace("+asyncpg", ""))
    await table.execute("CREATE TABLE floor (key TEXT PRIMARY KEY, id TEXT)")

    async def keep(rows: Sequence[tuple[str, str]]) -> None:
        keys, ids = zip(*rows, strict=True)
        await table.execute(
            "INSERT INTO floor SELECT * FROM unnest($1::text[], $2::text[])", keys, ids
        )

    async with (
        opened(address_of(log_url, prefix=prefix)) as log,
        httpx.AsyncClient(timeout=30, base_url=url) as http,
    ):
        http.headers["Authorization"] = f"Bearer {token}"
        started, cpu = time.perf_counter(), time.process_time()
        records = await run_floor(log, http, keep, count)
        seconds, used = time.perf_counter() - started, time.process_time() - cpu
    await table.close()
    told = {"records": records, "seconds": round(seconds, 2), "cpu_seconds": round(used, 3)}
    sys.stdout.write(orjson.dumps(told).decode() + "\n")


if __name__ == "__main__":
    given = sys.argv[1:]
    uvloop.run(main((given[0], given[1], given[2]), (given[3], given[4]), int(given[5])))
