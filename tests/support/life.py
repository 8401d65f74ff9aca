"""One process of the product: every point at which it may die, and what dies with it."""

import asyncio
import contextvars
from collections.abc import Coroutine
from typing import Any

_LIFE: contextvars.ContextVar["Life | None"] = contextvars.ContextVar("life", default=None)


class Life:
    """From the start of a process until it is killed.

    Whatever reaches the disk or the network passes ``step``, before and after. There the process
    can be made to die, and once it is dead nothing passes any more: its tasks stop where they are.
    """

    def __init__(self) -> None:
        self.is_dead = False
        self.steps = 0
        self._last_step: int | None = None
        self._died = asyncio.Event()
        self._tasks: list[asyncio.Task[Any]] = []

    async def step(self) -> None:
        """Let others go on, and go on if the process still lives."""
        self.steps += 1
        if self.steps == self._last_step:
            self.die()
        if not self.is_dead:
            await asyncio.sleep(0)
        if self.is_dead:
            raise asyncio.CancelledError

    def die(self) -> None:
        """Nothing passes from now on."""
        self.is_dead = True
        self._died.set()

    async def doomed(self, steps: int, seconds: float) -> None:
        """Returns once the process died, so many steps from now, or so many seconds."""
        self._last_step = self.steps + steps
        try:
            async with asyncio.timeout(seconds):
                await self._died.wait()
        except TimeoutError:
            self.die()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run ``work`` as this process; every task it makes is the process's."""
        context = contextvars.copy_context()
        context.run(_LIFE.set, self)
        asyncio.get_running_loop().create_task(work, context=context)

    async def dropped(self) -> None:
        """Returns when no task of the dead process is left."""
        while self._tasks:
            task = self._tasks.pop()
            task.cancel()
            await asyncio.wait([task])
            if not task.cancelled():
                task.exception()

    def own(self, task: asyncio.Task[Any]) -> None:
        """Count ``task`` as this process's, until it is done."""
        self._tasks.append(task)
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[Any]) -> None:
        if task in self._tasks and not self.is_dead:
            self._tasks.remove(task)


def track_tasks() -> None:
    """Let every task made from now on in the running loop belong to the process that makes it."""
    asyncio.get_running_loop().set_task_factory(_made)


def _made(
    loop: asyncio.AbstractEventLoop, work: Any, context: contextvars.Context | None = None
) -> asyncio.Task[Any]:
    task: asyncio.Task[Any] = asyncio.Task(work, loop=loop, context=context)
    life = context.get(_LIFE) if context is not None else _LIFE.get()
    if life is not None:
        life.own(task)
    return task


def of_nobody() -> contextvars.Context:
    """A context for tasks that no process takes with it when it dies."""
    context = contextvars.copy_context()
    context.run(_LIFE.set, None)
    return context
