"""What uvicorn does not limit, limited: headers, bodies and silence, by bytes and by time.

uvicorn calls its application once the headers are complete and never limits them, and it lets a
body take for ever. This subclass of its httptools protocol keeps, for each connection, what is
being read and until when; one timer a connection looks at that now and then: a request costs none.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from enum import Enum, auto
from typing import ClassVar

import httptools
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT

from services.ingest.answers import ANSWERS
from services.ingest.connection import TakesWhole
from services.ingest.ending import Ending
from services.ingest.framing import framing_in, parser_of_body
from services.ingest.heads import names_its_host
from services.ingest.metrics import Metrics
from services.ingest.outcomes import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Sizes in bytes, times in seconds."""

    header_bytes: int
    header_seconds: float
    body_bytes: int
    body_seconds: float
    idle_seconds: float
    connections: int

    @property
    def look_seconds(self) -> float:
        """How often a connection is looked at: no deadline set in between can be missed."""
        return min(self.header_seconds, self.body_seconds, self.idle_seconds)


# The parser takes 0.9 and 2.0 to be framed like these, which they are not: RFC 9110, 15.6.6.
_VERSIONS = ("1.1", "1.0")


class _Reading(Enum):
    NOTHING = auto()  # between requests, or while one is being answered
    HEADERS = auto()
    BODY = auto()
    REFUSED = auto()  # never again
    UPGRADED = auto()  # to a protocol we do not speak: the answer ends the connection


# By these names a request costs less: looking up or hashing a member is Python code each time.
_NOTHING, _HEADERS, _BODY = _Reading.NOTHING, _Reading.HEADERS, _Reading.BODY
_REFUSED, _UPGRADED = _Reading.REFUSED, _Reading.UPGRADED


def limited(
    limits: Limits, metrics: Metrics, at_hand: TakesWhole | None = None
) -> type[LimitedProtocol]:
    """The protocol class for ``uvicorn.Config(http=…)``; ``metrics`` count every refusal.

    What ``at_hand`` takes never reaches the application.
    """
    members = {
        "at_hand": at_hand,
        "limits": limits,
        "metrics": metrics,
        "unread_seconds": limits.idle_seconds,
    }
    return type("LimitedProtocol", (LimitedProtocol,), members)


