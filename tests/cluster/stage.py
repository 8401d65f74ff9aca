"""Real servers, simulators, and the product's processes between them, all on the loopback."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from services.cli.places import Places
from services.shared.contract.topics import ObjectType
from tests.support.fleet import Fleet
from tests.support.installation import environment_for
from tests.support.kafka.broker import Broker, free_ports, kafka_broker
from tests.support.postgres import ROOT, Postgres, started

INGESTS, SYNCERS, RECONCILERS = 2, 3, 2
_METRICS: Mapping[str, str] = {
    "ingest": "SHOPSYNC_INGEST_METRICS_PORT",
    "syncer": "SHOPSYNC_SYNCER_METRICS_PORT",
    "reconciler": "SHOPSYNC_RECONCILER_METRICS_PORT",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Everything that runs. ``places`` are log and ledger; ``scans`` those a first sync takes."""

    broker: Broker
    postgres: Postgres
    fleet: Fleet
    places: Places
    shopify_url: str
    hubspot_url: str
    scans: int
    metrics: Mapping[str, str]

    async def trickle(self, rate: float) -> None:
        """Let so many changes a second happen in the stores; returns at once."""
        await self._tell("POST", "trickle", {"rate": rate})

    async def faults(self, faults: Mapping[str, float]) -> None:
        """Set how deliveries suffer."""
        await self._tell("PUT", "faults", {"delivery": faults})

    async def _tell(self, method: str, what: str, body: Mapping[str, Any]) -> None:
        async with httpx.AsyncClient() as http:
            url = f"{self.shopify_url}/_sandbox/{what}"
            (await http.request(method, url, json=body)).raise_for_status()


@asynccontextmanager
async def set_up(folder: Path, seed: int, say: Callable[[str], None]) -> AsyncIterator[Stage]:
    """The whole cluster, its processes started; gone with the context and with this process.

    Raises:
        NoPostgresError: no PostgreSQL is to be had here.
        BrokerFailedError: the broker did not come up.
    """
    async with AsyncExitStack() as stack:
        say("Starting PostgreSQL …")
        postgres = await asyncio.to_thread(started)
        stack.callback(postgres.close)
        say("Starting Kafka …")
        broker = await stack.enter_async_context(kafka_broker())
        say("Starting the simulators of Shopify and HubSpot …")
        sandbox = await stack.enter_async_context(_sandbox(seed))
        env = environment_for(folder, sandbox) | {
            "SHOPSYNC_LOG_URL": broker.url,
            "SHOPSYNC_LEDGER_URL": postgres.database("postgres"),
        }
        fleet = await stack.enter_async_context(Fleet(folder, env))
        say("Making the topics …")
        await fleet.run("topics", "--apply")
        yield Stage(
            broker=broker,
            postgres=postgres,
            fleet=fleet,
            places=Places.model_validate(
                {"ledger_url": env["SHOPSYNC_LEDGER_URL"], "log_url": env["SHOPSYNC_LOG_URL"]}
            ),
            shopify_url=sandbox["shopify_url"],
            hubspot_url=sandbox["hubspot_url"],
            scans=len(sandbox["stores"]) * len(ObjectType),
            metrics=_populate(fleet, folder),
        )


def _populate(fleet: Fleet, folder: Path) -> dict[str, str]:
    """Start every process; where each says its metrics."""
    counts = {"ingest": INGESTS, "syncer": SYNCERS, "reconciler": RECONCILERS}
    names = [(kind, f"{kind}-{n}") for kind, count in counts.items() for n in range(1, count + 1)]
    metrics: dict[str, str] = {}
    for (kind, name), port in zip(names, free_ports(len(names)), strict=True):
        own = {
            _METRICS[kind]: str(port),
            "SHOPSYNC_DATA_DIR": str(folder / name),
            "SHOPSYNC_INGEST_SHARES_PORT": "true",
        }
        fleet.add(name, kind, **own)
        metrics[name] = f"http://127.0.0.1:{port}/metrics"
    return metrics


@asynccontextmanager
async def _sandbox(seed: int) -> AsyncIterator[Mapping[str, Any]]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sandbox"),
        *("--with-parent", str(os.getpid()), "--seed", str(seed)),
        stdin=DEVNULL,
        stdout=PIPE,
        cwd=ROOT,
        start_new_session=True,
    )
    try:
        if process.stdout is None:
            raise RuntimeError("the sandbox has no output")
        yield json.loads(await process.stdout.readline())
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
