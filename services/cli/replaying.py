"""``shopsync replay``: a time range of a topic again, as history."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import typer

from services.cli.answering import AsJson, Exit, fail, finished, give, say
from services.cli.looking import log_at, places
from services.shared.contract.events import Event, NewEvent, Origin
from services.shared.contract.topics import (
    BACKFILL_SUFFIX,
    BACKFILL_TOPICS,
    DEAD_SUFFIX,
    LIVE_TOPICS,
    SHOPS,
    ObjectType,
    live_topic,
)
from services.shared.log.port import Appender

REPLAYABLE = (*LIVE_TOPICS, *BACKFILL_TOPICS, SHOPS)
_SHORT: Mapping[str, str] = {str(kind): live_topic(kind) for kind in ObjectType}
_AT_ONCE = 100
_AT_ONCE_BYTES = 4 * 2**20
_DAY = [
    "%Y-%m-%d",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%dT%H:%M:%S.%f%z",  # as we print them in JSON
]
Since = Annotated[
    datetime | None, typer.Option("--since", formats=_DAY, help="From then on; UTC if not said.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Count, and put nothing back.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What was put back, or would be, by topic."""

    events: Mapping[str, int]
    dry_run: bool


def replay(
    *,
    topic: Annotated[str, typer.Option(help="shopify.orders, or orders for short, and so on.")],
    since: Annotated[datetime, typer.Option("--from", formats=_DAY, help="UTC if not said.")],
    until: Annotated[
        datetime | None, typer.Option("--to", formats=_DAY, help="Not itself; now if not given.")
    ] = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Put the events of a time range back onto the log, to be applied as history.

    Times are those at which the log took the events. What is already applied stays as it is:
    an older state is never written over a newer one. The embedded log keeps live events only until
    they are settled; Kafka keeps them for the retention of their topic.
    """
    name = _SHORT.get(topic, topic)
    if name not in REPLAYABLE:
        fail(f"There is no such topic. There are: {', '.join(REPLAYABLE)}", Exit.USAGE)
    now = datetime.now(UTC)
    if until and utc(since) >= utc(until):
        fail("--from must be before --to.", Exit.USAGE)
    done = finished(_replayed(name, utc(since), min(utc(until or now), now), dry_run=dry_run))
    if as_json:
        give(done)
    else:
        say(told(done))


def told(done: Replayed) -> str:
    """For people, what was done."""
    verb = "would be" if done.dry_run else "were"
    each = ", ".join(f"{count} on {topic}" for topic, count in sorted(done.events.items()))
    return f"{sum(done.events.values())} events {verb} put back{': ' + each if each else ''}."


def utc(moment: datetime) -> datetime:
    """``moment``, aware; a naive one is meant as UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def replayed(event: Event) -> NewEvent:
    """``event`` as it is appended again: same body, same facts, on the backfill topic if any."""
    live = event.position.partition.topic.removesuffix(DEAD_SUFFIX).removesuffix(BACKFILL_SUFFIX)
    told = {name: value for name, value in event.headers.items() if not name.startswith("dead-")}
    return NewEvent(
        topic=live + BACKFILL_SUFFIX if live in LIVE_TOPICS else live,
        key=event.key,
        value=event.value,
        headers=told | {"origin": Origin.REPLAY.value},
    )


async def put_back(log: Appender, events: AsyncIterator[Event], *, dry_run: bool) -> Replayed:
    """Append all of ``events`` again, a bounded number at a time.

    Raises:
        LogUnavailableError: the log went away; some may have been put back.
    """
    counts: Counter[str] = Counter()
    waiting: list[NewEvent] = []
    async for event in events:
        waiting.append(replayed(event))
        if len(waiting) == _AT_ONCE or _size(waiting) > _AT_ONCE_BYTES:
            await _append(log, waiting, counts, dry_run=dry_run)
    await _append(log, waiting, counts, dry_run=dry_run)
    return Replayed(events=dict(counts), dry_run=dry_run)


async def _append(
    log: Appender, waiting: list[NewEvent], counts: Counter[str], *, dry_run: bool
) -> None:
    if not dry_run:
        await log.append(waiting)
    counts.update(event.topic for event in waiting)
    waiting.clear()


def _size(events: Iterable[NewEvent]) -> int:
    return sum(len(event.value) for event in events)


async def _replayed(topic: str, since: datetime, until: datetime, *, dry_run: bool) -> Replayed:
    async with log_at(places()) as log:
        return await put_back(log, log.between(topic, since, until), dry_run=dry_run)