class LimitedProtocol(Ending):
    """One connection. Says nothing in the log: what comes here is strangers' input."""

    limits: ClassVar[Limits]
    metrics: ClassVar[Metrics]

    _reading = _NOTHING
    _deadline = math.inf  # on the loop's clock; whatever is being read must be read by then
    _header_bytes = 0
    _body_bytes = 0
    _framed_bytes = 0  # of a body as it comes, with sizes and extensions of chunks and trailers
    _look: asyncio.TimerHandle | None = None
    _framing = b""  # of a body that the parser is not going to read

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn
        """Begin waiting for headers, if there is room for one more."""
        super().connection_made(transport)
        self.metrics.connections.inc()
        if len(self.connections) > self.limits.connections:
            self._refuse(Outcome.TOO_MANY_CONNECTIONS)
            return
        self._deadline = self.loop.time() + self.limits.header_seconds
        self._look = self.loop.call_later(self.limits.look_seconds, self._look_at_deadline)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop looking; a sender that left in the middle of its request is counted."""
        self._stop_looking()
        if self._reading is _BODY or self._header_bytes:
            self.metrics.count(Outcome.DISCONNECTED)
        self.metrics.connections.dec()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """At the process' end: finish what has arrived whole, refuse what has not."""
        if self._reading is _BODY or self._header_bytes:
            self._refuse(Outcome.STOPPING)
        elif self._reading is not _REFUSED:
            super().shutdown()

    # What arrives

    def data_received(self, data: bytes) -> None:
        """Feed the parser, never more of the headers than is allowed."""
        is_small = len(data) <= self.limits.body_bytes
        if is_small and self._reading is _NOTHING and self.shed(data, self.limits.header_bytes):
            return
        while data and self._reading is not _REFUSED and self._reading is not _UPGRADED:
            if self._reading is _NOTHING:
                self._expect_headers()
            if self._reading is _BODY:
                if self._framed_bytes - self._body_bytes > self.limits.body_bytes:
                    self._refuse(Outcome.BODY_TOO_LARGE)
                    return
                piece, data = data, b""
                self._framed_bytes += len(piece)
            else:
                room = self.limits.header_bytes - self._header_bytes
                if room <= 0:
                    self._refuse(Outcome.HEADERS_TOO_LARGE)
                    return
                piece, data = (data, b"") if len(data) <= room else (data[:room], data[room:])
                self._header_bytes += len(piece)
            self._feed(piece)
        if self._reading is _BODY:  # there is more to come, for which the application waits
            self.begin()

    def _feed(self, piece: bytes) -> None:
        try:
            self.parser.feed_data(piece)
        except httptools.HttpParserUpgrade as upgrade:
            if self._reading is not _REFUSED:
                self.cycle.keep_alive = False
                self._go_on_as_before(piece[upgrade.args[0] :])
        except httptools.HttpParserError:
            if self._reading is not _REFUSED:  # else it read on behind what was refused
                self._refuse(Outcome.NOT_HTTP)

    def _go_on_as_before(self, rest: bytes) -> None:
        """Behind a request for another protocol, which parsers take to begin here, read its body.

        Who does not change to it takes the request as if that had not been asked: RFC 9110, 7.8.
        """
        if self._reading is _BODY:
            self.parser, self._framing = parser_of_body(self._framing, self), b""
            self._feed(rest)
        else:
            self._reading = _UPGRADED
            self._deadline = math.inf

    def _expect_headers(self) -> None:
        self._reading = _HEADERS
        self._header_bytes = 0
        self._deadline = self.loop.time() + self.limits.header_seconds

    # What the parser finds

    def on_message_begin(self) -> None:
        """A request begins, perhaps right behind another in what came at once."""
        if self._reading is _REFUSED:
            return
        if self._reading is not _HEADERS:
            self._expect_headers()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Refuse what should not go on; else the application starts here."""
        if self._reading is _REFUSED:
            return
        self.complete_scope()
        by_name = dict(self.headers)
        if self.scope["http_version"] not in _VERSIONS:
            self._refuse(Outcome.OTHER_VERSION)
        # The parser took only digits, and only one length.
        elif int(by_name.get(b"content-length", 0)) > self.limits.body_bytes:
            self._refuse(Outcome.BODY_TOO_LARGE)
        elif not names_its_host(self.headers, by_name, self.scope["http_version"]):
            self._refuse(Outcome.BAD_HOST)
        else:
            self._framing = framing_in(by_name) if self.parser.should_upgrade() else b""
            self.queue(expects=by_name.get(b"expect", b""))
            # What comes behind a chunked body is no header of the request: RFC 9110, 6.5.1.
            self.headers = []
            self._reading = _BODY
            self._header_bytes = self._body_bytes = self._framed_bytes = 0
            self._deadline = self.loop.time() + self.limits.body_seconds

    def on_body(self, body: bytes) -> None:
        """Count; a body that was not announced may be too large only now."""
        if self._reading is _REFUSED:
            return
        self._body_bytes += len(body)
        if self._body_bytes > self.limits.body_bytes:
            self._refuse(Outcome.BODY_TOO_LARGE)
            return
        if not self.cycle.response_complete:
            self.cycle.take(body)
            if len(self.cycle.body) > HIGH_WATER_LIMIT:
                self.flow.pause_reading()

    def on_message_complete(self) -> None:
        """The request is here; from now on the time is ours, not the sender's."""
        if self._reading is _REFUSED or self._framing:
            return
        self._reading = _NOTHING
        if self.cycle.response_complete:  # before its body was here: nobody asks for that now
            self._deadline = self.loop.time() + self.limits.idle_seconds
            return
        self._deadline = math.inf
        self.cycle.complete()
        self.begin()

    def on_response_complete(self) -> None:
        """As in uvicorn, with our deadline for its timer: one timer a request is one too many."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():  # once the answer is read
            self._deadline = self.loop.time() + self.limits.idle_seconds
            return
        if self._reading is not _REFUSED:
            self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif not self.end_if_said() and self._reading is _NOTHING:
            self._deadline = self.loop.time() + self.limits.idle_seconds

    def eof_received(self) -> bool:  # type: ignore[override]  # uvicorn closes every time
        """Whether the connection stays: who has said all may still hear the answers."""
        latest = self.unanswered()
        if latest is None or (self._reading is _BODY and not self.pipeline):
            return False
        if self._reading is _BODY:  # whoever came whole before it
            self._refuse(Outcome.DISCONNECTED)
        if self._reading is not _REFUSED:  # else there is a last word, which closes
            latest.keep_alive = False
        return True

    # What does not arrive

    def _look_at_deadline(self) -> None:
        now = self.loop.time()
        if now < self._deadline:
            next_look = min(self._deadline, now + self.limits.look_seconds)
            self._look = self.loop.call_at(next_look, self._look_at_deadline)
        elif self.transport.is_closing():
            self.transport.abort()
        elif self._reading is _BODY:
            self._refuse(Outcome.BODY_TOO_SLOW)
        elif self._header_bytes:
            self._refuse(Outcome.HEADERS_TOO_SLOW)
        else:
            self.metrics.count(Outcome.IDLE)
            self.part()

    def _stop_looking(self) -> None:
        if self._look is not None:
            self._look.cancel()
            self._look = None

    # How it ends

    def _refuse(self, outcome: Outcome) -> None:
        """Tell the sender when it is this request's turn to be answered, and hear no more of it."""
        self.metrics.count(outcome)
        is_unfinished = self._reading is _BODY
        self._reading = _REFUSED
        self._header_bytes = 0
        self._stop_looking()
        self.flow.pause_reading()
        self.end_with(ANSWERS.get(outcome), unfinished=is_unfinished)
