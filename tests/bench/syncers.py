"""Syncers on Kafka and PostgreSQL: CPU a record, and records a second of several.

``python -m tests.bench postgresql-syncer replicas``. Each run has topics, a database and a HubSpot
of its own, on one broker and one durable PostgreSQL. All share the machine's cores, so that what a
record costs each of them is told as well.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from services.shared.contract.events import NewEvent
from tests.bench.binding import Load, bound_by
from tests.bench.engines import Engines, running_engines
from tests.bench.groups import stable
from tests.bench.processes import told_by
from tests.bench.replicas import Scene, scene
from tests.bench.seen import busy_seconds, cpu_seconds
from tests.bench.shop_events import delivered, shop_events

ORDERS = 2_000
ONE, FOUR = 1, 4
REPLICAS = (1, 2, 4)
CALLS_IN_FLIGHT = 2
LATENCY_SECONDS = 0.15
_WINDOW_SECONDS = 10.0
# The middle of a run: neither the first batches nor the last partition to end.
_FROM, _TO = 0.1, 0.9
_PROFESSIONAL = 190


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """``calls`` in flight for each syncer, 0 for its own limit; ``quota`` of calls, 0 for none."""

    syncers: int
    calls: int = 0
    latency_seconds: float = 0.0
    quota: int = 0


# The least that could do the same.
FLOOR = Run(syncers=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a run is given: customers and products first, which is not measured, then orders."""

    known: Sequence[NewEvent]
    orders: Sequence[NewEvent]


def work(orders: int) -> Work:
    """So many orders."""
    shop = shop_events(orders)
    fresh = [delivered(body, number) for number, body in enumerate(shop.orders)]
    return Work(known=shop.known, orders=fresh)


async def by_one_and_four(pairs: int, orders: int = ORDERS) -> list[dict[str, Any]]:
    """Runs of one syncer, of four, and of the floor, as fast as they go, which first in turn."""
    return await _rounds((Run(syncers=ONE), Run(syncers=FOUR), FLOOR), pairs, work(orders))


async def by_replicas(pairs: int, orders: int = ORDERS) -> list[dict[str, Any]]:
    """Rounds of runs with one, two and four syncers and a HubSpot that takes its time."""
    runs = [
        Run(syncers=each, calls=CALLS_IN_FLIGHT, latency_seconds=LATENCY_SECONDS)
        for each in REPLICAS
    ]
    return await _rounds(runs, pairs, work(orders))


async def within_quota(orders: int = ORDERS) -> dict[str, Any]:
    """Four syncers with all the calls they like, and the quota of HubSpot's Professional plan."""
    run = Run(syncers=FOUR, latency_seconds=LATENCY_SECONDS, quota=_PROFESSIONAL)
    async with running_engines() as engines:
        return await measured(engines, run, work(orders))


async def _rounds(runs: Sequence[Run], rounds: int, given: Work) -> list[dict[str, Any]]:
    found = []
    async with running_engines() as engines:
        for number in range(rounds):
            figures = {}
            for run in runs if number % 2 else runs[::-1]:
                if run is FLOOR:
                    figures["floor"] = await floor(engines, given)
                else:
                    figures[str(run.syncers)] = await measured(engines, run, given)
            found.append(figures)
    return found


async def measured(engines: Engines, run: Run, given: Work) -> dict[str, Any]:
    """One run."""
    async with scene(engines) as here:
        await begun(here, run, given)
        calls, before, used = await _calls(here), await here.rows(), _cpu(here)
        await here.append(given.orders)
        seen = await here.settled()
        spent = {name: total - used[name] for name, total in _cpu(here).items()}
        calls = await _calls(here) - calls
    seconds, records = seen[-1][0] - seen[0][0], seen[-1][1] - before
    rate = _rate([(at, rows - before) for at, rows in seen])
    return told(run, spent, records, seconds) | {
        "records_per_second": round(rate, 1),
        "calls_per_10_s": round(calls / seconds * _WINDOW_SECONDS, 1),
        "bound_by": bound_by(_load(run, spent, seconds, calls)),
    }


