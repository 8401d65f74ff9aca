"""Syncers in processes of their own on Kafka and PostgreSQL, looked at from outside."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from services.shared.contract.errors import WorldAtFaultError
from services.shared.contract.events import NewEvent
from services.shared.contract.topics import CONSUMED_TOPICS, SYNCER_GROUP
from services.shared.ledger.engine import Ledger, opened, statement
from services.shared.log.kafka.connecting import way_to
from services.shared.log.kafka.log import KafkaLog
from services.shared.log.kafka.offsets import Offsets
from tests.bench.engines import Engines, Place, fresh_place
from tests.bench.processes import Serving, ended, lift_quota, serving
from tests.bench.shop_events import SHOP
from tests.support.postgres import ROOT

LOOK_SECONDS = 0.2
_APPENDED_AT_ONCE = 200
_KEY = "a key for benchmarks, of no use elsewhere"
_OPEN = statement(
    """SELECT (SELECT count(*) FROM sources WHERE status = 'waiting')
      + (SELECT count(*) FROM links WHERE state = 'pending') AS open"""
)
_ROWS = statement("SELECT count(*) AS rows FROM targets")


@dataclass(slots=True, kw_only=True)
class Scene:
    """A place, a HubSpot of its own, and the syncers there are."""

    engines: Engines
    place: Place
    hubspot: Serving
    folder: Path
    log: KafkaLog
    ledger: Ledger
    offsets: Offsets
    syncers: list[Process] = field(default_factory=list)

    async def add(self, count: int = 1, *, calls: int = 0) -> None:
        """Start so many syncers more, each with at most ``calls`` in flight."""
        for _ in range(count):
            self.syncers.append(
                await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", "tests.bench.replica", str(calls)),
                    env={**os.environ, **self._environment()},
                    # Not in the project's folder: a developer's .env must stay out.
                    cwd=self.folder,
                    stdin=PIPE,
                )
            )

    async def stop(self) -> None:
        """End all syncers in good order."""
        await asyncio.gather(*(ended(each) for each in self.syncers))
        self.syncers.clear()

    async def append(self, events: Sequence[NewEvent]) -> None:
        """Put events on the log; again, where a broker that has only just started refuses them."""
        for start in range(0, len(events), _APPENDED_AT_ONCE):
            while True:
                try:
                    await self.log.append(events[start : start + _APPENDED_AT_ONCE])
                    break
                except WorldAtFaultError:
                    await asyncio.sleep(LOOK_SECONDS)

    async def rows(self) -> int:
        """HubSpot rows acknowledged so far."""
        async with self.ledger.transaction() as tx:
            return int((await tx.run(_ROWS))[0].rows)

    async def behind(self) -> int:
        """Events not yet settled."""
        places = await self.offsets.partitions(CONSUMED_TOPICS)
        committed = await self.offsets.committed(SYNCER_GROUP)
        latest = await self.offsets.latest(places)
        return sum(latest[each] - committed.get(each, 0) for each in places)

    async def is_settled(self) -> bool:
        """Whether nothing is left to do."""
        if any(each.returncode is not None for each in self.syncers):
            raise RuntimeError("a syncer ended")
        if await self.behind():
            return False
        async with self.ledger.transaction() as tx:
            return not (await tx.run(_OPEN))[0].open

    async def settled(self) -> list[tuple[float, int]]:
        """Returns when nothing is left to do: when there were how many rows, on the way."""
        seen = [(time.perf_counter(), await self.rows())]
        while not await self.is_settled():
            await asyncio.sleep(LOOK_SECONDS)
            seen.append((time.perf_counter(), await self.rows()))
        return [*seen, (time.perf_counter(), await self.rows())]

    async def tell_hubspot(self, said: dict[str, Any]) -> None:
        """Set faults, switches or the quota."""
        async with httpx.AsyncClient() as http:
            url = f"{self.hubspot.said['hubspot_url']}/_sandbox/faults"
            (await http.put(url, json=said)).raise_for_status()

    def _environment(self) -> dict[str, str]:
        return {
            "PYTHONPATH": str(ROOT),
            "SHOPSYNC_DATA_DIR": str(self.folder),
            "SHOPSYNC_ENCRYPTION_KEY": _KEY,
            "SHOPSYNC_HUBSPOT_TOKEN": self.hubspot.said["hubspot_token"],
            "SHOPSYNC_HUBSPOT_URL": self.hubspot.said["hubspot_url"],
            "SHOPSYNC_STORES": json.dumps([{"shop": SHOP, "admin_token": "of no use"}]),
            # Nobody is there: everything is on the log.
            "SHOPSYNC_SHOPIFY_URL": "http://127.0.0.1:9",
            "SHOPSYNC_LEDGER_URL": self.place.ledger_url,
            "SHOPSYNC_LOG_URL": self.place.log_url,
            "SHOPSYNC_KAFKA_TOPIC_PREFIX": self.place.prefix,
            "SHOPSYNC_LOG_LEVEL": "ERROR",
            "SHOPSYNC_SYNCER_METRICS_PORT": "0",
        }


@asynccontextmanager
async def scene(engines: Engines) -> AsyncIterator[Scene]:
    """An empty one, HubSpot's quota lifted; all of it is gone afterwards."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="shopsync-bench-"))
        place = await stack.enter_async_context(fresh_place(engines))
        hubspot = await stack.enter_async_context(
            serving("sandbox", "hubspot", f"--with-parent={os.getpid()}")
        )
        await lift_quota(hubspot.said["hubspot_url"])
        offsets = Offsets(way_to(place.cluster))
        stack.push_async_callback(offsets.close)
        made = Scene(
            engines=engines,
            place=place,
            hubspot=hubspot,
            folder=Path(folder),
            log=await stack.enter_async_context(KafkaLog.open(place.cluster)),
            ledger=await stack.enter_async_context(opened(place.ledger_url)),
            offsets=offsets,
        )
        stack.push_async_callback(made.stop)
        yield made
