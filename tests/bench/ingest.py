"""Deliveries a second with the embedded log, beside a bare callable doing the same.

``python -m tests.bench.ingest [PAIRS] [SECONDS]``: an order of 10 KB, 64 connections, each server
in a process of its own over a fresh log. ``wrk`` drives where it is installed, else a client in
Python, which needs a good part of the second core and says so in the figures.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace

from tests.support.deliveries import request_bytes, signed_headers

CONNECTIONS = 64
SECONDS = 4
WARM_UP_SECONDS = 1
BODY_BYTES = 10_240
SERVERS = ("product", "floor")


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
    cpu_seconds: float = 0.0


def order_body() -> bytes:
    """An order of 10 KB, in the proportions of a real one: an id, and many small line items."""
    line = {"id": 466157049, "title": "Draft 151 cm", "quantity": 1, "price": "199.00", "tax": []}
    order = {"id": 820982911946154508, "updated_at": "2026-11-23T13:00:27-05:00", "note": ""}
    lines: list[dict[str, object]] = []
    while len(json.dumps(order | {"line_items": [*lines, line]})) < BODY_BYTES:
        lines.append(line)
    padding = BODY_BYTES - len(json.dumps(order | {"line_items": lines}))
    return json.dumps(order | {"line_items": lines, "note": "x" * padding}).encode()


async def compare(pairs: int, seconds: int = SECONDS) -> list[dict[str, dict[str, object]]]:
    """``pairs`` runs of product and floor, one after the other, which comes first in turn."""
    found = []
    for number in range(pairs):
        order = SERVERS if number % 2 else SERVERS[::-1]
        figures = {name: asdict(await measured(name, seconds)) for name in order}
        found.append({name: figures[name] for name in SERVERS})
    return found


async def measured(name: str, seconds: int) -> Figures:
    """One run of one server, after a short one that counts for its CPU only."""
    drive = with_wrk if shutil.which("wrk") else with_python
    async with serving(name) as server:
        warm_up = await drive(server.port, WARM_UP_SECONDS)
        figures = await drive(server.port, seconds)
    cpu_us = server.cpu_seconds / (warm_up.requests + figures.requests) * 1e6
    return replace(figures, cpu_us_per_request=round(cpu_us, 1))


@asynccontextmanager
async def serving(name: str) -> AsyncIterator[Server]:
    """A server in its own process, over a log in its own directory."""
    with tempfile.TemporaryDirectory(prefix="shopsync-bench-") as directory:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.bench.ingest_servers", name, directory),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdin
        assert process.stdout
        server = Server(port=int(await process.stdout.readline()))
        yield server
        process.stdin.close()
        server.cpu_seconds = float(await process.stdout.readline())
        await process.wait()


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
    """The request, and a ``done`` that prints what we want to know."""
    body = order_body()
    headers = "\n".join(
        f'wrk.headers["{name}"] = "{value}"' for name, value in signed_headers(body).items()
    )
    return f"""
wrk.method = "POST"
wrk.body = [==[{body.decode()}]==]
{headers}
done = function(summary, latency, requests)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format('figures {{"requests": %d, "us": %d, "p99_us": %d, "failed": %d}}\\n',
    summary.requests, summary.duration, latency:percentile(99), failed))
end
"""


async def with_python(port: int, seconds: int) -> Figures:
    """By as many coroutines as there are connections, each waiting for its answer."""
    took: list[float] = []
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    request = request_bytes(order_body())
    failed = 0

    async def one_connection() -> None:
        nonlocal failed
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (began := loop.time()) < end:
            writer.write(request)
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


if __name__ == "__main__":
    given = [int(each) for each in sys.argv[1:]]
    json.dump(asyncio.run(compare(*(given or [3]))), sys.stdout, indent=1)
