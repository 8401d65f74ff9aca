"""CPU a record of decode, map and decide alone: no log, no ledger, no HubSpot.

``python -m tests.bench deciding``: order events in memory become jobs, verdicts and plans. A record
is one HubSpot row planned, line items counted.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import httpx

from sandbox.hubspot.account import Account as Portal
from sandbox.hubspot.app import create_app
from services.shared.contract.events import Event, Partition, Position
from services.shared.contract.topics import ObjectType, live_topic
from services.shared.hubspot.client import HubSpot
from services.shared.hubspot.setup import Setup
from services.syncer import plans
from services.syncer.account import Account, account_for
from services.syncer.deciding import Verdict, verdict_on
from services.syncer.planning import Circumstances, plan_for
from services.syncer.reading import read_out
from tests.bench.shop_events import delivered, shop_events

ORDERS = 1_000
_AT_ONCE = 300  # the worker's batch
_NOW = datetime(2026, 11, 24, tzinfo=UTC)
_LINKS = {plans.ORDERS: 514, plans.CARTS: 591}


async def compare(runs: int, orders: int = ORDERS) -> list[dict[str, float]]:
    """``runs`` passes over the same events; there is no floor to compare with."""
    account = await described_account()
    events = [_read(number, body) for number, body in enumerate(shop_events(orders).orders)]
    return [{"cpu_us_per_record": cpu_us_per_record(account, events)} for _ in range(runs)]


async def described_account() -> Account:
    """A simulated account as the syncer sees it at its start."""
    portal = Portal()
    portal.quota.lifted = True
    transport = httpx.ASGITransport(create_app(portal))

    async def at_once() -> None:
        return

    async with httpx.AsyncClient(transport=transport) as http:
        hubspot = HubSpot(http, lambda: portal.token, base_url="http://hubspot.test")
        return account_for(await Setup(hubspot, at_once).prepare(), _LINKS)


def cpu_us_per_record(account: Account, events: Sequence[Event]) -> float:
    """One pass."""
    records = 0
    started = time.process_time()
    for start in range(0, len(events), _AT_ONCE):
        records += planned(account, events[start : start + _AT_ONCE])
    return round((time.process_time() - started) / records * 1e6, 1)


def planned(account: Account, events: Sequence[Event]) -> int:
    """How many HubSpot rows these events ask for."""
    rows = 0
    for job in read_out(events).jobs:
        if verdict_on(job, None) is not Verdict.APPLY or job.state is None:
            continue
        around = Circumstances(
            shop=job.source.shop,
            now=_NOW,
            abandoned_after=timedelta(minutes=15),
            mapped=account.mapped,
            products={},
        )
        plan = plan_for(job.source, job.state, around)
        rows += 1 + len(plan.parts)
    return rows


def _read(number: int, body: bytes) -> Event:
    new = delivered(body, number)
    place = Position(Partition(live_topic(ObjectType.ORDERS), 0), number)
    return Event(
        position=place, key=new.key, value=new.value, headers=new.headers, appended_at=_NOW
    )


if __name__ == "__main__":
    print(asyncio.run(compare(5)))  # noqa: T201 - all there is to say
