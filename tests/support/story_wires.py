"""The wires of a story: calls in memory that a test sees, interrupts, keeps and repeats."""

import asyncio
from collections.abc import Callable

import httpx

from tests.support.life import of_nobody


class Wire(httpx.AsyncBaseTransport):
    """Reaches an application in memory. A call that takes too long is an error, and goes on there.

    ``before`` is what happens just before calls whose path ends so; ``after``, what happens once
    they are answered, and how many seconds the answer then takes to come.
    """

    def __init__(self, app: object, seconds: float = 15.0) -> None:
        self._inner = httpx.ASGITransport(app=app)  # type: ignore[arg-type]  # any ASGI callable
        self._seconds = seconds
        self.is_cut = False
        self.requests: list[httpx.Request] = []
        self.before: dict[str, Callable[[httpx.Request], None]] = {}
        self.after: dict[str, tuple[Callable[[httpx.Response], None], float]] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.is_cut:
            raise httpx.ConnectError("cut")
        self.requests.append(request)
        for ending, happens in self.before.items():
            if request.url.path.endswith(ending):
                happens(request)
        await asyncio.sleep(0.001)
        call = asyncio.get_running_loop().create_task(self._served(request), context=of_nobody())
        try:
            async with asyncio.timeout(self._seconds):
                return await asyncio.shield(call)
        except TimeoutError:
            raise httpx.ReadTimeout("too slow", request=request) from None

    async def _served(self, request: httpx.Request) -> httpx.Response:
        answer = await self._inner.handle_async_request(request)
        await self._happens_after(request, answer)
        return answer

    async def _happens_after(self, request: httpx.Request, answer: httpx.Response) -> None:
        for ending, (happens, seconds) in self.after.items():
            if request.url.path.endswith(ending):
                happens(answer)
                await asyncio.sleep(seconds)

    def calls(self, ending: str) -> list[httpx.Request]:
        """The requests whose path ends so."""
        return [each for each in self.requests if each.url.path.endswith(ending)]


class Door(httpx.AsyncBaseTransport):
    """Shopify's way in. While it holds, deliveries are answered with 200 and kept."""

    def __init__(self) -> None:
        self.inner: httpx.AsyncBaseTransport | None = None
        self.is_holding = False
        self.kept: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.kept.append(request)
        if self.is_holding:
            return httpx.Response(200)
        return await self.deliver(request)

    async def deliver(self, request: httpx.Request) -> httpx.Response:
        """Bring one delivery in, once more if it was in already."""
        if self.inner is None:
            return httpx.Response(503)
        again = httpx.Request(
            request.method, request.url, headers=request.headers, content=request.content
        )
        return await self.inner.handle_async_request(again)

    def of(self, topic: str) -> list[httpx.Request]:
        """The deliveries of a topic so far, oldest first."""
        return [each for each in self.kept if each.headers["x-shopify-topic"] == topic]
