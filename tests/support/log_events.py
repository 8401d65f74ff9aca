"""Events to be appended to a log, and read from it again."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping

from services.shared.contract.events import Event, Lag, NewEvent, Partition
from services.shared.log.port import Reader

ORDERS = "shopify.orders"
CUSTOMERS = "shopify.customers"
SOON = 10.0
"""Seconds a test waits for what must come; only a failing test waits so long."""


def order(number: int, value: bytes = b"{}", topic: str = ORDERS) -> NewEvent:
    """An event of one order."""
    return NewEvent(
        topic=topic,
        key=f"acme.myshopify.com/orders/{number}",
        value=value,
        headers={"shop": "acme.myshopify.com", "origin": "webhook", "change": "state"},
    )


def numbered(count: int, topic: str = ORDERS) -> list[NewEvent]:
    """An event for each of so many orders; its value is the order's number."""
    return [order(number, str(number).encode(), topic) for number in range(count)]


async def take(reader: Reader, count: int) -> list[Event]:
    """The next ``count`` events, or more if the last batch brings more."""
    events: list[Event] = []
    async with asyncio.timeout(SOON):
        while len(events) < count:
            events += (await reader.poll(100, 1.0)).events
    return events


async def nothing_more(reader: Reader) -> bool:
    """Whether a short poll brings nothing."""
    return not (await reader.poll(100, 0.2)).events


def behind(events: Iterable[Event]) -> dict[Partition, int]:
    """The offsets to commit when ``events`` are settled."""
    offsets: dict[Partition, int] = {}
    for event in events:
        at = event.position
        offsets[at.partition] = max(offsets.get(at.partition, 0), at.offset + 1)
    return offsets


def values(events: Iterable[Event | NewEvent]) -> Counter[bytes]:
    """How often each value is there."""
    return Counter(event.value for event in events)


def all_lag(lag: Mapping[Partition, Lag]) -> int:
    """How many events are not settled on all partitions together."""
    return sum(each.events for each in lag.values())
