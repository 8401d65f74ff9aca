"""Taking connections: many of those that wait, at every turn of the loop, however long one is.

libuv takes one at a turn (https://github.com/libuv/libuv/pull/3696), and a turn of a process that
has too much to do is long: of thousands that come at once, most would wait for seconds while the
few that came first are served and refused again and again.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Callable

from services.shared.runtime.logging import Action

log = logging.getLogger(__name__)

# To begin with one costs as much as a delivery, and those who are connected wait for it: a flood
# of connects holds them up for 50 ms at 32, for 330 at 512.
_MOST_AT_ONCE = 32
# What the kernel has too little of, descriptors above all, comes back as connections end.
_AGAIN_SECONDS = 1.0


class Accepting:
    """Gives connections that come to ``listener`` a protocol each, from ``start`` to ``close``."""

    def __init__(self, listener: socket.socket, protocol: Callable[[], asyncio.Protocol]) -> None:
        listener.settimeout(0.0)
        self._listener = listener
        self._protocol = protocol
        self._loop = asyncio.get_running_loop()
        self._beginning: set[asyncio.Task[None]] = set()
        self._again: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Take what waits and what will come."""
        self._again = None
        self._loop.add_reader(self._listener, self._take)

    def close(self) -> None:
        """Close the listener, once: who comes now is refused. What was taken goes on."""
        if self._listener.fileno() < 0:
            return
        self._loop.remove_reader(self._listener)
        self._listener.close()
        if self._again:
            self._again.cancel()
            self._again = None

    async def begun(self) -> None:
        """Wait until every connection that was taken has its protocol."""
        await asyncio.gather(*self._beginning, return_exceptions=True)

    def _take(self) -> None:
        for _ in range(_MOST_AT_ONCE):
            try:
                connection, _address = self._listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError as problem:
                self._rest(errno.errorcode.get(problem.errno or 0, "unknown"))
                return
            connection.settimeout(0.0)
            beginning = self._loop.create_task(self._begin(connection))
            self._beginning.add(beginning)
            beginning.add_done_callback(self._beginning.discard)

    async def _begin(self, connection: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._protocol, connection)
        except OSError:  # gone before it had begun
            connection.close()
        except BaseException:
            connection.close()
            raise

    def _rest(self, why: str) -> None:
        self._loop.remove_reader(self._listener)
        log.warning(
            "no connection can be taken for a while",
            extra={"action": Action.CONNECTIONS_WAIT, "reason": why},
        )
        self._again = self._loop.call_later(_AGAIN_SECONDS, self.start)
