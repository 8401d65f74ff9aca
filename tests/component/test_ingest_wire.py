"""Bytes in, bytes out: the protocol by itself, fed piece by piece as no socket would promise."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from services.ingest.settings import Settings
from tests.support.deliveries import request_bytes, signed_headers
from tests.support.ingest_wire import Served

BODY = b'{"id": 1}'
PATH = b"/webhooks/shopify"


@pytest.fixture
async def served() -> Served:
    return Served()


def with_head(head: bytes, body: bytes = BODY) -> bytes:
    """A signed delivery under another first line, its own ``Host`` being part of ``head``."""
    rest = request_bytes(body).split(b"\r\n", 2)[2]
    return head + b"\r\n" + rest


CHUNKED = (
    request_bytes(BODY).replace(b"Content-Length: 9", b"Transfer-Encoding: chunked")[: -len(BODY)]
    + b'4\r\n{"id\r\n5;x=y\r\n": 1}\r\n0\r\nX-Trailer: 1\r\n\r\n'
)


@pytest.mark.parametrize(
    ("request_", "status", "outcome"),
    [
        (request_bytes(BODY), b"200 OK", "accepted"),
        (CHUNKED, b"200 OK", "accepted"),
        (request_bytes(BODY, signed_headers(b"{}")), b"401 Unauthorized", "wrong_signature"),
    ],
    ids=["announced", "chunked", "wrongly signed"],
)
async def test_a_request_cut_at_any_byte_is_answered_as_the_whole_one(
    served: Served, request_: bytes, status: bytes, outcome: str
) -> None:
    whole = await served.told([request_])
    assert whole.startswith(b"HTTP/1.1 " + status + b"\r\n")

    for cut in range(1, len(request_)):
        assert await served.told([request_[:cut], request_[cut:]]) == whole, cut

    assert served.counted(outcome) == len(request_)
    expected = [BODY] * len(request_) if outcome == "accepted" else []
    assert [event.value for event in served.log.events] == expected


async def test_requests_that_come_at_once_are_answered_in_their_order(served: Served) -> None:
    requests = [
        request_bytes(BODY),
        request_bytes(BODY, signed_headers(b"{}")),
        request_bytes(b"", {}, method="PUT"),
        CHUNKED,
        b"GET /healthz HTTP/1.1\r\nHost: ingest\r\n\r\n",
        request_bytes(BODY, signed_headers(BODY) | {"Connection": "close"}),
    ]

    for size in (1, 7, 700, 10_000):
        sent = b"".join(requests)
        pieces = [sent[start : start + size] for start in range(0, len(sent), size)]
        answers = await served.told(pieces, answers=6)
        codes = [each[:3] for each in answers.split(b"HTTP/1.1 ")[1:]]
        assert codes == [b"200", b"401", b"405", b"200", b"200", b"200"]


async def test_a_body_of_many_reads_is_signed_and_kept_as_it_came(served: Served) -> None:
    body = bytes(range(256)) * 700
    sent = request_bytes(body)
    protocol, wire = served.connected()
    for start in range(0, len(sent), 10_000):
        protocol.data_received(sent[start : start + 10_000])
        await asyncio.sleep(0)
        await asyncio.sleep(0)  # the application takes some of it before the next piece
    await wire.until(lambda wire: wire.written.endswith(b"\r\n\r\n"))

    assert wire.written.startswith(b"HTTP/1.1 200 OK\r\n")
    assert not wire.paused
    assert [event.value for event in served.log.events] == [body]
    assert type(served.log.events[0].value) is bytes


@pytest.mark.parametrize("size", [10, 60_000, 190_000])
async def test_what_came_whole_in_one_read_needs_no_task(served: Served, size: int) -> None:
    protocol, wire = served.connected()
    protocol.data_received(request_bytes(b" " * size))

    assert not protocol.tasks
    await wire.until(lambda wire: wire.written.startswith(b"HTTP/1.1 200"))
    assert not protocol.tasks


ONE_AT_A_TIME = Settings().model_copy(update={"max_in_flight": 1})


async def test_what_will_be_refused_takes_nobody_s_place() -> None:
    served = Served(settings=ONE_AT_A_TIME)
    stranger, wire_of_stranger = served.connected()
    sender, wire = served.connected()
    stranger.data_received(request_bytes(BODY, {}))
    sender.data_received(request_bytes(BODY))
    await wire.until(lambda wire: wire.written)

    assert wire_of_stranger.written.startswith(b"HTTP/1.1 401")
    assert wire.written.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("pieces", [1, 2])
async def test_a_body_too_large_is_no_less_so_while_there_is_no_time(pieces: int) -> None:
    served = Served(settings=ONE_AT_A_TIME)
    served.log.open.clear()
    first, _ = served.connected()
    first.data_received(request_bytes(BODY))
    await served.log.waiting.acquire()
    sent = request_bytes(bytes(200_001))

    answer = await served.told([sent] if pieces == 1 else [sent[:1000], sent[1000:]])

    assert answer.startswith(b"HTTP/1.1 413")


async def test_who_sends_faster_than_the_application_takes_is_paused(served: Served) -> None:
    protocol, wire = served.connected()
    sent = request_bytes(b"x" * 150_000)

    protocol.data_received(sent[:140_000])
    assert wire.paused
    await wire.until(lambda wire: not wire.paused)  # the application has taken it
    protocol.data_received(sent[140_000:])

    await wire.until(lambda wire: wire.written.startswith(b"HTTP/1.1 200"))


@pytest.mark.parametrize(
    ("head", "outcome"),
    [
        (b"POST /webhooks/shopify HTTP/1.1", "bad_host"),
        (b"POST /webhooks/shopify HTTP/1.1\r\nHost: a\r\nHost: a", "bad_host"),
        (b"POST /webhooks/shopify HTTP/1.1\r\nHost: a\r\nhost: b", "bad_host"),
        (b"POST /webhooks/shopify HTTP/1.0\r\nHost: a\r\nHost: b", "bad_host"),
        (b"POST /webhooks/shopify HTTP/1.0", "accepted"),
        (b"POST /webhooks/shopify HTTP/1.1\r\nHost:", "accepted"),
        (b"POST /webhooks/shopify HTTP/1.1\r\nhOST: a\r\nX: 1\r\nX: 2", "accepted"),
    ],
)
async def test_a_request_names_one_host_or_is_older_than_hosts(
    served: Served, head: bytes, outcome: str
) -> None:
    answer = await served.told([with_head(head)])

    assert answer.startswith(b"HTTP/1.1 " + (b"400 " if outcome == "bad_host" else b"200 "))
    assert served.counted(outcome) == 1
    assert len(served.log.events) == (outcome == "accepted")


@pytest.mark.parametrize("version", [b"0.9", b"2.0"])
@pytest.mark.parametrize("before", [0, 1])
async def test_a_version_we_do_not_speak_is_505_and_ends(
    served: Served, version: bytes, before: int
) -> None:
    head = b"POST /webhooks/shopify HTTP/" + version + b"\r\nHost: ingest"
    sent = request_bytes(BODY) * before + with_head(head) + request_bytes(BODY)

    answers = await served.told([sent], answers=before + 1)

    codes = [each[:3] for each in answers.split(b"HTTP/1.1 ")[1:]]
    assert codes == [b"200"] * before + [b"505"]
    assert answers.endswith(b"connection: close\r\n\r\n")
    assert served.counted("other_version") == 1
    assert len(served.log.events) == before


@pytest.mark.parametrize(
    ("target", "code"),
    [
        (PATH + b"?a=b", b"200"),
        (b"/webhooks/%73hopify", b"200"),
        (b"http://ingest/webhooks/shopify", b"200"),
        (PATH + b"/", b"404"),
        (b"//webhooks/shopify", b"404"),
        (b"/webhooks%2Fshopif", b"404"),
    ],
)
async def test_the_path_is_what_the_url_means(served: Served, target: bytes, code: bytes) -> None:
    answer = await served.told([with_head(b"POST " + target + b" HTTP/1.1\r\nHost: ingest")])

    assert answer.startswith(b"HTTP/1.1 " + code)


async def test_an_application_is_told_all_that_asgi_names() -> None:
    scopes: list[dict[str, Any]] = []

    async def app(scope: Any, _receive: Any, send: Any) -> None:
        scopes.append(scope)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    served = Served(app=app)
    await served.told([b"GET /a%20b?c=%20d HTTP/1.0\r\nX-Y:  Z\r\n\r\n"])
    await served.told([b"DELETE /a-b.c HTTP/1.1\r\nHost: ingest\r\n\r\n"])

    told = [
        {name: each[name] for name in ("method", "http_version", "path", "raw_path")}
        for each in scopes
    ]
    assert told == [
        {"method": "GET", "http_version": "1.0", "path": "/a b", "raw_path": b"/a%20b"},
        {"method": "DELETE", "http_version": "1.1", "path": "/a-b.c", "raw_path": b"/a-b.c"},
    ]
    assert [each["query_string"] for each in scopes] == [b"c=%20d", b""]
    assert scopes[0]["headers"] == [(b"x-y", b"Z")]


async def test_after_its_body_an_application_hears_of_the_end_alone() -> None:
    heard: list[dict[str, Any]] = []
    body_heard = asyncio.Event()

    async def app(_scope: Any, receive: Any, send: Any) -> None:
        heard.append(await receive())
        body_heard.set()
        heard.append(await receive())

    protocol, _ = Served(app=app).connected()
    protocol.data_received(request_bytes(BODY))
    await body_heard.wait()
    (task,) = protocol.tasks
    protocol.connection_lost(None)
    await task

    assert heard == [
        {"type": "http.request", "body": BODY, "more_body": False},
        {"type": "http.disconnect"},
    ]


async def test_who_expects_to_be_told_to_go_on_is_told_once(served: Served) -> None:
    headers = signed_headers(BODY) | {"Expect": "100-Continue"}
    sent = request_bytes(BODY, headers)
    protocol, wire = served.connected()

    protocol.data_received(sent[: -len(BODY)])
    await wire.until(lambda wire: wire.written != b"")
    assert wire.written == b"HTTP/1.1 100 Continue\r\n\r\n"
    protocol.data_received(BODY)

    await wire.until(lambda wire: wire.written.count(b"HTTP/1.1 ") == 2)
    assert b"HTTP/1.1 200 OK\r\n" in wire.written
