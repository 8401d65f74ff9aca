"""What is told to be one delivery without a parser, a parser takes for exactly that."""

from __future__ import annotations

import httptools
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.shedding import is_one_request
from tests.support.deliveries import request_bytes, signed_headers

FIRST_LINE = b"POST /webhooks/shopify HTTP/1.1\r\n"
BODY = b'{"id": 1}'
WHOLE = request_bytes(BODY)
LIMIT = 4096


def is_told(data: bytes, limit: int = LIMIT) -> bool:
    return is_one_request(data, FIRST_LINE, limit)


def with_header(line: bytes) -> bytes:
    return WHOLE.replace(b"Host: ingest\r\n", b"Host: ingest\r\n" + line)


@pytest.mark.parametrize(
    "data",
    [
        WHOLE,
        request_bytes(b""),
        request_bytes(BODY * 5000),
        with_header(b"Connection: keep-alive\r\n"),
        with_header(b"X-Forwarded-For: 10.0.0.1\r\n"),
        request_bytes(b"\r\n\r\nContent-Length: 3"),
    ],
    ids=["as it is", "without a body", "long", "keep-alive", "by a proxy", "a head for a body"],
)
def test_one_delivery_is_told(data: bytes) -> None:
    assert is_told(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        WHOLE[:-1],
        WHOLE[:40],
        WHOLE + b"G",
        WHOLE + WHOLE,
        b"\r\n" + WHOLE,
        request_bytes(BODY, method="GET"),
        request_bytes(BODY, path="/webhooks/shopify/"),
        WHOLE.replace(b"HTTP/1.1", b"HTTP/1.0"),
        WHOLE.replace(b"Host: ingest\r\n", b""),
        with_header(b"Host: another\r\n"),
        with_header(b"Content-Length: 9\r\n"),
        with_header(b"Content-Length: 0\r\n"),
        WHOLE.replace(b"Length: 9", b"Length: +9"),
        WHOLE.replace(b"Length: 9", b"Length: 9, 9"),
        WHOLE.replace(b"Content-Length: 9", b"Content-Length : 9"),
        with_header(b"Transfer-Encoding: chunked\r\n"),
        with_header(b"Transfer-Encoding : chunked\r\n"),
        with_header(b"Expect: 100-continue\r\n"),
        with_header(b"Connection: close\r\n"),
        with_header(b"Proxy-Connection: close\r\n"),
        with_header(b"Connection: keep-alive, upgrade\r\nUpgrade: h2c\r\n"),
        with_header(b"X-Folded: one\r\n two\r\n"),
        with_header(b"X-Bare: one\nTransfer-Encoding: chunked\r\n"),
        with_header(b"X-Bare: one\rTransfer-Encoding: chunked\r\n"),
    ],
)
def test_all_else_is_left_to_the_parser(data: bytes) -> None:
    assert not is_told(data)


def test_headers_over_the_limit_are_left_to_the_parser() -> None:
    headers = len(WHOLE) - len(BODY)

    assert is_told(WHOLE, headers)
    assert not is_told(WHOLE, headers - 1)


PIECES = st.sampled_from(
    [
        *(b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b"\0", b"9", b"\xff", b"\r\n\r\n", b"x"),
        *(b"\r\nContent-Length: 9", b"\r\nTransfer-Encoding: chunked", b"\r\nHost: b"),
        *(b"\r\nConnection: keep-alive", b"\r\nConnection: close", b"\r\n folded"),
        *(b"\r\nProxy-Connection: close", b"\r\nConnection: keep-alive, close"),
        *(b"\r\nUpgrade: h2c", b"\r\nExpect: 100-continue", FIRST_LINE, WHOLE),
    ]
)
CHANGES = st.lists(
    st.tuples(st.integers(0, len(WHOLE)), st.integers(0, 12), PIECES | st.just(b"")), max_size=4
)


@given(CHANGES)
def test_a_parser_takes_what_is_told_for_one_delivery(
    changes: list[tuple[int, int, bytes]],
) -> None:
    data = WHOLE
    for place, length, piece in changes:
        data = data[:place] + piece + data[place + length :]

    if is_told(data):
        read = Read()
        read_all(read, data)

        assert read.method == b"POST"
        assert read.url == b"/webhooks/shopify"
        assert read.goes_on
        assert read.messages == [data.partition(b"\r\n\r\n")[2]]


class Read:
    """What httptools found."""

    def __init__(self) -> None:
        self.parser = httptools.HttpRequestParser(self)
        self.method = self.url = b""
        self.goes_on = False
        self.messages: list[bytes] = []
        self._body = b""

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_headers_complete(self) -> None:
        # Asked later the parser has forgotten it.
        self.method = self.parser.get_method()
        self.goes_on = self.parser.should_keep_alive() and not self.parser.should_upgrade()

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        self.messages.append(self._body)
        self._body = b""


def read_all(read: Read, data: bytes) -> None:
    """Feed it; what no parser would take is none of ours to answer for."""
    try:
        read.parser.feed_data(data)
    except httptools.HttpParserError as problem:
        pytest.fail(f"{problem}: {data!r}")


def test_a_delivery_that_is_signed_wrongly_is_one_as_well() -> None:
    assert is_told(request_bytes(BODY, signed_headers(b"{}")))
