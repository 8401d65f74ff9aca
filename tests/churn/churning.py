"""Syncers and a reconciler that join, leave and die while HubSpot counts their calls strictly."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import httpx

from sandbox.hubspot.quota import WINDOW_SECONDS
from services.shared.contract.errors import SyncError
from services.shared.hubspot.pacing import Correction
from services.shared.ledger.engine import opened
from services.shared.ledger.quota import LedgerQuota
from services.shared.ledger.stores import ACCOUNT
from tests.chaos.checking import looked_at
from tests.chaos.plan import Engines
from tests.chaos.stage import Stage, set_up
from tests.chaos.world import World, world_of
from tests.support.kafka.broker import free_ports

_SYNCERS = ("syncer-1", "syncer-2", "syncer-3")
_RECONCILER = "reconciler-1"
_PORTS = {
    "syncer": "SHOPSYNC_SYNCER_METRICS_PORT",
    "reconciler": "SHOPSYNC_RECONCILER_METRICS_PORT",
}
_FIRST_SECONDS = 600.0
_LOOK_SECONDS = 1.0
_EVERY_SECONDS = (1.5, 4.0)
_AWAY_SECONDS = (0.5, 3.0)
# What a syncer makes of a change is a call or two: more of them than the quota has room for.
_CHANGES_PER_CALL = 1.5
_REFUSED = 429

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a run saw. ``busiest`` and ``mean`` are shares of the window that were used.

    ``longest_pause`` is how long, at worst, this process did not get round to answering: HubSpot
    takes calls for later than they were sent by as much.
    """

    seconds: float
    limit: int
    calls: int
    refused: int
    busiest: float
    mean: float
    longest_pause: float
    deeds: dict[str, int]
    deaths: list[str]


@dataclass(slots=True, kw_only=True)
class Churn:
    """Lets members of a fleet come and go; ``deeds`` counts what it did."""

    stage: Stage
    rng: random.Random
    ports: Mapping[str, int]
    deeds: Counter[str] = field(default_factory=Counter)

    def start(self, name: str) -> None:
        """Start one, and keep it running."""
        kind = name.partition("-")[0]
        own = {
            "SHOPSYNC_DATA_DIR": str(self.stage.folder / "data" / name),
            _PORTS[kind]: str(self.ports[name]),
        }
        self.stage.fleet.add(name, kind, **own)

    async def run(self) -> None:
        """Until cancelled: one of those at work goes, after the other."""
        async with httpx.AsyncClient(trust_env=False) as http:
            while True:
                await asyncio.sleep(self.rng.uniform(*_EVERY_SECONDS))
                at_work = [each for each in self.ports if await self._is_at_work(http, each)]
                if not at_work:
                    continue
                deed = self.rng.choice((self._kill, self._kill, self._leave, self._restart))
                await deed(self.rng.choice(at_work))

    async def _is_at_work(self, http: httpx.AsyncClient, name: str) -> bool:
        """Whether it has got so far as to draw calls; one killed before then tells us nothing."""
        with suppress(httpx.HTTPError):
            return (await http.get(f"http://127.0.0.1:{self.ports[name]}/readyz")).is_success
        return False

    async def _kill(self, name: str) -> None:
        """It is back after half a second."""
        self.deeds["killed"] += 1
        self.stage.fleet.members[name].kill()

    async def _restart(self, name: str) -> None:
        self.deeds["restarted"] += 1
        await self.stage.fleet.members[name].restart()

    async def _leave(self, name: str) -> None:
        self.deeds["left and joined"] += 1
        await self.stage.fleet.remove(name)
        await asyncio.sleep(self.rng.uniform(*_AWAY_SECONDS))
        self.start(name)


async def churned(seed: int, seconds: float, limit: int, say: Say) -> Report:
    """Let ``limit`` calls in ten seconds be granted to processes that change all the time."""
    with tempfile.TemporaryDirectory(prefix="shopsync-churn-") as name:
        async with (
            world_of(seed) as world,
            set_up(Engines.KAFKA, Path(name), world, ["ingest-1"]) as stage,
        ):
            say("initial sync …")
            names = (*_SYNCERS, _RECONCILER)
            ports = dict(zip(names, free_ports(len(names)), strict=True))
            churn = Churn(stage=stage, rng=random.Random(f"{seed}/churn"), ports=ports)
            for each in names:
                churn.start(each)
            await _synced(stage)
            await _limited(stage, limit)
            since = world.recording.now()
            say(f"processes come and go for {seconds:g} s …")
            paused = await _under_churn(world, churn, seconds, limit / WINDOW_SECONDS)
            return _reported(world, churn, since, paused)


async def _synced(stage: Stage) -> None:
    since = datetime.now(UTC) - timedelta(minutes=1)
    async with asyncio.timeout(_FIRST_SECONDS):
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            # In the beginning its tables are not made yet.
            with suppress(SyncError, asyncpg.UndefinedTableError):
                found = await looked_at(stage.places, since)
                if found.sources and not found.left:
                    return


async def _limited(stage: Stage, limit: int) -> None:
    """Have the account allow ``limit`` calls, and the ledger know it as if told by an answer."""
    quota = stage.world.hubspot.quota
    # What was called before must not count as too much.
    while any(each.used(time.time()) > limit / 2 for each in quota.bursts.values()):  # noqa: ASYNC110 - time passes by itself
        await asyncio.sleep(_LOOK_SECONDS)
    async with opened(stage.places.ledger) as ledger:
        quota.burst = limit
        await LedgerQuota(ledger, ACCOUNT).correct(Correction(limit=limit))


async def _under_churn(
    world: World, churn: Churn, seconds: float, calls_per_second: float
) -> float:
    """How long our own event loop stood still at worst meanwhile."""
    loop = asyncio.get_running_loop()
    tasks = [
        asyncio.create_task(churn.run()),
        asyncio.create_task(world.change(calls_per_second * _CHANGES_PER_CALL, is_lossy=False)),
    ]
    until, paused = loop.time() + seconds, 0.0
    try:
        while loop.time() < until:
            before = loop.time()
            await asyncio.sleep(0.01)
            paused = max(paused, loop.time() - before - 0.01)
            for each in tasks:
                if each.done():
                    each.result()
    finally:
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return paused


def _reported(world: World, churn: Churn, since: float, paused: float) -> Report:
    calls = [each for each in world.recording.calls if each.at >= since]
    moments = [each.at for each in calls if each.status != _REFUSED]
    seconds = world.recording.now() - since
    limit = world.hubspot.quota.most(oauth=False)
    return Report(
        seconds=round(seconds, 1),
        limit=limit,
        calls=len(calls),
        refused=len(calls) - len(moments),
        busiest=round(_busiest(sorted(moments)) / limit, 3),
        mean=round(len(moments) * WINDOW_SECONDS / seconds / limit, 3),
        longest_pause=round(paused, 3),
        deeds=dict(sorted(churn.deeds.items())),
        deaths=[f"{each.name}: {each.said[-300:]}" for each in churn.stage.fleet.deaths],
    )


def _busiest(moments: Sequence[float]) -> int:
    """The most that fall into any ten seconds."""
    return max(
        (
            number + 1 - bisect_right(moments, moment - WINDOW_SECONDS)
            for number, moment in enumerate(moments)
        ),
        default=0,
    )
