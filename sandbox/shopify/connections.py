"""Connections kept alive, each in a pool of its own."""

from __future__ import annotations

import httpx


class Connections(httpx.AsyncBaseTransport):
    """As many connections as there are requests at once, the last used taken first.

    One pool for all would look at each of its connections for every request, which at fifty of
    them costs more than the request.
    """

    def __init__(self) -> None:
        self._ssl_context = httpx.create_ssl_context()
        self._free: list[httpx.AsyncHTTPTransport] = []
        self._all: list[httpx.AsyncHTTPTransport] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send on a free connection, or on a new one; the answer comes read in full."""
        connection = self._free.pop() if self._free else self._opened()
        try:
            answer = await connection.handle_async_request(request)
            body = b"".join([part async for part in answer.aiter_raw()])
            await answer.aclose()
        finally:
            self._free.append(connection)
        return httpx.Response(
            answer.status_code, headers=answer.headers, stream=httpx.ByteStream(body)
        )

    async def aclose(self) -> None:
        """Close them all."""
        for connection in self._all:
            await connection.aclose()

    def _opened(self) -> httpx.AsyncHTTPTransport:
        connection = httpx.AsyncHTTPTransport(
            verify=self._ssl_context, limits=httpx.Limits(max_connections=1), trust_env=False
        )
        self._all.append(connection)
        return connection
