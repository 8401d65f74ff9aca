"""One request and its answer: uvicorn's, with a shorter way for what nearly all requests are.

Nearly all bring their body in one piece and are answered by an ``Answer``, which has no body.
uvicorn copies the one twice, and checks and joins the headers of the other each time anew: a sixth
of what a delivery costs outside the log.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from services.ingest.answers import Answer, fields_of

if TYPE_CHECKING:
    from uvicorn._types import ASGIReceiveEvent, ASGISendEvent, HTTPScope
    from uvicorn.protocols.http.flow_control import FlowControl

_CLOSE = b"connection: close\r\n"


class Exchange(RequestResponseCycle):
    """A cycle of uvicorn's in all that is not said here. Writes no access log of answers."""

    # What uvicorn's sets of each is the class' until it changes, and of most it never does.
    access_log = False
    body: bytes | bytearray = b""  # type: ignore[assignment]  # uvicorn's is never what came at once
    chunked_encoding = None
    disconnected = False
    expected_content_length = 0
    keep_alive = True
    logger = logging.getLogger("uvicorn.error")
    more_body = True
    response_complete = False
    response_started = False
    waiting_for_100_continue = False
    _answered = False

    def __init__(
        self,
        scope: HTTPScope,
        transport: asyncio.Transport,
        flow: FlowControl,
        default_headers: list[tuple[bytes, bytes]],
        on_response: Callable[[], None],
    ) -> None:
        self.scope = scope
        self.transport = transport
        self.flow = flow
        self.default_headers = default_headers
        self.on_response = on_response

    @cached_property
    def message_event(self) -> asyncio.Event:  # type: ignore[override]  # uvicorn makes it at once
        """Set when there is something to ``receive``; made when somebody cares."""
        event = asyncio.Event()
        if self.body or not self.more_body or self.disconnected:
            event.set()
        return event

    def wake(self) -> None:
        """There is news for whoever waits."""
        if "message_event" in self.__dict__:
            self.message_event.set()

    def take(self, piece: bytes) -> None:
        """A piece of the body; the only one is kept as it came."""
        if not self.body:
            self.body = piece
        else:
            if isinstance(self.body, bytes):
                self.body = bytearray(self.body)
            self.body += piece
        self.wake()

    def complete(self) -> None:
        """The body is here."""
        self.more_body = False
        self.wake()

    async def receive(self) -> ASGIReceiveEvent:
        """As ASGI has it."""
        if self.more_body or self.waiting_for_100_continue or not self._has_news():
            return await super().receive()
        self.message_event.clear()
        body, self.body = self.body, b""
        return {"type": "http.request", "body": bytes(body), "more_body": False}

    def _has_news(self) -> bool:
        gone = self.disconnected or self.response_complete
        return not gone and self.message_event.is_set()

    async def send(self, message: ASGISendEvent) -> None:
        """As ASGI has it."""
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if type(message) is Answer and not self.response_started:
            self.answer(message)
            return
        # Uvicorn says it to the latest of several requests alone; to write now would be an error.
        self.disconnected = self.disconnected or self.transport.is_closing()
        if not self._answered:  # else it is the body that the answer has not
            await super().send(message)

    def answer(self, answer: Answer) -> None:
        """Answer, if there is anybody to answer to."""
        self.disconnected = self.disconnected or self.transport.is_closing()
        if self.disconnected:
            return
        self.transport.write(written(answer, self.default_headers, closes=not self.keep_alive))
        self.response_started = self.response_complete = self._answered = True
        self.wake()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()


def written(answer: Answer, default_headers: list[tuple[bytes, bytes]], *, closes: bool) -> bytes:
    """An answer as it goes over the wire, with what the server adds to each."""
    close = _CLOSE if closes else b""
    fields = _DEFAULTS.written(default_headers)
    return b"".join((answer.first_line, fields, answer.fields, close, b"\r\n"))


class _Defaults:
    """The headers uvicorn adds to each answer, as bytes; it replaces their list once a second."""

    def __init__(self) -> None:
        self._headers: list[tuple[bytes, bytes]] = []
        self._fields = b""

    def written(self, headers: list[tuple[bytes, bytes]]) -> bytes:
        if headers is not self._headers:
            self._headers, self._fields = headers, fields_of(headers)
        return self._fields


_DEFAULTS = _Defaults()
