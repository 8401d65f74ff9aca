"""Ends aiokafka's clients.

Their own ``stop`` may wait for a broker for ever, and lets out the cancellations of its own tasks,
which must not be taken for one of ours.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


async def ended(stop: Coroutine[Any, Any, None], seconds: float) -> bool:
    """Whether ``stop`` came to its end within ``seconds``; it does not go on afterwards."""
    task = asyncio.create_task(stop, name="log-end")
    try:
        await asyncio.wait({task}, timeout=seconds)
    finally:
        task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return not task.cancelled() and task.exception() is None


async def end_consumer(consumer: Any, seconds: float) -> bool:
    """Leaves the group and closes every connection; whether the group was told."""
    if await ended(consumer.stop(), seconds):
        return True
    # What its own ``stop`` would have come to, there being no public way to its parts.
    for part in (consumer._coordinator, consumer._fetcher, consumer._client):  # noqa: SLF001 - as said
        if part is not None:
            await ended(part.close(), seconds)
    return False


async def end_producer(producer: Any, problem: Exception, seconds: float) -> None:
    """Gives up what was not acknowledged, telling who waits of ``problem``; it may yet apply."""
    # ``stop`` waits until all is acknowledged, and there is no public way to give it up.
    producer._message_accumulator.fail_all(problem)  # noqa: SLF001 - as said
    if not await ended(producer.stop(), seconds):
        await ended(producer.client.close(), seconds)
