"""An ingest that is started on a full disk, which is one where no file may grow."""

from __future__ import annotations

import asyncio
import resource
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest

from services.shared.log.sqlite import SqliteLog
from services.shared.runtime.serving import listening_socket
from tests.support.deliveries import signed_headers
from tests.support.environment import environment
from tests.support.postgres import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits another process's files")

BODY = b'{"id": 5001}'
FULL = ("sh", "-c", 'ulimit -S -f 0; exec "$@"', "sh")


@asynccontextmanager
async def started(folder: Path, *, on: tuple[str, ...] = ()) -> AsyncIterator[tuple[Process, str]]:
    """An ingest that answers, and where."""
    with listening_socket("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        *(*on, sys.executable, "-m", "services.cli", "ingest"),
        env=environment(folder, port),
        cwd=ROOT,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        await answered(f"{url}/readyz", 503 if on else 200)
        yield process, url
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def answered(url: str, status: int, body: bytes | None = None) -> httpx.Response:
    """The first answer of that status, to a delivery if there is a body."""
    async with asyncio.timeout(60), httpx.AsyncClient() as http:
        while True:
            with suppress(httpx.TransportError):
                answer = await (
                    http.get(url)
                    if body is None
                    else http.post(url, content=body, headers=signed_headers(body))
                )
                if answer.status_code == status:
                    return answer
            await asyncio.sleep(0.1)


async def test_started_on_a_full_disk_it_refuses_with_the_reason_until_there_is_room(
    tmp_path: Path,
) -> None:
    async with started(tmp_path):
        pass  # it knows its store from now on
    async with started(tmp_path, on=FULL) as (process, url):
        refused = await answered(f"{url}/webhooks/shopify", 503, BODY)
        readiness = await answered(f"{url}/readyz", 503)
        _, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, hard))
        await answered(f"{url}/webhooks/shopify", 200, BODY)
        await answered(f"{url}/readyz", 200)

    async with SqliteLog.open(tmp_path / "log.sqlite") as log:
        lag = await log.lag("syncer")
    assert int(refused.headers["retry-after"]) >= 1
    assert readiness.json()["reason"] in {"log_disk_full", "log_disk_failed", "log_cannot_open"}
    assert sum(each.events for each in lag.values()) >= 1
