"""Taking connections: as many as wait, at every turn of the loop, however long a turn is.

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

# Of one turn, so that those who are connected do not wait for ever either.
_MOST_AT_ONCE = 512
# What the kernel has too little of comes back as connections end.
_SCARCE = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_AGAIN_SECONDS = 1.0


class Accepting:
    """Gives every connection that comes to ``listener`` a protocol, from ``start`` to ``stop``."""

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

    def stop(self) -> None:
        """Close the listener: who comes now is refused. What was taken goes on."""
        self._loop.remove_reader(self._listener)
        if self._again:
            self._again.cancel()
        self._listener.close()

    def _take(self) -> None:
        for _ in range(_MOST_AT_ONCE):
            try:
                connection, _address = self._listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError as problem:
                if problem.errno not in _SCARCE:
                    raise
                self._rest(problem.errno)
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

    def _rest(self, why: int) -> None:
        self._loop.remove_reader(self._listener)
        log.warning(
            "no connection can be taken for a while",
            extra={"action": Action.CONNECTIONS_WAIT, "reason": errno.errorcode[why]},
        )
        self._again = self._loop.call_later(_AGAIN_SECONDS, self.start)
