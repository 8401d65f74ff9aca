"""A process of its own beside the tests: appends to a log, or owns a group.

``append PATH RUN``: eight tasks append without end; each acknowledgement is a line ``TASK NUMBER``.
``echo PATH``: appends one event for each line it reads.
``own PATH GROUP``: joins the group and prints ``owned`` when it has the partitions.
``fill PATH BYTES``: appends until a file may grow no further, then with the limit lifted.
``unsynced PATH``: what ``append`` does, on a plain database that does not sync its commits.
"""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sqlite3
import sys
from collections.abc import Awaitable, Callable, Mapping

from services.shared.contract.errors import LogUnavailableError
from services.shared.contract.events import NewEvent
from services.shared.log.sqlite import SqliteLog

TASKS = 8
ORDERS = "shopify.orders"


def event(owner: str, number: int, size: int = 700) -> NewEvent:
    return NewEvent(
        topic=ORDERS,
        key=f"acme.myshopify.com/orders/{owner}",
        value=str(number).encode().ljust(size),
        headers={"owner": owner},
    )


async def append(path: str, run: str) -> None:
    async with SqliteLog.open(path, partitions=3) as log, asyncio.TaskGroup() as tasks:
        for task in range(TASKS):
            tasks.create_task(_append_for_ever(log, f"{run}-{task}"))


async def _append_for_ever(log: SqliteLog, owner: str) -> None:
    number = 0
    while True:
        await log.append([event(owner, number)])
        _say(f"{owner} {number}")
        number += 1


async def echo(path: str) -> None:
    async with SqliteLog.open(path) as log:
        _say("ready")
        while await asyncio.to_thread(sys.stdin.readline):
            await log.append([event("echo", 0)])


async def own(path: str, group: str) -> None:
    async with (
        SqliteLog.open(path) as log,
        log.reader(group, [ORDERS], "process") as reader,
    ):
        while True:
            if (await reader.poll(10, 1.0)).gained:
                _say("owned")


async def fill(path: str, size: str) -> None:
    async with SqliteLog.open(path) as log:
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(size), hard))
        number, refused = 0, False
        while not refused:
            events = [event("fill", number + each, 9_000) for each in range(4)]
            answers = await asyncio.gather(
                *(log.append([each]) for each in events), return_exceptions=True
            )
            errors = [each for each in answers if isinstance(each, LogUnavailableError)]
            number += len(events) - len(errors)
            refused = bool(errors)
        _say(f"{number} {len(errors)} {errors[0].reason}")
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        await log.append([event("fill", number, 9_000)])
        _say(f"{number + 1} {await log.is_writable()}")


async def unsynced(path: str) -> None:
    file = sqlite3.connect(path, isolation_level=None)
    file.execute("PRAGMA journal_mode = WAL")
    file.execute("PRAGMA synchronous = NORMAL")
    file.execute("CREATE TABLE events (number INTEGER)")
    for number in range(1_000):
        file.execute("INSERT INTO events VALUES (?)", (number,))
        _say(f"plain {number}")
    signal.pause()


def _say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


_COMMANDS: Mapping[str, Callable[..., Awaitable[None]]] = {
    each.__name__: each for each in (append, echo, own, fill, unsynced)
}


async def _main() -> None:
    await _COMMANDS[sys.argv[1]](*sys.argv[2:])


if __name__ == "__main__":
    asyncio.run(_main())
