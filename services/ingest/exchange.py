"""One request and its answer: uvicorn's, with a shorter way for what nearly all requests are.

Nearly all bring their body in one piece and are answered by an ``Answer``, which has no body.
uvicorn copies the one twice, and checks and joins the headers of the other each time anew: a sixth
of what a delivery costs outside the log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from services.ingest.answers import Answer, fields_of

if TYPE_CHECKING:
    from uvicorn._types import ASGIReceiveEvent, ASGISendEvent

_CLOSE = b"connection: close\r\n"


class Exchange(RequestResponseCycle):
    """A cycle of uvicorn's in all that is not said here. Writes no access log of answers."""

    body: bytes | bytearray  # type: ignore[assignment]  # uvicorn's is never what came at once
    _answered = False

    def take(self, piece: bytes) -> None:
        """A piece of the body; the only one is kept as it came."""
        if not self.body:
            self.body = piece
        else:
            if isinstance(self.body, bytes):
                self.body = bytearray(self.body)
            self.body += piece
        self.message_event.set()

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
        # Uvicorn says it to the latest of several requests alone; to write now would be an error.
        self.disconnected = self.disconnected or self.transport.is_closing()
        if type(message) is Answer and not self.response_started:
            if not self.disconnected:
                self._tell(message)
        elif not self._answered:  # else it is the body that the answer has not
            await super().send(message)

    def _tell(self, answer: Answer) -> None:
        close = b"" if self.keep_alive else _CLOSE
        fields = _DEFAULTS.written(self.default_headers)
        self.transport.write(b"".join((answer.first_line, fields, answer.fields, close, b"\r\n")))
        self.response_started = self.response_complete = self._answered = True
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()


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
