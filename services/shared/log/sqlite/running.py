"""Where blocking work runs: in a thread of its own, or, for simulations, right here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from threading import Thread
from typing import Any, NamedTuple, Protocol, TypeVar

T = TypeVar("T")


class Run(Protocol):
    """Runs one piece of work at a time, in the order given, and brings its result back."""

    async def __call__(self, work: Callable[[], T], /) -> T:
        """What ``work`` returns or raises."""


async def inline(work: Callable[[], T], /) -> T:
    """Runs ``work`` on the event loop: no threads, the same order every time."""
    return work()


@contextmanager
def own_thread(name: str) -> Iterator[Run]:
    """A ``Run`` with one thread of its own; once the context is left, it ends when its work does.

    An executor's way there and back goes through two futures and five locks, each a chance to lose
    the interpreter's lock to the other side: 30 us for each group that is committed, this way 10.
    """
    jobs: SimpleQueue[_Job | None] = SimpleQueue()
    # A daemon, since a context that is never left must not keep the process from ending.
    Thread(target=_work_off, args=(jobs,), name=name, daemon=True).start()

    async def run(work: Callable[[], T], /) -> T:
        loop = asyncio.get_running_loop()
        result: asyncio.Future[T] = loop.create_future()
        jobs.put(_Job(loop, result, work))
        return await result

    try:
        yield run
    finally:
        jobs.put(None)


class _Job(NamedTuple):
    loop: asyncio.AbstractEventLoop
    result: asyncio.Future[Any]
    work: Callable[[], Any]


def _work_off(jobs: SimpleQueue[_Job | None]) -> None:
    while job := jobs.get():
        if job.result.cancelled():  # before it was begun: nobody waits, as with an executor
            continue
        value: Any = None
        problem: BaseException | None = None
        try:
            value = job.work()
        except BaseException as raised:  # noqa: BLE001 - whoever waits must hear of it
            problem = raised
        with suppress(RuntimeError):  # the loop is closed, and whoever waited is gone with it
            job.loop.call_soon_threadsafe(_tell, job.result, value, problem)
        del job, value, problem  # nothing is held while there is nothing to do


def _tell(result: asyncio.Future[Any], value: object, problem: BaseException | None) -> None:
    if result.done():  # cancelled meanwhile
        return
    if problem is None:
        result.set_result(value)
    else:
        result.set_exception(problem)
