"""The body of a request, apart from its head."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import httptools

_FRAMING = (b"content-length", b"transfer-encoding")


class TakesBodies(Protocol):
    """What is told of a body."""

    def on_body(self, body: bytes) -> None:
        """A piece of it."""

    def on_message_complete(self) -> None:
        """Its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _BodyAlone:
    on_body: Callable[[bytes], None]
    on_message_complete: Callable[[], None]


def framing_in(headers: Mapping[bytes, bytes]) -> bytes:
    """The headers that say where a body ends, as they are sent; empty if there is no body."""
    if headers.get(b"content-length", b"0").strip(b"0") or b"transfer-encoding" in headers:
        return b"".join(
            b"%b: %b\r\n" % (name, headers[name]) for name in _FRAMING if name in headers
        )
    return b""


def parser_of_body(framing: bytes, told: TakesBodies) -> httptools.HttpRequestParser:
    """A parser of one body framed so, which is the last on its connection."""
    alone = _BodyAlone(on_body=told.on_body, on_message_complete=told.on_message_complete)
    parser = httptools.HttpRequestParser(alone)
    parser.feed_data(b"POST / HTTP/1.1\r\nConnection: close\r\n" + framing + b"\r\n")
    return parser
