"""What goes back over a connection, and to whom: the protocol by itself, with nobody's socket."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

import pytest

from services.shared.contract.events import NewEvent
from tests.support.deliveries import request_bytes
from tests.support.ingest_wire import DATE, Served
from tests.support.running_ingest import LogInMemory
from tests.support.waiting import until

BODY = b'{"id": 1}'


@pytest.fixture
async def served() -> Served:
    return Served()


async def test_an_answer_has_the_server_s_headers_of_its_moment(served: Served) -> None:
    first = await served.told([request_bytes(BODY)])
    served.state.default_headers = [(b"date", b"later"), (b"server", b"x")]
    second = await served.told([request_bytes(BODY)])

    assert first == b"HTTP/1.1 200 OK\r\ndate: %b\r\ncontent-length: 0\r\n\r\n" % DATE[1]
    assert second == b"HTTP/1.1 200 OK\r\ndate: later\r\nserver: x\r\ncontent-length: 0\r\n\r\n"


@pytest.mark.parametrize(
    "head",
    [
        b"POST /webhooks/shopify HTTP/1.0\r\nHost: ingest",
        b"POST /webhooks/shopify HTTP/1.1\r\nHost: ingest\r\nConnection: close",
    ],
)
async def test_who_wants_to_end_is_told_so_and_the_connection_closed(
    served: Served, head: bytes
) -> None:
    protocol, wire = served.connected()
    protocol.data_received(head + b"\r\n" + request_bytes(BODY).split(b"\r\n", 2)[2])
    await wire.until(lambda wire: wire.closed)

    assert wire.written.endswith(b"connection: close\r\n\r\n")
    assert wire.written.count(b"HTTP/1.1 200 OK\r\n") == 1


async def test_an_answer_waits_for_a_reader_that_is_slow(served: Served) -> None:
    protocol, wire = served.connected()
    protocol.pause_writing()
    protocol.data_received(request_bytes(BODY))
    await served.log.waiting.acquire()
    for _ in range(10):  # turns of the loop, more than the answer would need
        await asyncio.sleep(0)
    assert len(served.log.events) == 1
    assert wire.written == b""

    protocol.resume_writing()

    await wire.until(lambda wire: wire.written.startswith(b"HTTP/1.1 200"))


async def test_nobody_is_told_who_left_before_the_answer(served: Served) -> None:
    served.log.open.clear()
    protocol, wire = served.connected()
    protocol.data_received(request_bytes(BODY))
    await served.log.waiting.acquire()
    protocol.connection_lost(None)

    served.log.open.set()
    await until(lambda: served.counted("accepted"))

    assert wire.written == b""
    assert len(served.log.events) == 1


async def test_of_several_requests_none_is_answered_to_who_left(served: Served) -> None:
    served.log.open.clear()
    protocol, wire = served.connected()
    protocol.data_received(request_bytes(BODY) * 2)
    await served.log.waiting.acquire()
    wire.close()
    protocol.connection_lost(None)

    served.log.open.set()
    await until(lambda: served.counted("accepted"))

    assert wire.written == b""
    assert len(served.log.events) == 1  # the second was not begun


class Forgetful(LogInMemory):
    """A log with a bug: what says so it refuses by an exception that nobody has promised."""

    def append(self, events: Sequence[NewEvent]) -> Coroutine[Any, Any, None]:
        if b"at once" in events[0].value:
            raise ZeroDivisionError
        return self._append(events)

    async def _append(self, events: Sequence[NewEvent]) -> None:
        await super().append(events)
        if b"later" in events[0].value:
            raise ZeroDivisionError


async def test_our_own_fault_is_a_500_that_its_neighbours_do_not_suffer_from(
    caplog: pytest.LogCaptureFixture,
) -> None:
    served = Served(log=Forgetful())
    wires = []
    for said in (b"1", b'"at once"', b"2", b'"later"', b"3"):
        protocol, wire = served.connected()
        protocol.data_received(request_bytes(said))
        wires.append(wire)

    codes = [(await wire.until(lambda wire: wire.written)).written[9:12] for wire in wires]

    assert codes == [b"200", b"500", b"200", b"500", b"200"]
    assert [wire.closed for wire in wires] == [False, True, False, True, False]
    assert caplog.messages.count("Exception in ASGI application\n") == 2


async def test_who_never_reads_the_answers_is_not_kept(served: Served) -> None:
    protocol, wire = served.connected()
    type(protocol).unread_seconds = 0.01
    protocol.pause_writing()
    protocol.data_received(request_bytes(BODY))
    await served.log.waiting.acquire()
    (task,) = protocol.tasks
    await wire.until(lambda wire: wire.closed)
    protocol.connection_lost(None)
    await task

    assert wire.written == b""


async def test_who_reads_the_answers_in_time_is_kept(served: Served) -> None:
    protocol, wire = served.connected()
    later, other = served.connected()
    type(protocol).unread_seconds = type(later).unread_seconds = 0.01
    protocol.pause_writing()
    later.pause_writing()
    protocol.resume_writing()
    await other.until(lambda wire: wire.closed)  # whose time was up after the first one's

    assert not wire.closed
