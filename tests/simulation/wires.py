"""The network of the simulation: calls in memory, with time-outs, seen and cut by the story."""

import asyncio
import zlib
from collections.abc import Callable
from contextlib import suppress

import httpx

from tests.support.life import Life, of_nobody

Note = Callable[[str], None]


class Wire(httpx.AsyncBaseTransport):
    """A process's way to a vendor. What was sent is done there, whoever waits for the answer."""

    def __init__(self, vendor: httpx.AsyncBaseTransport, life: Life, note: Note) -> None:
        self._vendor = vendor
        self._life = life
        self._note = note
        self._seconds = 15.0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await self._life.step()
        body = zlib.crc32(await request.aread())
        self._note(f"{request.method} {request.url.host}{request.url.path} {body:08x}")
        call = asyncio.get_running_loop().create_task(self._served(request), context=of_nobody())
        try:
            async with asyncio.timeout(self._seconds):
                answer = await asyncio.shield(call)
        except TimeoutError:
            self._note(f"no answer to {request.url.path}")
            raise httpx.ReadTimeout("too slow", request=request) from None
        except httpx.RequestError as problem:
            self._note(f"{type(problem).__name__} for {request.url.path}")
            raise
        await self._life.step()
        self._note(f"{answer.status_code} for {request.url.path}")
        return answer

    async def _served(self, request: httpx.Request) -> httpx.Response:
        # A thousandth for the way there: two calls made at one moment do not arrive as one.
        await asyncio.sleep(0.001)
        return await self._vendor.handle_async_request(request)


class Doorbell(httpx.AsyncBaseTransport):
    """Shopify's way to whichever process runs now; nobody answers while none does."""

    def __init__(self, note: Note) -> None:
        self._note = note
        self._app: httpx.ASGITransport | None = None
        self._life: Life | None = None

    def open(self, app: httpx.ASGITransport, life: Life) -> None:
        """Lead to ``app`` for as long as ``life`` lasts."""
        self._app, self._life = app, life

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        app, life = self._app, self._life
        if app is None or life is None or life.is_dead:
            raise httpx.ConnectError("nobody there")
        answer: httpx.Response | None = None
        with suppress(asyncio.CancelledError):
            answer = await app.handle_async_request(request)
        if answer is None:
            if not life.is_dead:
                raise asyncio.CancelledError
            raise httpx.ReadError("the process died")
        self._note(f"webhook {request.headers.get('X-Shopify-Topic')} {answer.status_code}")
        return answer
