"""How connections end: whoever was whole is answered first, on real sockets."""

from __future__ import annotations

import asyncio
import gc
import weakref

import pytest

from services.ingest.settings import Settings
from tests.support.deliveries import request_bytes, signed_headers
from tests.support.ingest_wire import Served
from tests.support.running_ingest import Ingest, response_on, running_ingest

BODY = b'{"id": 1}'
WHOLE = request_bytes(BODY)
UNHURRIED = Settings().model_copy(update={"append_seconds": 30.0, "stop_seconds": 30})


async def told_behind(ingest: Ingest, sent: bytes, *, whole: int, closes: bool = False) -> bytes:
    """What is answered to whole requests that the log has not taken yet, and what came behind."""
    ingest.log.open.clear()
    reader, writer = await ingest.connected()
    writer.write(WHOLE * whole + sent)
    if closes:
        writer.write_eof()
    await ingest.log.waiting.acquire()
    (reader_of_another, another) = await ingest.connected()
    another.write(b"GET /healthz HTTP/1.1\r\nHost: ingest\r\n\r\n")
    await response_on(reader_of_another)  # by now what came before it is known
    another.close()
    ingest.log.open.set()
    answers = await reader.read()
    writer.close()
    return answers


def codes(answers: bytes) -> list[bytes]:
    return [each[:3] for each in answers.split(b"HTTP/1.1 ")[1:]]


@pytest.mark.parametrize("whole", [1, 2, 3])
@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"\x00 nonsense\r\n\r\n", b"400"),
        (b"POST /webhooks/shopify HTTP/1.1\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: ingest\r\nContent-Length: 99999999\r\n\r\n", b"413"),
        (
            b"POST / HTTP/1.1\r\nHost: ingest\r\nTransfer-Encoding: chunked\r\n\r\nnot hex\r\n",
            b"400",
        ),
    ],
    ids=["no HTTP", "no host", "too large", "no chunk"],
)
async def test_what_came_whole_is_answered_before_what_is_refused_behind_it(
    sent: bytes, code: bytes, whole: int
) -> None:
    async with running_ingest(UNHURRIED) as ingest:
        answers = await told_behind(ingest, sent, whole=whole)

        assert codes(answers) == [b"200"] * whole + [code]
        assert answers.endswith(b"connection: close\r\n\r\n")
        assert [event.value for event in ingest.log.events] == [BODY] * whole


async def test_at_the_end_what_came_whole_is_answered_and_what_did_not_is_refused() -> None:
    async with running_ingest(UNHURRIED) as ingest:
        ingest.log.open.clear()
        reader, writer = await ingest.connected()
        writer.write(WHOLE * 2 + WHOLE[:-1])
        await ingest.log.waiting.acquire()
        ingest.stopping.set()
        idle = await ingest.connected()
        assert await idle[0].read() == b""  # the end has been said to all
        ingest.log.open.set()
        answers = await reader.read()

        assert codes(answers) == [b"200", b"200", b"503"]
        assert [event.value for event in ingest.log.events] == [BODY] * 2
        for each in (writer, idle[1]):
            each.close()


@pytest.mark.parametrize("behind", [b"", WHOLE[:40], WHOLE[:-1], b"\x00 nonsense\r\n\r\n"])
@pytest.mark.parametrize("whole", [1, 2, 3])
async def test_who_has_said_all_still_hears_the_answers(whole: int, behind: bytes) -> None:
    async with running_ingest(UNHURRIED) as ingest:
        answers = await told_behind(ingest, behind, whole=whole, closes=True)

        assert codes(answers)[:whole] == [b"200"] * whole
        assert len(ingest.log.events) == whole


async def test_who_leaves_in_the_middle_of_a_body_is_counted_once_and_told_nothing() -> None:
    async with running_ingest(UNHURRIED) as ingest:
        answers = await told_behind(ingest, WHOLE[:-1], whole=2, closes=True)

        assert codes(answers) == [b"200", b"200"]
        assert ingest.counted("disconnected") == 1


async def test_what_comes_behind_what_is_refused_is_not_refused_again() -> None:
    request = b"POST / HTTP/1.1\r\n\r\n"
    async with running_ingest() as ingest:
        answers = await ingest.told(request + b"\x00 nonsense\r\n\r\n")

        assert codes(answers) == [b"400"]
        assert (ingest.counted("bad_host"), ingest.counted("not_http")) == (1, 0)


async def test_http_1_0_is_not_told_to_go_on() -> None:
    request = request_bytes(BODY, signed_headers(BODY) | {"Expect": "100-continue"})
    async with running_ingest() as ingest:
        answers = await ingest.told(request.replace(b"HTTP/1.1", b"HTTP/1.0"))

        assert codes(answers) == [b"200"]


CHUNKED = (
    WHOLE.replace(b"Content-Length: 9", b"Transfer-Encoding: chunked")[: -len(BODY)]
    + b"9\r\n"
    + BODY
    + b"\r\n0\r\n\r\n"
)


@pytest.mark.parametrize("request_", [WHOLE, CHUNKED], ids=["announced", "chunked"])
@pytest.mark.parametrize("behind", [b"", WHOLE, b"PRI * HTTP/2.0\r\n\r\n"])
async def test_a_delivery_that_asks_for_another_protocol_is_taken_in_this_one(
    request_: bytes, behind: bytes
) -> None:
    asking = b"\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n"
    sent = request_.replace(b"\r\n", asking, 1) + behind
    async with running_ingest() as ingest:
        for cut in range(0, len(sent), 7):
            answers = await ingest.told(sent[:cut], sent[cut:])
            assert codes(answers) == [b"200"]
            assert ingest.log.events.pop().value == BODY
            assert not ingest.log.events


async def test_of_a_body_behind_such_an_offer_no_more_is_taken_than_of_any() -> None:
    asking = b"\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n"
    chunked = CHUNKED.partition(b"\r\n\r\n")[0].replace(b"\r\n", asking, 1) + b"\r\n\r\n"
    settings = Settings().model_copy(update={"max_body_bytes": 1000})
    async with running_ingest(settings) as ingest:
        answers = await ingest.told(chunked, (b"64\r\n" + b"x" * 100 + b"\r\n") * 11)

        assert codes(answers) == [b"413"]
        assert ingest.log.events == []


async def test_what_a_connection_held_is_gone_with_it() -> None:
    served = Served()
    protocol, wire = served.connected()
    protocol.data_received(WHOLE)
    await wire.until(lambda wire: wire.written.endswith(b"\r\n\r\n"))
    left = weakref.ref(protocol)
    gc.disable()
    try:
        protocol.connection_lost(None)
        del protocol
        await asyncio.sleep(0)

        assert left() is None
    finally:
        gc.enable()
