"""Records a second and CPU a record of the syncer, HubSpot's quota lifted.

``python -m tests.bench syncer``. A record is one HubSpot row acknowledged, line items counted. Each
run has a ledger, a log and a HubSpot of its own, the simulator in a process of its own.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import orjson

from services.shared.contract.events import NewEvent
from tests.bench.processes import lift_quota, serving_json, told_by
from tests.bench.shop_events import delivered, shop_events

ORDERS = 2_000
NAMES = ("product", "floor")


async def compare(pairs: int, orders: int = ORDERS) -> list[dict[str, Any]]:
    """``pairs`` runs of product and floor, one after the other, which comes first in turn."""
    found = []
    with tempfile.TemporaryDirectory(prefix="shopsync-bench-") as directory:
        events = Path(directory) / "events.json"
        write_events(events, orders)
        for number in range(pairs):
            order = NAMES if number % 2 else NAMES[::-1]
            figures = {name: await measured(name, events) for name in order}
            found.append({name: figures[name] for name in NAMES})
    return found


async def measured(name: str, events: Path) -> Any:
    """One run."""
    with tempfile.TemporaryDirectory(prefix="shopsync-bench-") as directory:
        async with serving_json("sandbox", "hubspot") as hubspot:
            await lift_quota(hubspot["hubspot_url"])
            return await told_by(
                *("tests.bench.syncer_runs", name, directory, str(events)),
                *(hubspot["hubspot_url"], hubspot["hubspot_token"]),
            )


def write_events(path: Path, orders: int) -> None:
    """The customers and products on one line, the orders on the next."""
    shop = shop_events(orders)
    fresh = [delivered(body, number) for number, body in enumerate(shop.orders)]
    path.write_bytes(b"\n".join(map(_written, (shop.known, fresh))))


def _written(events: list[NewEvent]) -> bytes:
    return orjson.dumps([(e.topic, e.key, e.value.decode(), dict(e.headers)) for e in events])
