"""Asks the cluster where things are: the ends of partitions, how far groups are, which topics."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from services.shared.contract.errors import LogUnavailableError
from services.shared.contract.events import Partition
from services.shared.log.kafka.connecting import Way
from services.shared.log.kafka.ending import end_consumer, ended

T = TypeVar("T")
_TRIES = 20
_BETWEEN_SECONDS = 0.1
_STOP_SECONDS = 2.0


class Offsets:
    """Looks without consuming. Connected at the first question, and anew after a failure."""

    def __init__(self, way: Way) -> None:
        self._way = way
        self._clients = AsyncExitStack()
        self._connected: tuple[Any, Any] | None = None
        self._lock = asyncio.Lock()

    async def committed(
        self, group: str, partitions: Iterable[Partition] | None = None
    ) -> Mapping[Partition, int]:
        """The offset next to read of each of ``partitions``, or of all the group committed on."""
        name = self._way.outer(group)

        async def ask(admin: Any, _: Any) -> Mapping[Any, Any]:
            found: Mapping[Any, Any] = await admin.list_consumer_group_offsets(name)
            return found

        found = await self._asked(ask)
        wanted = None if partitions is None else set(partitions)
        offsets = {self._way.partition(home): each.offset for home, each in found.items()}
        return {
            each: offset
            for each, offset in offsets.items()
            if offset >= 0 and (wanted is None or each in wanted)
        }

    async def earliest(self, partitions: Iterable[Partition]) -> Mapping[Partition, int]:
        """The first offset each still has."""
        return await self._ends(partitions, "beginning_offsets")

    async def latest(self, partitions: Iterable[Partition]) -> Mapping[Partition, int]:
        """The offset the next event of each will get."""
        return await self._ends(partitions, "end_offsets")

    async def since(
        self, partitions: Iterable[Partition], milliseconds: int
    ) -> Mapping[Partition, int]:
        """The first offset appended at that time or later, where there is one."""
        times = {self._way.home(each): max(milliseconds, 0) for each in partitions}

        async def ask(_: Any, consumer: Any) -> Mapping[Any, Any]:
            found: Mapping[Any, Any] = await consumer.offsets_for_times(dict(times))
            return found

        found = await self._asked(ask) if times else {}
        return {self._way.partition(home): each.offset for home, each in found.items() if each}

    async def partitions(self, topics: Iterable[str]) -> list[Partition]:
        """All partitions of those of ``topics`` that there are, in order."""
        there = await self._topics()
        return [
            Partition(topic, number)
            for topic in sorted(topics)
            for number in range(there.get(self._way.outer(topic), 0))
        ]

    async def make_sure_of(self, topics: Iterable[str]) -> None:
        """Asking for a topic that is missing might create it, so it is not asked for.

        Raises:
            LogUnavailableError: one of them is missing.
        """
        missing = {self._way.outer(topic) for topic in topics} - (await self._topics()).keys()
        if missing:
            detail = ", ".join(sorted(missing))
            raise LogUnavailableError("log_topic_missing", retry_after=10.0, detail=detail)

    async def close(self) -> None:
        """Ends the connections."""
        self._connected = None
        await self._clients.aclose()

    @asynccontextmanager
    async def consumer(self) -> AsyncIterator[Any]:
        """A consumer of its own that belongs to no group, to be assigned partitions by hand."""
        consumer = AIOKafkaConsumer(
            **self._way.options("history"), enable_auto_commit=False, auto_offset_reset="earliest"
        )
        try:
            await consumer.start()
            yield consumer
        finally:
            await end_consumer(consumer, _STOP_SECONDS)

    async def _topics(self) -> dict[str, int]:
        async def ask(admin: Any, _: Any) -> dict[str, int]:
            described = await admin.describe_topics()
            return {each["topic"]: len(each["partitions"]) for each in described}

        return await self._asked(ask)

    async def _ends(self, partitions: Iterable[Partition], which: str) -> Mapping[Partition, int]:
        homes = [self._way.home(each) for each in partitions]

        async def ask(_: Any, consumer: Any) -> Mapping[Any, int]:
            found: Mapping[Any, int] = await getattr(consumer, which)(homes)
            return found

        found = await self._asked(ask) if homes else {}
        return {self._way.partition(home): offset for home, offset in found.items()}

    async def _asked(self, ask: Callable[[Any, Any], Awaitable[T]]) -> T:
        """Asks until it is answered, for a short while: leaders and coordinators move."""
        for left in reversed(range(_TRIES)):
            try:
                return await ask(*await self._connect())
            except KafkaError as problem:
                if not left or not problem.retriable:
                    await self.close()
                    raise
            await asyncio.sleep(_BETWEEN_SECONDS)
        raise AssertionError

    async def _connect(self) -> tuple[Any, Any]:
        async with self._lock:
            if self._connected is None:
                admin = AIOKafkaAdminClient(**self._way.options("admin"))
                self._clients.push_async_callback(_end_admin, admin)
                await admin.start()
                consumer = AIOKafkaConsumer(**self._way.options("looker"))
                self._clients.push_async_callback(end_consumer, consumer, _STOP_SECONDS)
                await consumer.start()
                self._connected = admin, consumer
            return self._connected


async def _end_admin(admin: Any) -> None:
    await ended(admin.close(), _STOP_SECONDS)
