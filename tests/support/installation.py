"""The product as operators run it: processes of their own, beside simulators of their own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from services.shared.contract.errors import WorldAtFaultError
from services.shared.contract.topics import CONSUMED_TOPICS
from services.shared.ledger.engine import opened, statement
from services.shared.log.address import SqliteFile
from services.shared.log.opening import opened as opened_log
from services.shared.runtime.serving import listening_socket
from tests.support.postgres import ROOT
from tests.support.verdicts import judged

ABANDONED_AFTER = 5.0
_RETRIES_SECONDS = 90.0
_WAITING = statement(
    """SELECT (SELECT count(*) FROM sources WHERE status = 'waiting') AS waiting,
      (SELECT count(*) FROM links WHERE state <> 'done') AS links,
      (SELECT count(*) FROM sources) AS sources,
      (SELECT count(*) FROM (SELECT DISTINCT shop, kind FROM windows
        WHERE state = 'complete') AS scanned) AS scanned"""
)


@dataclass(slots=True, kw_only=True)
class Installation:
    """A data folder, simulators, and the processes that run on them."""

    folder: Path
    shopify_url: str
    hubspot_url: str
    env: dict[str, str]
    scans: int
    _running: list[Process] = field(default_factory=list)

    async def start(self, *arguments: str, **env: str) -> Process:
        """Run ``shopsync`` with these arguments."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services.cli", *arguments), env={**self.env, **env}, cwd=ROOT
        )
        self._running.append(process)
        return process

    async def run(self, *arguments: str, **env: str) -> tuple[int, str]:
        """Run ``shopsync`` to its end: its exit code and all that it said."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services.cli", *arguments),
            env={**self.env, **env},
            cwd=ROOT,
            stdout=PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        return process.returncode or 0, said.decode()

    async def stop(self) -> None:
        """End what still runs, as a service manager does."""
        for each in self._running:
            if each.returncode is None:
                each.send_signal(signal.SIGTERM)
            await each.wait()
        self._running.clear()

    async def calm(self, ledger_url: str) -> None:
        """Return once every store is scanned and nothing is left to do."""
        calm = 0
        while calm < 3:
            assert self._running[-1].returncode is None, "the product has ended"
            await asyncio.sleep(0.5)
            try:
                calm = calm + 1 if await self._is_calm(ledger_url) else 0
            except WorldAtFaultError:
                calm = 0  # not made yet

    async def _is_calm(self, ledger_url: str) -> bool:
        async with opened(ledger_url) as ledger, ledger.transaction() as tx:
            row = (await tx.run(_WAITING))[0]
        async with opened_log(SqliteFile(path=self.folder / "log.sqlite")) as log:
            lag = await log.lag("syncer")
        behind = sum(each.events for at, each in lag.items() if at.topic in CONSUMED_TOPICS)
        return row.scanned >= self.scans and not (behind or row.waiting or row.links)

    async def trickle(self, rate: float) -> None:
        """Let so many changes a second happen in the stores; returns at once."""
        await self.post("trickle", {"rate": rate})

    async def stop_trickling(self) -> None:
        """Let nothing change any more; what is open then has become an abandoned checkout."""
        await self.trickle(0.0)
        await asyncio.sleep(ABANDONED_AFTER + 1)

    async def post(self, what: str, body: Mapping[str, Any]) -> None:
        """Tell the Shopify simulator."""
        async with httpx.AsyncClient() as http:
            answer = await http.post(f"{self.shopify_url}/_sandbox/{what}", json=body)
            answer.raise_for_status()

    async def faults(self, faults: Mapping[str, float]) -> None:
        """Set how deliveries suffer."""
        async with httpx.AsyncClient() as http:
            url = f"{self.shopify_url}/_sandbox/faults"
            (await http.put(url, json={"delivery": faults})).raise_for_status()

    async def last_differences(self, ledger_url: str) -> list[Any]:
        """The differences left once every delivery that may still come again has come."""
        deadline = asyncio.get_running_loop().time() + _RETRIES_SECONDS
        while True:
            await self.calm(ledger_url)
            left = await self.differences()
            if not left or asyncio.get_running_loop().time() > deadline:
                return left

    async def differences(self) -> list[Any]:
        """What the judge says HubSpot must show and does not, or shows and must not."""
        found = await judged(self.shopify_url, self.hubspot_url, abandoned_after=ABANDONED_AFTER)
        assert found.counts["orders"] > 0
        return found.differences


@asynccontextmanager
async def installed(folder: Path) -> AsyncIterator[Installation]:
    """Simulators with seeded stores, and everything set for the product to run beside them."""
    simulators = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sandbox"), stdout=PIPE, stdin=DEVNULL, cwd=ROOT
    )
    assert simulators.stdout is not None
    sandbox = json.loads(await simulators.stdout.readline())
    installation = Installation(
        folder=folder,
        shopify_url=sandbox["shopify_url"],
        hubspot_url=sandbox["hubspot_url"],
        env=environment_for(folder, sandbox),
        scans=len(sandbox["stores"]) * 4,
    )
    try:
        yield installation
    finally:
        await installation.stop()
        simulators.terminate()
        await simulators.wait()


def environment_for(folder: Path, sandbox: Mapping[str, Any]) -> dict[str, str]:
    """The settings of processes that keep their data in ``folder`` and know these simulators."""
    with listening_socket("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("SHOPSYNC_")},
        "SHOPSYNC_DATA_DIR": str(folder),
        "SHOPSYNC_ENCRYPTION_KEY": "a passphrase for this installation",
        "SHOPSYNC_HUBSPOT_TOKEN": sandbox["hubspot_token"],
        "SHOPSYNC_HUBSPOT_URL": sandbox["hubspot_url"],
        "SHOPSYNC_SHOPIFY_URL": sandbox["shopify_url"],
        "SHOPSYNC_STORES": json.dumps(sandbox["stores"]),
        "SHOPSYNC_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "SHOPSYNC_INGEST_PORT": str(port),
        "SHOPSYNC_INGEST_METRICS_PORT": "0",
        "SHOPSYNC_SYNCER_METRICS_PORT": "0",
        "SHOPSYNC_RECONCILER_METRICS_PORT": "0",
        "SHOPSYNC_ABANDONED_AFTER": str(ABANDONED_AFTER),
        "SHOPSYNC_SCAN_EVERY": "5",
        "SHOPSYNC_LOG_LEVEL": "WARNING",
        "SHOPSYNC_YES": "true",
    }
