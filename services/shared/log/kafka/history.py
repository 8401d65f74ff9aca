"""Looking at topics without consuming them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from services.shared.contract.events import Event, Lag, Partition
from services.shared.contract.topics import CONSUMED_TOPICS, TOPICS
from services.shared.log.kafka.connecting import Way
from services.shared.log.kafka.events import event_in, millis
from services.shared.log.kafka.offsets import Offsets
from services.shared.log.kafka.problems import unavailable

_POLL_MS = 500
_AT_ONCE = 500
# A partition that shows nothing for so long has nothing more, whatever its end was.
_SILENT_POLLS = 20


class History:
    """The port of that name, on Kafka."""

    def __init__(self, way: Way, offsets: Offsets) -> None:
        self._way = way
        self._offsets = offsets

    async def between(self, topic: str, since: datetime, until: datetime) -> AsyncIterator[Event]:
        """As the port promises; partition by partition, in pages of bounded size."""
        try:
            places = await self._offsets.partitions([topic])
            starts = await self._offsets.since(places, millis(since))
            ends = await self._offsets.latest(starts)
            async with self._offsets.consumer() as consumer:
                for partition, start in sorted(starts.items()):
                    home = self._way.home(partition)
                    async for event in _span(consumer, home, partition, (start, ends[partition])):
                        if event.appended_at >= until:
                            break
                        yield event
        except (KafkaError, TimeoutError, OSError) as problem:
            raise unavailable(problem) from problem

    async def lag(self, group: str) -> Mapping[Partition, Lag]:
        """As the port promises."""
        try:
            places = await self._offsets.partitions(TOPICS)
            committed, earliest, latest = await asyncio.gather(
                self._offsets.committed(group),
                self._offsets.earliest(places),
                self._offsets.latest(places),
            )
            starts = {each: max(committed.get(each, 0), earliest[each]) for each in places}
            # How long dead letters wait says nothing, and a syncer has no right to read them.
            behind = {
                each: at
                for each, at in starts.items()
                if latest[each] > at and each.topic in CONSUMED_TOPICS
            }
            oldest = await self._times(behind)
        except (KafkaError, TimeoutError, OSError) as problem:
            raise unavailable(problem) from problem
        return {
            each: Lag(
                events=max(0, latest[each] - starts[each]), oldest_appended_at=oldest.get(each)
            )
            for each in places
            if each in committed or latest[each] > earliest[each]
        }

    async def _times(self, places: Mapping[Partition, int]) -> Mapping[Partition, datetime]:
        """When the event at each place, or the next behind it, was appended."""
        if not places:
            return {}
        homes = {self._way.home(each): each for each in places}
        found: dict[Partition, datetime] = {}
        async with self._offsets.consumer() as consumer:
            consumer.assign(list(homes))
            for home, partition in homes.items():
                consumer.seek(home, places[partition])
            for _ in range(_SILENT_POLLS):
                records = await consumer.getmany(timeout_ms=_POLL_MS)
                for home, some in records.items():
                    partition = homes[home]
                    found.setdefault(partition, event_in(some[0], partition).appended_at)
                    consumer.pause(home)
                if len(found) == len(places):
                    break
        return found


async def _span(
    consumer: Any, home: TopicPartition, partition: Partition, bounds: tuple[int, int]
) -> AsyncIterator[Event]:
    """The events of one partition from one offset to another."""
    at, end = bounds
    consumer.assign([home])
    consumer.seek(home, at)
    silent = 0
    while at < end and silent < _SILENT_POLLS:
        found = await consumer.getmany(timeout_ms=_POLL_MS, max_records=_AT_ONCE)
        silent = 0 if found else silent + 1
        for record in found.get(home, ()):
            if record.offset >= end:
                return
            yield event_in(record, partition)
        at = await consumer.position(home)
