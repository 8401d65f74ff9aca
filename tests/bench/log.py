"""Appends a second to the embedded log, beside the least that could do the same.

``python -m tests.bench.log [PAIRS] [DIRECTORY]``: 64 tasks append 10 KB each, one at a time; the
floor is one thread committing what has gathered, with ``synchronous=FULL``, and nothing else. The
directory should be on the disk the log will be on.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from services.shared.contract.events import NewEvent
from services.shared.log.sqlite import SqliteLog

TASKS = 64
EVENTS = 12_800
BODY = os.urandom(5_000).hex().encode()
HEADERS = {
    "format": "1",
    "shop": "acme.myshopify.com",
    "origin": "webhook",
    "change": "state",
    "shopify-topic": "orders/updated",
    "shopify-api-version": "2026-10",
    "webhook-id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
    "event-id": "98880550-7158-44d4-b7cd-2c97c8a091b5",
    "triggered-at": "2026-11-24T10:00:00.000000000Z",
}
Append = Callable[[NewEvent], Awaitable[None]]
Opened = Callable[[Path], AbstractAsyncContextManager[Append]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One run."""

    appends_per_second: float
    cpu_us_per_append: float
    p99_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The log and its floor, run one after the other."""

    product: Figures
    floor: Figures


@asynccontextmanager
async def product(path: Path) -> AsyncIterator[Append]:
    """The log as it is."""
    async with SqliteLog.open(path) as log:
        yield lambda event: log.append([event])


@asynccontextmanager
async def floor(path: Path) -> AsyncIterator[Append]:
    """A table, a thread, and a list of who waits."""
    file = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for statement in (
        "PRAGMA page_size = 8192",
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        "CREATE TABLE events (id INTEGER PRIMARY KEY, key TEXT, headers BLOB, value BLOB)",
    ):
        file.execute(statement)
    with ThreadPoolExecutor(max_workers=1) as thread:
        yield _gathering(file, thread)
        thread.submit(file.close)


def _gathering(file: sqlite3.Connection, thread: ThreadPoolExecutor) -> Append:
    loop = asyncio.get_running_loop()
    waiting: list[tuple[tuple[str, bytes, bytes], asyncio.Future[None]]] = []
    working: list[asyncio.Task[None]] = []

    def write(rows: Sequence[tuple[str, bytes, bytes]]) -> None:
        file.execute("BEGIN IMMEDIATE")
        file.executemany("INSERT INTO events (key, headers, value) VALUES (?, ?, ?)", rows)
        file.execute("COMMIT")

    async def work() -> None:
        while waiting:
            group = waiting[:]
            waiting.clear()
            await loop.run_in_executor(thread, write, [row for row, _ in group])
            for _, future in group:
                future.set_result(None)
        working.clear()

    async def append(event: NewEvent) -> None:
        future = loop.create_future()
        waiting.append(((event.key, json.dumps(dict(event.headers)).encode(), event.value), future))
        if not working:
            working.append(asyncio.create_task(work()))
        await future

    return append


async def measure(opened: Opened, path: Path, events: int) -> Figures:
    """``events`` appends by ``TASKS`` tasks, each waiting for its acknowledgement."""
    delays: list[float] = []
    async with opened(path) as append:
        started, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(_append_in_turn(append, keys, delays) for keys in _keys(events)))
        elapsed, used = time.perf_counter() - started, time.process_time() - cpu
    return Figures(
        appends_per_second=round(len(delays) / elapsed, 1),
        cpu_us_per_append=round(used / len(delays) * 1e6, 1),
        p99_ms=round(statistics.quantiles(delays, n=100)[98] * 1e3, 2),
    )


def _keys(events: int) -> list[range]:
    """The numbers of each task's events."""
    each = max(events // TASKS, 2)  # two, so that there are quantiles
    return [range(task * each, (task + 1) * each) for task in range(TASKS)]


async def _append_in_turn(append: Append, numbers: range, delays: list[float]) -> None:
    for number in numbers:
        key = f"acme.myshopify.com/orders/{number}"
        started = time.perf_counter()
        await append(NewEvent(topic="shopify.orders", key=key, value=BODY, headers=HEADERS))
        delays.append(time.perf_counter() - started)


async def compare(pairs: int, directory: Path | None = None, *, events: int = EVENTS) -> list[Pair]:
    """Interleaved runs of both, each on a new file; which goes first alternates."""
    found: list[Pair] = []
    for number in range(pairs):
        figures: dict[Opened, Figures] = {}
        for opened in (product, floor)[:: 1 if number % 2 else -1]:
            with tempfile.TemporaryDirectory(dir=directory) as place:
                figures[opened] = await measure(opened, Path(place) / "log.db", events)
        found.append(Pair(product=figures[product], floor=figures[floor]))
    return found


def report(pairs: Sequence[Pair]) -> dict[str, object]:
    """All pairs, the median of their quotients, and the peak of resident memory in MiB."""
    return {
        "tasks": TASKS,
        "body_bytes": len(BODY),
        "pairs": [asdict(pair) for pair in pairs],
        "median_of_floor": round(
            statistics.median(
                pair.product.appends_per_second / pair.floor.appends_per_second for pair in pairs
            ),
            3,
        ),
        "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def _main() -> None:
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    directory = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    sys.stdout.write(json.dumps(report(asyncio.run(compare(pairs, directory))), indent=2) + "\n")


if __name__ == "__main__":
    _main()
