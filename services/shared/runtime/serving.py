"""HTTP servers as tasks among other tasks: no threads, no signal handlers, no exit of their own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn

from services.shared.contract.errors import OursToFixError
from services.shared.runtime.accepting import Accepting

DEFAULT_STOP_SECONDS = 5


class Server(uvicorn.Server):
    """uvicorn's server on one listener, which neither takes signals nor keeps connections waiting.

    The signals are for whoever owns the process.
    """

    def __init__(self, config: uvicorn.Config, listener: socket.socket) -> None:
        super().__init__(config)
        self.accepting = Accepting(listener, self._connection)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Captures none."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Take connections ourselves; uvicorn is given no ``sockets`` to do it."""
        await super().startup(sockets)
        self.accepting.start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more, and end as uvicorn does."""
        self.accepting.close()
        await self.accepting.begun()  # so that uvicorn sees all whom it has to tell
        await super().shutdown(sockets)

    def _connection(self) -> asyncio.Protocol:
        # As uvicorn makes them in its own `startup`.
        make: Callable[..., asyncio.Protocol] = self.config.http_protocol_class
        return make(
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
            _loop=asyncio.get_running_loop(),
        )


class AddressTakenError(OursToFixError):
    """We cannot listen there: somebody else does, or the address is not this machine's."""

    def __init__(self, host: str, port: int, problem: OSError) -> None:
        # asyncio puts its own words around the system's.
        said = os.strerror(problem.errno) if problem.errno else type(problem).__name__
        super().__init__("address_taken", detail=f"{host}:{port} ({said})")


def listening_socket(
    host: str, port: int, *, backlog: int = 2048, is_shared: bool = False
) -> socket.socket:
    """A socket bound before anything else starts; port 0 takes a free one.

    ``is_shared`` lets other processes that say so too listen there; the kernel spreads connections.

    Raises:
        AddressTakenError: the address is taken, or not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server(
            (host, port), family=family, backlog=backlog, reuse_port=is_shared
        )
    except OSError as problem:
        raise AddressTakenError(host, port, problem) from problem


def config_for(app: Callable[..., Any], **options: Any) -> uvicorn.Config:
    """Settings for a quiet server; ``options`` are uvicorn's own and win over what is set here."""
    quiet: dict[str, Any] = {
        "access_log": False,
        "http": "httptools",
        "lifespan": "off",
        "log_config": None,
        "proxy_headers": False,
        "server_header": False,
        "timeout_graceful_shutdown": DEFAULT_STOP_SECONDS,
        "ws": "none",
    }
    return uvicorn.Config(app, **{**quiet, **options})


async def serve_until(
    stopping: asyncio.Event, config: uvicorn.Config, listener: socket.socket
) -> None:
    """Serve until ``stopping``; then finish what was accepted, within uvicorn's grace."""
    server = Server(config, listener)

    async def stop() -> None:
        await stopping.wait()
        server.should_exit = True

    stop_task = asyncio.create_task(stop())
    try:
        await server.serve(sockets=[])
    finally:
        server.accepting.close()
        stop_task.cancel()
