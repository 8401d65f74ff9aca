"""Ingest as a process: starts without the ledger, stops gracefully, keeps what it acknowledged."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import httpx
import pytest

from services.ingest.__main__ import serve, serve_metrics
from services.ingest.settings import Settings
from services.shared.log.sqlite import SqliteLog
from services.shared.runtime.metrics import new_registry
from services.shared.runtime.serving import AddressTakenError, listening_socket
from tests.support.deliveries import SHOP, request_bytes, signed_headers
from tests.support.running_ingest import (
    LogInMemory,
    StoresAtHand,
    response_on,
    running_ingest,
    surroundings_of,
)

BODY = b'{"id": 1}'
CLOSING = signed_headers(BODY) | {"Connection": "close"}
UNHURRIED = Settings().model_copy(update={"append_seconds": 30.0, "stop_seconds": 30})


async def test_what_was_accepted_is_finished_and_the_rest_refused() -> None:
    async with running_ingest(UNHURRIED) as ingest:
        ingest.log.open.clear()
        accepted = await ingest.connected()
        accepted[1].write(request_bytes(BODY))
        await ingest.log.waiting.acquire()
        unfinished = await ingest.connected()
        unfinished[1].write(request_bytes(BODY)[:-1])
        silent = await ingest.connected()
        await asyncio.sleep(0)

        ingest.stopping.set()
        refused = await unfinished[0].read()
        closed = await silent[0].read()
        with pytest.raises(ConnectionRefusedError):
            await ingest.connected()
        assert ingest.log.events == []
        ingest.log.open.set()
        answer = await accepted[0].read()
        await ingest.task

        assert refused.startswith(b"HTTP/1.1 503")
        assert closed == b""
        assert answer.startswith(b"HTTP/1.1 200")
        assert b"connection: close" in answer
        assert [event.value for event in ingest.log.events] == [BODY]
        assert ingest.counted("stopping") == 1
        for _, writer in (accepted, unfinished, silent):
            writer.close()


async def test_the_stop_has_a_deadline() -> None:
    hasty = UNHURRIED.model_copy(update={"stop_seconds": 1})
    async with running_ingest(hasty) as ingest:
        ingest.log.open.clear()
        reader, writer = await ingest.connected()
        writer.write(request_bytes(BODY))
        await ingest.log.waiting.acquire()

        ingest.stopping.set()
        async with asyncio.timeout(5):
            await ingest.task

        assert not (await reader.read()).startswith(b"HTTP/1.1 2")
        writer.close()


async def test_it_starts_without_the_ledger_from_the_kept_copy() -> None:
    log, stopping = LogInMemory(), asyncio.Event()
    address: asyncio.Future[tuple[str, int]] = asyncio.get_running_loop().create_future()
    settings = Settings().model_copy(update={"port": 0})
    surroundings = surroundings_of(log, StoresAtHand(known=None))
    task = asyncio.create_task(
        serve(settings, surroundings, stopping, listening=address.set_result)
    )
    _, port = await address

    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        answer = await client.post("/webhooks/shopify", content=BODY, headers=signed_headers(BODY))

    assert answer.status_code == 200
    stopping.set()
    await task


async def test_an_address_that_is_taken_is_said_before_anything_starts() -> None:
    with listening_socket("127.0.0.1", 0) as taken:
        settings = Settings().model_copy(update={"port": taken.getsockname()[1]})

        with pytest.raises(AddressTakenError, match="in use"):
            await serve(settings, surroundings_of(LogInMemory()), asyncio.Event())


async def test_metrics_have_a_port_of_their_own() -> None:
    stopping, registry = asyncio.Event(), new_registry()
    with listening_socket("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    settings = Settings().model_copy(update={"metrics_port": port})
    task = asyncio.create_task(serve_metrics(settings, registry, stopping))
    await accepting(port)

    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        answer = await client.get("/metrics")

    assert answer.headers["content-type"].startswith("text/plain")
    assert "python_info" in answer.text
    stopping.set()
    await task


async def accepting(port: int) -> None:
    while True:
        with contextlib.suppress(ConnectionRefusedError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0)


async def test_what_was_answered_200_is_on_the_embedded_log(tmp_path: Path) -> None:
    async with SqliteLog.open(tmp_path / "log.db") as log:
        async with running_ingest(appender=log) as ingest:
            answers = await asyncio.gather(
                *(ingest.told(request_bytes(BODY, CLOSING)) for _ in range(20))
            )
        async with log.reader("test", ["shopify.orders"], "one") as reader:
            batch = await reader.poll(100, 5)

    assert all(answer.startswith(b"HTTP/1.1 200") for answer in answers)
    assert [event.key for event in batch.events] == [f"{SHOP}/orders/1"] * 20
    assert {event.value for event in batch.events} == {BODY}


async def test_an_embedded_log_that_is_full_is_a_503(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        SqliteLog.open(tmp_path / "log.db", size_limit_bytes=1) as log,
        running_ingest(appender=log) as ingest,
    ):
        answer = await ingest.told(request_bytes(BODY, CLOSING))

    assert answer.startswith(b"HTTP/1.1 503")
    assert b"retry-after: 30" in answer
    assert caplog.messages == ["the log does not take events"]


async def test_a_request_says_100_continue_before_its_body_is_sent() -> None:
    async with running_ingest() as ingest:
        request = request_bytes(BODY, signed_headers(BODY) | {"Expect": "100-continue"})
        reader, writer = await ingest.connected()
        writer.write(request.removesuffix(BODY))
        assert await response_on(reader) == b"HTTP/1.1 100 Continue\r\n\r\n"

        writer.write(BODY)

        assert (await response_on(reader)).startswith(b"HTTP/1.1 200")
        writer.close()
