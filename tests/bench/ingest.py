"""Deliveries a second, beside a bare callable doing the same.

``python -m tests.bench ingest kafka-ingest``: orders of 10 KB, 64 connections, each server in a
process of its own over a fresh log. ``wrk`` drives where it is installed, else a client in Python,
which needs a good part of the second core and says so in the figures.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import asdict, dataclass, replace
from itertools import cycle
from pathlib import Path

from tests.bench.engines import Place, embedded, fresh_log
from tests.bench.processes import ended
from tests.support.deliveries import request_bytes, signed_headers
from tests.support.kafka.broker import kafka_broker

CONNECTIONS = 64
SECONDS = 4
WARM_UP_SECONDS = 1
BODY_BYTES = 10_240
SERVERS = ("product", "floor")
# As different orders, which belong to different partitions.
ORDERS = 48
Placed = Callable[[], AbstractAsyncContextManager[Place]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One run. Of figures on a busy machine, believe the server's CPU a request first."""

    requests: int  # answered, with whatever
    requests_per_second: float  # acknowledged
    p99_ms: float
    failed: int
    generator: str
    cpu_us_per_request: float = 0.0


@dataclass(slots=True, kw_only=True)
class Server:
    """A running server; what it cost is known once it has ended."""

    port: int
    pid: int
    cpu_seconds: float = 0.0


def order_body(number: int = 0) -> bytes:
    """An order of 10 KB, in the proportions of a real one: an id, and many small line items."""
    line = {"id": 466157049, "title": "Draft 151 cm", "quantity": 1, "price": "199.00", "tax": []}
    order = {
        "id": 820982911946154508 + number,
        "updated_at": "2026-11-23T13:00:27-05:00",
        "note": "",
    }
    lines: list[dict[str, object]] = []
    while len(json.dumps(order | {"line_items": [*lines, line]})) < BODY_BYTES:
        lines.append(line)
    padding = BODY_BYTES - len(json.dumps(order | {"line_items": lines}))
    return json.dumps(order | {"line_items": lines, "note": "x" * padding}).encode()


async def compare(pairs: int, seconds: int = SECONDS) -> list[dict[str, dict[str, object]]]:
    """On the embedded log: ``pairs`` runs of product and floor, which comes first in turn."""
    return await _compared(_file, pairs, seconds)


async def compare_on_kafka(
    pairs: int, seconds: int = SECONDS
) -> list[dict[str, dict[str, object]]]:
    """The same on one real broker, all on the same topics, which do not slow as they grow."""
    async with kafka_broker() as broker, fresh_log(broker) as place:
        # A broker that has only just started is slow for a while, whoever comes first.
        await measured("floor", place, seconds)
        return await _compared(lambda: nullcontext(place), pairs, seconds)


async def _compared(placed: Placed, pairs: int, seconds: int) -> list[dict[str, dict[str, object]]]:
    found = []
    for number in range(pairs):
        figures = {}
        for name in SERVERS if number % 2 else SERVERS[::-1]:
            async with placed() as place:
                figures[name] = asdict(await measured(name, place, seconds))
        found.append({name: figures[name] for name in SERVERS})
    return found


@asynccontextmanager
async def _file() -> AsyncIterator[Place]:
    with tempfile.TemporaryDirectory(prefix="shopsync-bench-") as directory:
        yield embedded(Path(directory))


async def measured(name: str, place: Place, seconds: int) -> Figures:
    """One run of one server, after a short one that counts for its CPU only."""
    async with serving(name, place) as server:
        warm_up = await driven(server.port, WARM_UP_SECONDS)
        figures = await driven(server.port, seconds)
    cpu_us = server.cpu_seconds / (warm_up.requests + figures.requests) * 1e6
    return replace(figures, cpu_us_per_request=round(cpu_us, 1))


async def driven(port: int, seconds: int) -> Figures:
    """As much as is taken, by the better of the two generators."""
    drive = with_wrk if shutil.which("wrk") else with_python
    return await drive(port, seconds)


@asynccontextmanager
async def serving(name: str, place: Place) -> AsyncIterator[Server]:
    """A server in its own process, over a log that nobody else uses."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.ingest_servers", name, place.log_url, place.prefix),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin
    assert process.stdout
    try:
        server = Server(port=int(await process.stdout.readline()), pid=process.pid)
        yield server
        process.stdin.close()
        server.cpu_seconds = float(await process.stdout.readline())
        await process.wait()
    finally:
        await ended(process)


async def with_wrk(port: int, seconds: int) -> Figures:
    """By wrk, with one thread."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(wrk_script())
        script.flush()
        process = await asyncio.create_subprocess_exec(
            *("wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", script.name),
            f"http://127.0.0.1:{port}/webhooks/shopify",
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await process.communicate()
    found = re.search(rb"^figures (\{.*\})$", output, re.MULTILINE)
    assert found, output
    told = json.loads(found[1])
    return Figures(
        requests=told["requests"],
        requests_per_second=(told["requests"] - told["failed"]) * 1_000_000 / told["us"],
        p99_ms=told["p99_us"] / 1_000,
        failed=told["failed"],
        generator="wrk",
    )


def wrk_script() -> str:
    """The requests in turn, and a ``done`` that prints what we want to know."""
    orders = ",\n".join(
        f"{{[==[{body.decode()}]==], {{{_in_lua(signed_headers(body))}}}}}"
        for body in map(order_body, range(ORDERS))
    )
    return f"""
local orders = {{{orders}}}
local requests = {{}}
local number = 0
init = function(args)
  for at, order in ipairs(orders) do
    requests[at] = wrk.format("POST", "/webhooks/shopify", order[2], order[1])
  end
end
request = function()
  number = number % #requests + 1
  return requests[number]
end
done = function(summary, latency, requests)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format('figures {{"requests": %d, "us": %d, "p99_us": %d, "failed": %d}}\\n',
    summary.requests, summary.duration, latency:percentile(99), failed))
end
"""


def _in_lua(headers: Mapping[str, str]) -> str:
    return ", ".join(f'["{name}"] = "{value}"' for name, value in headers.items())


async def with_python(port: int, seconds: int) -> Figures:
    """By as many coroutines as there are connections, each waiting for its answer."""
    took: list[float] = []
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    requests = cycle([request_bytes(order_body(number)) for number in range(ORDERS)])
    failed = 0

    async def one_connection() -> None:
        nonlocal failed
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (began := loop.time()) < end:
            writer.write(next(requests))
            answer = await reader.readuntil(b"\r\n\r\n")
            failed += not answer.startswith(b"HTTP/1.1 200")
            took.append(loop.time() - began)
        writer.close()

    await asyncio.gather(*(one_connection() for _ in range(CONNECTIONS)))
    took.sort()
    return Figures(
        requests=len(took),
        requests_per_second=(len(took) - failed) / seconds,
        p99_ms=took[len(took) * 99 // 100] * 1_000,
        failed=failed,
        generator="python",
    )
