"""One connection: uvicorn's, with a shorter way from the head of a request to its answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar, Protocol

from uvicorn._types import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from services.ingest.answers import Answer
from services.ingest.exchange import Exchange, written
from services.ingest.heads import target_in


class TakesWhole(Protocol):
    """What takes requests that are there as a whole, which need no task of their own."""

    def takes(self, method: str, path: str) -> bool:
        """Whether :meth:`take` is for such a request."""

    def take(
        self,
        headers: Iterable[tuple[bytes, bytes]],
        body: bytes,
        tell: Callable[[Answer | Exception], None],
    ) -> None:
        """Begin with it; ``tell`` once how it is answered or what went wrong with us."""

    def no_time_for(self, data: bytes, most_header_bytes: int) -> Answer | None:
        """What ``data`` is answered if it is a request there is no time for; None is no answer."""


class Connection(HttpToolsProtocol):
    """A protocol of uvicorn's in all that is not said here; its requests are ``Exchange``s.

    uvicorn looks at each header as it comes. Here they are kept, to be looked at once, by whoever
    takes them as complete and lets the request begin. And it makes a task for each request, which
    then waits for the body; a request that has come whole, as nearly all do, goes to ``at_hand``
    without one, if it is for that.
    """

    at_hand: ClassVar[TakesWhole | None] = None
    cycle: Exchange
    _next: Exchange | None = None  # whose turn it is, and that has not begun

    def connection_lost(self, exc: Exception | None) -> None:
        """As in uvicorn; and let go of the requests, which refer back to this connection.

        In a circle they would stay in memory until Python looks for circles, which is seldom: six
        megabytes for each thousand senders who come and go.
        """
        super().connection_lost(exc)
        self.cycle = self._next = None  # type: ignore[assignment]  # as uvicorn begins
        self.pipeline.clear()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep it; what it says is looked at when all are there."""
        self.headers.append((name.lower(), value))

    def complete_scope(self) -> None:
        """Take what the first line of the request says into its scope.

        Raises:
            httptools.HttpParserInvalidURLError: it names nothing on a server.
        """
        target = target_in(self.url)
        self.scope["method"] = self.parser.get_method().decode("ascii")
        self.scope["http_version"] = self.parser.get_http_version()
        self.scope["path"] = self.root_path + target.path
        self.scope["raw_path"] = self.root_path.encode("ascii") + target.raw_path
        self.scope["query_string"] = target.query

    def queue(self, *, expects: bytes) -> None:
        """The request is the next to :meth:`begin`, or has to wait for its turn."""
        before: Exchange | None = self.cycle
        is_current = self.scope["http_version"] != "1.0"
        self.cycle = Exchange(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            default_headers=self.server_state.default_headers,
            on_response=self.on_response_complete,
        )
        self.cycle.keep_alive = is_current and self.parser.should_keep_alive()
        # HTTP/1.0 knows neither: RFC 9110, 10.1.1.
        self.cycle.waiting_for_100_continue = is_current and expects.lower() == b"100-continue"
        if before is None or before.response_complete:
            self._next = self.cycle
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def begin(self) -> None:
        """Begin with the request whose turn it is, unless that has been done or was refused."""
        exchange, self._next = self._next, None
        if exchange is None or exchange.disconnected or self.transport.is_closing():
            return
        if self.at_hand is not None and self._is_simple(exchange, self.at_hand):
            self._hand_over(exchange, self.at_hand)
        else:
            self._start_asgi_task(exchange, self.app)

    def _is_simple(self, exchange: Exchange, at_hand: TakesWhole) -> bool:
        """Whether nothing has to be waited for but the answer."""
        return not (
            exchange.more_body
            or exchange.waiting_for_100_continue
            or self.flow.write_paused
            or self.parser.should_upgrade()
        ) and at_hand.takes(exchange.scope["method"], exchange.scope["path"])

    def _hand_over(self, exchange: Exchange, at_hand: TakesWhole) -> None:
        def tell(told: Answer | Exception) -> None:
            if isinstance(told, Answer):
                exchange.answer(told)
            else:
                self._start_asgi_task(exchange, _raising(told))

        body, exchange.body = bytes(exchange.body), b""
        at_hand.take(exchange.scope["headers"], body, tell)

    def shed(self, data: bytes, most_header_bytes: int) -> bool:
        """Refuse what came between two requests, if it can be told without the parser."""
        if self.at_hand is None or self.unanswered() is not None or self.flow.write_paused:
            return False
        if self.transport.is_closing():
            return False
        refusal = self.at_hand.no_time_for(data, most_header_bytes)
        if refusal is None:
            return False
        self.transport.write(written(refusal, self.server_state.default_headers, closes=False))
        self.on_response_complete()
        return True

    def unanswered(self) -> Exchange | None:
        """The latest request, if it has reached the application and has no answer yet."""
        latest: Exchange | None = self.cycle
        return None if latest is None or latest.response_complete else latest


def _raising(bug: Exception) -> ASGI3Application:
    """An application that does, so that uvicorn says so and answers as for any other."""

    async def app(_scope: Scope, _receive: ASGIReceiveCallable, _send: ASGISendCallable) -> None:
        raise bug

    return app
