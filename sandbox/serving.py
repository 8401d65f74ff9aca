"""Both simulators behind sockets: uvicorn servers in the caller's event loop."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from sandbox.shopify.shopify import Shopify
from sandbox.shops.trickle import trickle

LOOPBACK = "127.0.0.1"
FASTEST = 200.0
GRACE_SECONDS = 2


class _Server(uvicorn.Server):
    """A server that says when it is up, and leaves the process's signals to whoever runs it."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def served(app: ASGIApp, port: int = 0) -> AsyncIterator[str]:
    """Serve ``app`` on the loopback; gives its address once it answers. Port 0 is any free one."""
    listener = socket.create_server((LOOPBACK, port))
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        date_header=False,
        lifespan="off",
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]), name=f"server of {app}")
    try:
        await server.up.wait()
        yield f"http://{LOOPBACK}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
        listener.close()


class Trickle:
    """Lets things happen in the stores at a rate that may be changed at any time."""

    def __init__(self, shopify: Shopify, seed: int, rate: float = 0.0) -> None:
        self._shopify = shopify
        self._rng = random.Random(f"{seed}/trickle")  # noqa: S311 - data, not secrets
        self._rate = rate
        self._changed = asyncio.Event()
        self.happened = 0

    def set_rate(self, rate: float) -> None:
        """Changes a second, 0 for none, ``FASTEST`` at most."""
        if not 0 <= rate <= FASTEST:
            raise ValueError(f"a rate is between 0 and {FASTEST:g} changes a second")
        self._rate = rate
        self._changed.set()

    async def run(self) -> None:
        """Until cancelled: one change, a pause of random length, and so on."""
        while True:
            self._changed.clear()
            if not self._rate:
                await self._changed.wait()
                continue
            await self._shopify.sleep(self._rng.expovariate(self._rate))
            if self._rate:
                trickle(self._shopify, self._rng)
                self.happened += 1

    def route(self) -> Route:
        """``GET`` and ``POST /_sandbox/trickle {"rate": 2.5}``: changes a second."""
        return Route("/_sandbox/trickle", self._answer, methods=["GET", "POST"])

    async def _answer(self, request: Request) -> Response:
        if request.method == "POST":
            try:
                self.set_rate(float((await request.json())["rate"]))
            except (KeyError, TypeError, ValueError) as error:
                return JSONResponse({"errors": str(error) or "rate is missing"}, 400)
        return JSONResponse({"rate": self._rate, "happened": self.happened})
