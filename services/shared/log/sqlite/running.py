"""Where blocking work runs: in a thread of its own, or, for simulations, right here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Protocol, TypeVar

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
    """A ``Run`` with one thread of its own, which ends with the context."""
    executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    async def run(work: Callable[[], T], /) -> T:
        return await asyncio.get_running_loop().run_in_executor(executor, work)

    try:
        yield run
    finally:
        executor.shutdown(wait=False)
