"""What strangers may send to the socket, and in what time, on real sockets."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

import pytest

from tests.support.deliveries import request_bytes, signed_headers
from tests.support.running_ingest import (
    BODY,
    HEAD,
    STRICT,
    Ingest,
    head,
    response_on,
    running_ingest,
)


@pytest.fixture
async def ingest(caplog: pytest.LogCaptureFixture) -> AsyncIterator[Ingest]:
    """Strict, and silent: nothing a stranger sends is logged above debug level."""
    caplog.set_level(logging.INFO, "services")
    async with running_ingest(STRICT) as ingest:
        yield ingest
    said = {each.getMessage() for each in caplog.get_records("call")}
    assert said <= {"stores known from the kept copy", "ingest listens", "ingest stopped"}


async def test_a_delivery_is_taken_and_the_connection_kept(ingest: Ingest) -> None:
    reader, writer = await ingest.connected()
    for _ in range(3):
        writer.write(request_bytes(BODY))
        assert (await response_on(reader)).startswith(b"HTTP/1.1 200 OK\r\n")
    writer.close()

    assert [event.value for event in ingest.log.events] == [BODY] * 3


async def test_pipelined_and_fragmented_requests_are_taken(ingest: Ingest) -> None:
    reader, writer = await ingest.connected()
    for byte in request_bytes(BODY) * 2:
        writer.write(bytes([byte]))
    writer.write(request_bytes(BODY) * 40)

    answers = [await response_on(reader) for _ in range(42)]
    writer.close()

    assert all(answer.startswith(b"HTTP/1.1 200") for answer in answers)
    assert len(ingest.log.events) == 42


async def test_headers_up_to_the_limit_are_fine_and_over_it_431(ingest: Ingest) -> None:
    empty = request_bytes(BODY, signed_headers(BODY) | {"X-Padding": "", "Connection": "close"})
    room = 32 * 1024 - (len(empty) - len(BODY))

    def padded(count: int) -> bytes:
        return empty.replace(b"X-Padding: ", b"X-Padding: " + b"x" * count)

    assert (await ingest.told(padded(room))).startswith(b"HTTP/1.1 200")
    answer = await ingest.told(padded(room + 1))
    assert answer.startswith(b"HTTP/1.1 431")
    assert b"connection: close" in answer
    assert ingest.counted("headers_too_large") == 1


async def test_headers_without_end_are_431_and_not_read_on(ingest: Ingest) -> None:
    reader, writer = await ingest.connected()
    writer.write(HEAD + b"X-Endless: " + b"x" * 10_000_000)

    assert (await reader.read()).startswith(b"HTTP/1.1 431")
    writer.transport.abort()


async def test_an_endless_address_counts_as_headers(ingest: Ingest) -> None:
    assert (await ingest.told(b"GET /" + b"x" * 40_000)).startswith(b"HTTP/1.1 431")


async def test_a_body_announced_too_large_is_413_before_any_of_it(ingest: Ingest) -> None:
    answer = await ingest.told(head(b"Content-Length: 100001"))

    assert answer.startswith(b"HTTP/1.1 413")
    assert ingest.counted("body_too_large") == 1
    assert ingest.counted("disconnected") == 0


async def test_a_body_that_grows_too_large_is_413_and_not_read_on(ingest: Ingest) -> None:
    reader, writer = await ingest.connected()
    writer.write(head(b"Transfer-Encoding: chunked") + b"989680\r\n" + b"x" * 10_000_000)

    assert (await reader.read()).startswith(b"HTTP/1.1 413")
    assert ingest.counted("body_too_large") == 1
    writer.transport.abort()


@pytest.mark.parametrize(
    "framing",
    [
        b"9;" + b"x" * 1_000_000,
        b"0" * 1_000_000 + b"9\r\n",
        b"9\r\n" + BODY + b"\r\n0\r\nX-Endless: " + b"x" * 1_000_000,
    ],
    ids=["extension", "size", "trailer"],
)
async def test_what_stands_around_chunks_cannot_grow_for_ever(
    ingest: Ingest, framing: bytes
) -> None:
    reader, writer = await ingest.connected()
    writer.write(head(b"Transfer-Encoding: chunked") + framing)

    assert (await reader.read()).startswith(b"HTTP/1.1 413")
    assert ingest.counted("body_too_large") == 1
    assert not ingest.log.events
    writer.transport.abort()


async def test_what_comes_behind_the_body_is_no_header(ingest: Ingest) -> None:
    signed = "".join(f"{name}: {value}\r\n" for name, value in signed_headers(BODY).items())

    answer = await ingest.told(
        HEAD + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        b"9\r\n" + BODY + b"\r\n0\r\n" + signed.encode() + b"\r\n"
    )

    assert answer.startswith(b"HTTP/1.1 401")
    assert ingest.counted("unknown_store") == 1
    assert not ingest.log.events


async def test_a_chunked_body_within_the_limit_is_taken(ingest: Ingest) -> None:
    answer = await ingest.told(
        head(b"Transfer-Encoding: chunked\r\nConnection: close"),
        b'4\r\n{"id\r\n5\r\n": 1}\r\n0\r\n\r\n',
    )

    assert answer.startswith(b"HTTP/1.1 200")
    assert [event.value for event in ingest.log.events] == [BODY]


@pytest.mark.parametrize("sent", [b"P", HEAD, head(b"X: y")[:-2]])
async def test_headers_that_do_not_end_in_time_are_408(ingest: Ingest, sent: bytes) -> None:
    answer = await ingest.told(sent)

    assert answer.startswith(b"HTTP/1.1 408")
    assert b"connection: close" in answer
    assert ingest.counted("headers_too_slow") == 1
    assert ingest.counted("idle") == 0


@pytest.mark.parametrize("sent", [b"", BODY[:-1]])
async def test_a_body_that_does_not_end_in_time_is_408(ingest: Ingest, sent: bytes) -> None:
    answer = await ingest.told(head(b"Content-Length: 9"), sent)

    assert answer.startswith(b"HTTP/1.1 408")
    assert ingest.counted("body_too_slow") == 1
    assert ingest.log.events == []


async def test_a_connection_that_says_nothing_is_closed_without_a_word(ingest: Ingest) -> None:
    assert await ingest.told() == b""
    assert ingest.counted("idle") == 1


async def test_a_stranger_s_body_is_awaited_no_longer_than_any(ingest: Ingest) -> None:
    answer = await ingest.told(HEAD + b"Content-Length: 9\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 401")
    assert answer.count(b"HTTP/1.1") == 1
    assert ingest.counted("body_too_slow") == 1


async def test_a_kept_connection_that_falls_silent_is_closed(ingest: Ingest) -> None:
    reader, writer = await ingest.connected()
    writer.write(request_bytes(BODY))
    await response_on(reader)

    assert await reader.read() == b""
    writer.close()


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"nonsense\r\n\r\n",
        b"POST /webhooks/shopify HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /webhooks/shopify HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST \xff HTTP/1.1\r\n\r\n",
        b"CONNECT nowhere:443 HTTP/1.1\r\n\r\n",
    ],
)
async def test_what_is_not_http_is_400_or_closed_and_counted(ingest: Ingest, sent: bytes) -> None:
    assert (await ingest.told(sent)).startswith(b"HTTP/1.1 400")
    assert ingest.counted("not_http") == 1


async def test_an_upgrade_is_answered_as_if_it_were_not_there_and_ends(ingest: Ingest) -> None:
    answer = await ingest.told(
        b"GET /healthz HTTP/1.1\r\nHost: ingest\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\n",
    )

    assert answer.startswith(b"HTTP/1.1 200")
    assert b'{"alive":true}' in answer


async def test_who_leaves_in_the_middle_is_counted(ingest: Ingest) -> None:
    for sent in (HEAD, head(b"Content-Length: 9")):
        reader, writer = await ingest.connected()
        writer.write(sent)
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()

    assert ingest.counted("disconnected") == 2
    assert ingest.log.events == []
