"""Twice as many deliveries as can be taken, by the clock, onto each log.

``python -m tests.bench burst``: what ingest takes is measured first, with the closed loop of
``ingest``. Then come bursts at twice that rate, each followed by deliveries at half of it, all on
one server. What was answered 200 must be on the log, what is refused must be refused at once, and
memory must not grow from one burst to the next.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from services.shared.log.opening import opened
from tests.bench.engines import Place, embedded, fresh_log
from tests.bench.ingest import Server, driven, serving
from tests.bench.ingest_servers import TOPIC
from tests.bench.processes import told_by
from tests.bench.seen import resident_mib
from tests.support.kafka.broker import kafka_broker

SECONDS = 5
BURSTS = 3
_AFTER_SECONDS = 5
_TIMES = 2.0
_AFTER_SHARE = 0.5
_LEAST = 50.0
_LOOK_SECONDS = 0.1
# Of one burst's deliveries; more than any can send.
_NUMBERS = 10**7


async def measure(seconds: int = SECONDS, bursts: int = BURSTS) -> dict[str, Any]:
    """Both logs, one after the other."""
    found = {}
    async with kafka_broker() as broker, fresh_log(broker) as place:
        found["kafka"] = await on(place, seconds, bursts)
    with tempfile.TemporaryDirectory(prefix="shopsync-bench-") as directory:
        found["embedded"] = await on(embedded(Path(directory)), seconds, bursts)
    return found


async def on(place: Place, seconds: int, bursts: int) -> dict[str, Any]:
    """One server on one log, so many bursts."""
    async with serving("product", place) as server:
        # What has only just started is slow for a while, the broker most of all.
        await driven(server.port, seconds)
        accepted = (await driven(server.port, seconds)).requests_per_second
        # On a machine too busy to accept anything there must still be something to send.
        sustainable = max(accepted, _LEAST)
        before = resident_mib(server.pid)
        rates = (sustainable * _TIMES, seconds, sustainable * _AFTER_SHARE, _AFTER_SECONDS)
        seen = [await _burst(server, place, number, rates) for number in range(bursts)]
        after = resident_mib(server.pid)
    return {
        "sustainable_per_second": round(sustainable),
        "rss_before_mib": before,
        "rss_after_mib": after,
        "rss_most_mib": max(each["rss_most_mib"] for each in seen),
        "rss_growth_mib": round(seen[-1]["rss_most_mib"] - seen[0]["rss_most_mib"], 1),
        "bursts": seen,
    }


async def _burst(
    server: Server, place: Place, number: int, rates: tuple[float, ...]
) -> dict[str, Any]:
    began = datetime.now(UTC) - timedelta(seconds=1)
    first = number * _NUMBERS
    with tempfile.NamedTemporaryFile("r") as file:
        async with _watched(server.pid) as memory:
            told: dict[str, Any] = await told_by(
                *("tests.bench.open_loop", str(server.port), file.name, str(first)),
                *map(str, rates),
            )
        accepted = {int(line) for line in file}
    on_log = {each for each in await _on_log(place, began) if each >= first}
    return told | {
        "rss_most_mib": max(memory),
        "accepted": len(accepted),
        "accepted_not_on_log": len(accepted - on_log),
        "on_log_not_accepted": len(on_log - accepted),
    }


@asynccontextmanager
async def _watched(pid: int) -> AsyncIterator[list[float]]:
    """Its resident memory again and again."""
    seen = [resident_mib(pid)]

    async def watch() -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            seen.append(resident_mib(pid))

    task = asyncio.create_task(watch())
    try:
        yield seen
    finally:
        task.cancel()


async def _on_log(place: Place, since: datetime) -> set[int]:
    """The numbers of the deliveries that were appended since; a closed loop's have none."""
    found = set()
    until = datetime.now(UTC) + timedelta(seconds=1)
    async with opened(place.log) as log:
        async for event in log.between(TOPIC, since, until):
            number = event.headers["webhook-id"].rpartition("-")[2]
            if number.isdecimal():
                found.add(int(number))
    return found