async def floor(engines: Engines, given: Work) -> dict[str, Any]:
    """The floor's run: everything is on the log before it starts."""
    async with scene(engines) as here:
        await here.append(given.orders)
        before = _cpu(here)
        said: dict[str, Any] = await told_by(
            *("tests.bench.syncers_floor", here.place.log_url, here.place.prefix),
            *(here.place.ledger_url, here.hubspot.said["hubspot_url"]),
            *(here.hubspot.said["hubspot_token"], str(len(given.orders))),
        )
        spent = {name: total - before[name] for name, total in _cpu(here).items()}
        calls = await _calls(here)
    spent["syncer floor"] = said["cpu_seconds"]
    seconds, records = said["seconds"], said["records"]
    return told(FLOOR, spent, records, seconds) | {
        "records_per_second": round(records / seconds, 1),
        "calls_per_10_s": round(calls / seconds * _WINDOW_SECONDS, 1),
        "bound_by": bound_by(_load(FLOOR, spent, seconds, calls)),
    }


async def begun(here: Scene, run: Run, given: Work) -> None:
    """All syncers are members, customers and products are settled, and HubSpot is as wanted."""
    await here.append(given.known)
    await here.add(run.syncers, calls=run.calls)
    await here.settled()
    await stable(here.place.cluster, run.syncers)
    slow = {"kind": "slow", "path": "/crm/*", "seconds": run.latency_seconds}
    said: dict[str, Any] = {"faults": [slow] if run.latency_seconds else []}
    if run.quota:
        said["quota"] = {"burst": run.quota, "lifted": False}
    await here.tell_hubspot(said)


def told(run: Run, spent: Mapping[str, float], records: int, seconds: float) -> dict[str, Any]:
    """Who used how much."""
    syncers = sum(used for name, used in spent.items() if name.startswith("syncer"))
    used = {"syncers": syncers} | {
        name: spent[name] for name in ("postgresql", "kafka", "hubspot", "machine")
    }
    return {
        "syncers": run.syncers,
        "records": records,
        "seconds": round(seconds, 2),
        "cpu_us_per_record": round(syncers / records * 1e6, 1),
        "cpu_us_per_record_of": {n: round(each / records * 1e6, 1) for n, each in used.items()},
        "cores_used": {name: round(each / seconds, 2) for name, each in used.items()},
    }


def _load(run: Run, spent: Mapping[str, float], seconds: float, calls: int) -> Load:
    single = {n: used / seconds for n, used in spent.items() if n.startswith(("syncer", "hubspot"))}
    return Load(
        cores=os.cpu_count() or 1,
        machine=spent["machine"] / seconds,
        single=single,
        calls_per_window=calls / seconds * _WINDOW_SECONDS,
        quota=run.quota,
    )


def _cpu(here: Scene) -> dict[str, float]:
    """Seconds of CPU used so far."""
    return {
        **{f"syncer {n}": cpu_seconds(each.pid) for n, each in enumerate(here.syncers, 1)},
        "postgresql": cpu_seconds(here.engines.postgres.pid),
        "kafka": cpu_seconds(here.engines.broker_pid),
        "hubspot": cpu_seconds(here.hubspot.pid),
        "bench": time.process_time(),
        "machine": busy_seconds(),
    }


async def _calls(here: Scene) -> int:
    """Calls HubSpot has taken so far."""
    async with httpx.AsyncClient() as http:
        said = await http.get(f"{here.hubspot.said['hubspot_url']}/_sandbox/calls")
    return sum(each["count"] for each in said.json()["calls"])


def _rate(seen: Sequence[tuple[float, int]]) -> float:
    """Records a second in the middle of a run, of ``(when, how many so far)``."""
    most = seen[-1][1]
    middle = [each for each in seen if most * _FROM <= each[1] <= most * _TO]
    ends = middle if len(middle) > 1 and middle[-1][1] > middle[0][1] else seen
    (began, first), (ended, last) = ends[0], ends[-1]
    return (last - first) / (ended - began)
