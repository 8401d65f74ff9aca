"""How a process ends with whoever started it."""

from __future__ import annotations

import asyncio
import sys


async def leave_with_parent(stopping: asyncio.Event) -> None:
    """Ask this process to stop once whoever started it is gone, however it went."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    reading = asyncio.ensure_future(reader.read())
    stopped = asyncio.ensure_future(stopping.wait())
    await asyncio.wait({reading, stopped}, return_when=asyncio.FIRST_COMPLETED)
    for each in (reading, stopped):
        each.cancel()
    transport.close()
    stopping.set()
