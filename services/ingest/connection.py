"""One connection: uvicorn's, with a shorter way from the head of a request to the application."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from services.ingest.exchange import Exchange
from services.ingest.heads import target_in


class Connection(HttpToolsProtocol):
    """A protocol of uvicorn's in all that is not said here; its requests are ``Exchange``s.

    uvicorn looks at each header as it comes. Here they are kept, to be looked at once, by whoever
    takes them as complete and lets the request begin.
    """

    cycle: Exchange

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

    def begin(self, *, expects: bytes) -> None:
        """Hand the request to the application, as uvicorn does, in its turn."""
        before: Exchange | None = self.cycle
        is_current = self.scope["http_version"] != "1.0"
        self.cycle = Exchange(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            # HTTP/1.0 knows neither: RFC 9110, 10.1.1.
            expect_100_continue=is_current and expects.lower() == b"100-continue",
            keep_alive=is_current and self.parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def unanswered(self) -> Exchange | None:
        """The latest request, if it has reached the application and has no answer yet."""
        latest: Exchange | None = self.cycle
        return None if latest is None or latest.response_complete else latest
