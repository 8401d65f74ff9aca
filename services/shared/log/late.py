"""A log that cannot be opened yet, as on a full disk: ingest answers, and takes events once it can.

Shopify deletes a subscription after eight failures in a row, and a process that is not there is one
as much as a 503. With the latter it is at least told when to come again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from datetime import datetime

from services.shared.contract.errors import LogUnavailableError, SyncError
from services.shared.contract.events import Event, Lag, NewEvent, Partition
from services.shared.log.port import Log, Reader
from services.shared.runtime.logging import Action

AGAIN_SECONDS = 1.0

_LOG = logging.getLogger(__name__)
Opening = Callable[[], AbstractAsyncContextManager[Log]]


class LateLog:
    """A ``Log`` that refuses everything, with the reason, until it is open."""

    def __init__(self, problem: LogUnavailableError) -> None:
        self._problem = problem
        self._opened: Log | None = None

    @property
    def _log(self) -> Log:
        if self._opened is None:
            told = self._problem
            raise LogUnavailableError(told.reason, retry_after=told.retry_after, detail=told.detail)
        return self._opened

    @property
    def has_one_reader(self) -> bool:
        """See ``Log``."""
        return self._log.has_one_reader

    def append(self, events: Sequence[NewEvent]) -> Awaitable[None]:
        """See ``Log``."""
        return self._log.append(events)

    def between(self, topic: str, since: datetime, until: datetime) -> AsyncIterator[Event]:
        """See ``Log``."""
        return self._log.between(topic, since, until)

    async def lag(self, group: str) -> Mapping[Partition, Lag]:
        """See ``Log``."""
        return await self._log.lag(group)

    def reader(
        self, group: str, topics: Iterable[str], member: str
    ) -> AbstractAsyncContextManager[Reader]:
        """See ``Log``."""
        return self._log.reader(group, topics, member)

    async def is_writable(self) -> bool:
        """See ``Log``."""
        return await self._log.is_writable()

    async def keep_trimmed(self) -> None:
        """See ``Log``."""
        await self._log.keep_trimmed()

    async def try_again(self, opening: Opening, stack: AsyncExitStack, seconds: float) -> None:
        """Open it as soon as that can be done; ``stack`` closes it."""
        while self._opened is None:
            await asyncio.sleep(seconds)
            try:
                self._opened = await stack.enter_async_context(opening())
            except SyncError as problem:
                self._problem = LogUnavailableError(problem.reason, detail=problem.detail)
        _LOG.info("the log is open", extra={"action": Action.LOG_AVAILABLE})


@asynccontextmanager
async def opened_in_time(
    opening: Opening, *, again_seconds: float = AGAIN_SECONDS
) -> AsyncIterator[Log]:
    """What ``opening`` opens; if that cannot be done now, a log that waits for it.

    Raises:
        OursToFixError: it never can be.
    """
    async with AsyncExitStack() as stack:
        try:
            log = await stack.enter_async_context(opening())
        except LogUnavailableError as problem:
            late = LateLog(problem)
            extra = {"action": Action.LOG_UNAVAILABLE, "reason": problem.reason}
            _LOG.warning("the log cannot be opened yet", extra=extra)
        else:
            yield log
            return
        trying = asyncio.create_task(late.try_again(opening, stack, again_seconds))
        try:
            yield late
        finally:
            trying.cancel()
            with suppress(asyncio.CancelledError):
                await trying
