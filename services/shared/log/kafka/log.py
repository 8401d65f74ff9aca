"""The log of many machines: topics of a Kafka cluster, declared in ``deploy/kafka/topics.toml``."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime

from services.shared.contract.errors import LogUnavailableError, OursToFixError
from services.shared.contract.events import Event, Lag, NewEvent, Partition
from services.shared.contract.topics import TOPICS
from services.shared.log.address import KafkaCluster
from services.shared.log.kafka import producing
from services.shared.log.kafka.appending import Writer
from services.shared.log.kafka.connecting import Way, way_to
from services.shared.log.kafka.consuming import Member
from services.shared.log.kafka.history import History
from services.shared.log.kafka.offsets import Offsets
from services.shared.log.kafka.problems import unreachable
from services.shared.log.kafka.reading import KafkaReader
from services.shared.runtime.logging import Action

_LOG = logging.getLogger(__name__)
CONNECT_SECONDS = 5.0
_CLOSE_SECONDS = 5.0
_AGAIN_SECONDS = 1.0


class KafkaLog:
    """``Appender`` and ``History`` of one cluster, and where its ``Reader``s come from."""

    def __init__(self, way: Way) -> None:
        self._way = way
        self._offsets = Offsets(way)
        self._history = History(way, self._offsets)
        self._writer: Writer | None = None
        self._refusal: LogUnavailableError | None = None
        self._connected = asyncio.Event()

    @classmethod
    @asynccontextmanager
    async def open(
        cls, cluster: KafkaCluster, *, connect_seconds: float = CONNECT_SECONDS
    ) -> AsyncIterator[KafkaLog]:
        """The log on ``cluster``. A cluster that is away is tried again and again meanwhile.

        Raises:
            OursToFixError: the way in is not complete.
        """
        log = cls(way_to(cluster))
        connecting = asyncio.create_task(log._keep_connected(), name="log-connect")
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(connect_seconds):
                    await log._connected.wait()
            yield log
        finally:
            connecting.cancel()
            await asyncio.gather(connecting, return_exceptions=True)
            if log._writer is not None:
                await log._writer.close(_CLOSE_SECONDS)
            await log._offsets.close()

    @property
    def has_one_reader(self) -> bool:
        """Many members of a group read side by side; one that lost its partitions may still run."""
        return False

    async def append(self, events: Sequence[NewEvent]) -> None:
        """As the port promises.

        Raises:
            LogUnavailableError: no broker answers, too few replicas are in sync, or a right is
                missing. Some of the events may be written, or may yet be.
            OursToFixError: a topic is unknown.
            EventAtFaultError: an event is too large, or its text is none UTF-8 can hold.
        """
        if not events:
            return
        if self._writer is None:
            raise self._refusal or unreachable()
        await self._writer.append(events)

    def between(self, topic: str, since: datetime, until: datetime) -> AsyncIterator[Event]:
        """As the port promises."""
        if topic not in TOPICS:
            raise OursToFixError("unknown_topic", detail=topic)
        return self._history.between(topic, since, until)

    async def lag(self, group: str) -> Mapping[Partition, Lag]:
        """As the port promises."""
        return await self._history.lag(group)

    async def is_writable(self) -> bool:
        """Whether an append of a live event would succeed now, as far as one can know."""
        return self._writer is not None and self._writer.is_writable

    async def keep_trimmed(self) -> None:
        """The brokers let go of events by age; there is nothing to do but to wait."""
        await asyncio.Event().wait()

    @asynccontextmanager
    async def reader(
        self, group: str, topics: Iterable[str], member: str
    ) -> AsyncIterator[KafkaReader]:
        """A member of ``group``; it joins with its first poll. See the port."""
        wanted = Member(group=group, topics=frozenset(topics), name=member)
        reader = KafkaReader(self._way, wanted, self._offsets)
        try:
            yield reader
        finally:
            await reader.close()

    async def _keep_connected(self) -> None:
        """Has a producer that works: makes one, and another when it can no longer be used."""
        while True:
            if self._writer is None or self._writer.fault is not None:
                await self._connect()
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _connect(self) -> None:
        former, self._writer = self._writer, None
        if former is not None:
            await former.close(0.0)
        try:
            producer = await producing.started(self._way, CONNECT_SECONDS)
        except LogUnavailableError as problem:
            extra = {"action": Action.WAIT, "reason": problem.reason, "detail": problem.detail}
            _LOG.warning("no producer", extra=extra)
            self._refusal = problem
        else:
            self._writer = Writer(producer, self._way)
            self._refusal = None
            self._connected.set()
