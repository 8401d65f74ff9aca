"""Many strangers at once: more than can be taken, idle, trickling, or sending anything at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.ingest.settings import Settings
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


async def test_what_the_log_has_no_time_for_is_refused_before_its_body_is_there() -> None:
    closing = signed_headers(BODY) | {"Connection": "close"}
    one_at_a_time = STRICT.model_copy(update={"max_in_flight": 1, "append_seconds": 5.0})
    async with running_ingest(one_at_a_time) as ingest:
        ingest.log.open.clear()
        first = asyncio.create_task(ingest.told(request_bytes(BODY, closing)))
        await ingest.log.waiting.acquire()
        reader, writer = await ingest.connected()
        whole = request_bytes(BODY, signed_headers(BODY))
        writer.write(whole.removesuffix(BODY))

        refused = await response_on(reader)
        ingest.log.open.set()
        writer.write(BODY + whole)
        taken = await response_on(reader)
        writer.close()

        assert refused.startswith(b"HTTP/1.1 503")
        assert b"retry-after: 1" in refused
        assert taken.startswith(b"HTTP/1.1 200")
        assert (await first).startswith(b"HTTP/1.1 200")


async def test_without_time_a_delivery_is_refused_at_a_glance_and_its_connection_goes_on() -> None:
    one_at_a_time = STRICT.model_copy(update={"max_in_flight": 1, "append_seconds": 5.0})
    whole = request_bytes(BODY)
    async with running_ingest(one_at_a_time) as ingest:
        first, other = await ingest.connected(), await ingest.connected()
        ingest.log.open.clear()
        first[1].write(whole)
        await ingest.log.waiting.acquire()

        other[1].write(whole)
        refused = await response_on(other[0])
        other[1].write(whole)
        assert await response_on(other[0]) == refused
        # Who waits for an answer hears that first.
        first[1].write(whole)
        # By now what came before this is known.
        await ingest.told(b"GET /healthz HTTP/1.1\r\nHost: ingest\r\nConnection: close\r\n\r\n")
        ingest.log.open.set()
        answers = [await response_on(first[0]) for _ in range(2)]
        other[1].write(whole)
        taken = await response_on(other[0])

        assert refused.startswith(b"HTTP/1.1 503 Service Unavailable\r\ndate: ")
        assert b"retry-after: 1\r\n" in refused
        assert answers[0].startswith(b"HTTP/1.1 200")
        assert taken.startswith(b"HTTP/1.1 200")
        assert ingest.counted("too_many_in_flight") >= 2
        first[1].close()
        other[1].close()


async def test_one_connection_too_many_is_told_503_and_the_others_go_on() -> None:
    async with running_ingest(STRICT.model_copy(update={"max_connections": 1})) as ingest:
        reader, writer = await ingest.connected()
        writer.write(request_bytes(BODY))
        await response_on(reader)

        refused = await ingest.told()
        writer.write(request_bytes(BODY))

        assert refused.startswith(b"HTTP/1.1 503")
        assert b"retry-after: 1" in refused
        assert (await response_on(reader)).startswith(b"HTTP/1.1 200")
        assert ingest.counted("too_many_connections") == 1
        writer.close()


async def trickle(ingest: Ingest, begun: asyncio.Semaphore) -> bytes:
    reader, writer = await ingest.connected()
    writer.write(head(b"Content-Length: 9") + b"{")
    begun.release()
    answer = await reader.read()
    writer.close()
    return answer


async def test_500_idle_or_trickling_connections_do_not_slow_the_others() -> None:
    patient = Settings().model_copy(update={"header_seconds": 3.0, "body_seconds": 3.0})
    begun = asyncio.Semaphore(0)
    async with running_ingest(patient) as ingest:
        idle = [asyncio.create_task(ingest.told()) for _ in range(250)]
        slow = [asyncio.create_task(trickle(ingest, begun)) for _ in range(250)]
        for _ in slow:
            await begun.acquire()

        took = [await seconds_of_a_delivery(ingest) for _ in range(50)]

        assert not any(each.done() for each in (*idle, *slow))
        assert sorted(took)[45] < 0.05
        assert set(await asyncio.gather(*idle)) == {b""}
        assert all(each.startswith(b"HTTP/1.1 408") for each in await asyncio.gather(*slow))
        assert ingest.counted("idle") == ingest.counted("body_too_slow") == 250


@pytest.fixture
async def hasty_ingest() -> AsyncIterator[Ingest]:
    hasty = STRICT.model_copy(update={"header_seconds": 0.02, "body_seconds": 0.02})
    async with running_ingest(hasty) as ingest:
        yield ingest


async def seconds_of_a_delivery(ingest: Ingest) -> float:
    time = asyncio.get_running_loop().time
    began = time()
    headers = signed_headers(BODY) | {"Connection": "close"}
    assert (await ingest.told(request_bytes(BODY, headers))).startswith(b"HTTP/1.1 200")
    return time() - began


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.binary(max_size=300) | st.sampled_from([HEAD, BODY, b"\r\n\r\n"]), max_size=6))
async def test_any_bytes_end_in_an_answer_or_a_close_and_harm_nobody(
    hasty_ingest: Ingest, pieces: list[bytes]
) -> None:
    before = len(hasty_ingest.log.events)

    answer = b""
    with suppress(ConnectionResetError):  # closed while more was on its way
        answer = await hasty_ingest.told(*pieces)
    await seconds_of_a_delivery(hasty_ingest)

    assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
    assert len(hasty_ingest.log.events) == before + 1
