"""How a process lives: tasks side by side, one end for all, and a graceful one."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from services.shared.contract.errors import SyncError
from services.shared.runtime.logging import Action

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Companion:
    """A named task of a process.

    It ends by itself soon after the process is stopping, unless ``endless``: then it is cancelled,
    which must do no harm at any of its awaits.
    """

    name: str
    run: Callable[[], Awaitable[None]]
    endless: bool = False


class CompanionEndedError(Exception):
    """A companion returned although nobody had asked the process to stop."""


async def run_together(
    companions: Sequence[Companion], stopping: asyncio.Event, *, grace_seconds: float
) -> None:
    """Run all until ``stopping`` is set, then give them ``grace_seconds`` to finish.

    One that dies takes all down: the others are asked to stop just the same, and then its
    exception is raised.

    Raises:
        ExceptionGroup: what the companions died of.
    """
    deaths: list[Exception] = []
    async with asyncio.TaskGroup() as group:
        finite = {
            group.create_task(_watched(each, stopping, deaths), name=each.name)
            for each in companions
            if not each.endless
        }
        endless = {
            group.create_task(_watched(each, stopping, deaths), name=each.name)
            for each in companions
            if each.endless
        }
        await stopping.wait()
        await _let_finish(finite, grace_seconds)
        for task in endless:
            task.cancel()
    if deaths:
        raise ExceptionGroup("companions died", deaths)


@contextlib.asynccontextmanager
async def stopping_on_signals() -> AsyncIterator[asyncio.Event]:
    """An event that SIGINT and SIGTERM set. A second signal acts as if nobody had listened."""
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    signals = (signal.SIGINT, signal.SIGTERM)

    def stop() -> None:
        log.info("stopping", extra={"action": Action.STOPPING})
        stopping.set()
        for each in signals:
            loop.remove_signal_handler(each)

    for each in signals:
        loop.add_signal_handler(each, stop)
    try:
        yield stopping
    finally:
        for each in signals:
            loop.remove_signal_handler(each)


async def rest(seconds: float, stopping: asyncio.Event) -> None:
    """Returns after ``seconds``, or as soon as ``stopping`` is set."""
    try:
        async with asyncio.timeout(seconds):
            await stopping.wait()
    except TimeoutError:
        return


async def _watched(companion: Companion, stopping: asyncio.Event, deaths: list[Exception]) -> None:
    try:
        await companion.run()
        if not stopping.is_set():
            raise CompanionEndedError(companion.name)  # noqa: TRY301 - one way to die
    except Exception as problem:
        # What is known by its reason needs no trace, and what was said within is not said again.
        if not isinstance(problem, SyncError | ExceptionGroup):
            extra = {"action": Action.COMPANION_DIED, "companion": companion.name}
            log.exception("a task died, the process stops", extra=extra)
        deaths.append(problem)
        stopping.set()


async def _let_finish(tasks: set[asyncio.Task[None]], grace_seconds: float) -> None:
    if not tasks:
        return
    _, late = await asyncio.wait(tasks, timeout=grace_seconds)
    for task in late:
        log.warning(
            "a task did not stop in time",
            extra={"action": Action.STOP_OVERDUE, "companion": task.get_name()},
        )
        task.cancel()
