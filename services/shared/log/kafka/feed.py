"""What feeds a member: aiokafka's consumer, and one fetch of it at a time, by our partitions.

Whatever it cannot be told while an assignment is on its way is passed over: its member places
every partition anew after that.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from services.shared.contract.errors import OwnershipLostError
from services.shared.contract.events import Partition
from services.shared.log.kafka.connecting import Way
from services.shared.log.kafka.consuming import STOP_SECONDS, Handover, Member, started
from services.shared.log.kafka.ending import end_consumer
from services.shared.log.kafka.offsets import Offsets
from services.shared.log.kafka.problems import unavailable
from services.shared.runtime.logging import Action

_LOG = logging.getLogger(__name__)
COMMIT_SECONDS = 10.0
_FETCH_MS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What one fetch brought, or why it brought nothing."""

    records: Mapping[Partition, Sequence[Any]] = field(default_factory=dict)
    problem: BaseException | None = None


class Feed:
    """One consumer at a time; after it is closed, another may be opened."""

    def __init__(self, way: Way, member: Member) -> None:
        self._way = way
        self._member = member
        self._consumer: Any = None
        self._fetching: asyncio.Task[Any] | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is a consumer."""
        return self._consumer is not None

    @property
    def fetching(self) -> asyncio.Task[Any] | None:
        """The fetch under way, or done and not yet taken."""
        return self._fetching

    def comes_from(self, consumer: Any) -> bool:
        """Whether it is the present one; one that was given up may still report."""
        return consumer is self._consumer

    async def open(self, offsets: Offsets, told: Handover) -> None:
        """Begin to join the group; ``told`` hears what it is given.

        Raises:
            LogUnavailableError: no broker answers, or a topic is missing.
        """
        self._consumer = await started(self._way, self._member, offsets, told)

    def fetch(self) -> None:
        """Begin a fetch of all that is at hand.

        A limit would be filled by one partition, and starve another.
        """
        fetch = self._consumer.getmany(timeout_ms=_FETCH_MS)
        self._fetching = asyncio.create_task(fetch, name="log-fetch")

    def taken(self) -> Fetched | None:
        """What a finished fetch came to, once; None if there is none."""
        fetching = self._fetching
        if fetching is None or not fetching.done():
            return None
        self._fetching = None
        if fetching.cancelled():
            return None
        if problem := fetching.exception():
            return Fetched(problem=problem)
        records = {self._way.partition(home): some for home, some in fetching.result().items()}
        return Fetched(records=records)

    def pause(self, partition: Partition) -> bool:
        """Fetch nothing for it; whether the consumer could be told."""
        return self._tell(self._consumer.pause, partition)

    def go_on(self, partition: Partition) -> bool:
        """Fetch for it again; whether the consumer could be told."""
        return self._tell(self._consumer.resume, partition)

    def seek(self, partition: Partition, offset: int) -> None:
        """Fetch for it from ``offset`` on."""
        self._tell(self._consumer.seek, partition, offset)

    def _tell(self, tell: Callable[..., None], partition: Partition, *values: int) -> bool:
        try:
            tell(self._way.home(partition), *values)
        except IllegalStateError:
            return False
        return True

    async def commit(self, offsets: Mapping[Partition, int]) -> None:
        """Tell the group that everything before ``offsets`` is settled.

        Raises:
            OwnershipLostError: the group has moved on; nothing was committed.
            LogUnavailableError: no broker answered in time.
        """
        homes = {self._way.home(each): at for each, at in offsets.items()}
        try:
            async with asyncio.timeout(COMMIT_SECONDS):
                await self._consumer.commit(homes)
        except (CommitFailedError, IllegalStateError) as problem:
            raise OwnershipLostError("log_group_moved_on", detail=self._member.group) from problem
        except (KafkaError, TimeoutError, OSError) as problem:
            raise unavailable(problem) from problem

    async def close(self) -> None:
        """Leave the group, if there is a consumer, with nothing fetched."""
        consumer, self._consumer = self._consumer, None
        fetching, self._fetching = self._fetching, None
        if fetching is not None:
            fetching.cancel()
            await asyncio.gather(fetching, return_exceptions=True)
        if consumer is not None and not await end_consumer(consumer, STOP_SECONDS):
            _LOG.info("left without a word", extra={"action": Action.HAND_OVER})
