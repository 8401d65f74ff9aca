"""The application by its ASGI side: what it answers, and when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from prometheus_client import CollectorRegistry

from services.ingest.__main__ import application
from services.ingest.metrics import Metrics
from services.ingest.outcomes import Outcome
from services.ingest.settings import Settings
from services.ingest.stores import StoresInMemory
from services.shared.contract.errors import LogUnavailableError
from tests.support.deliveries import signed_headers
from tests.support.running_ingest import ACME, LogInMemory, surroundings_of

BODY = b'{"id": 1}'
PATH = "/webhooks/shopify"


class Reached:
    """Ingest without a socket, and all that can be seen of it."""

    def __init__(self, settings: Settings, client: httpx.AsyncClient, log: LogInMemory) -> None:
        self.log = log
        self.stores = StoresInMemory()
        self.stores.replace([ACME])
        self.registry = CollectorRegistry()
        self.client = client
        app = application(settings, surroundings_of(log), self.stores, Metrics(self.registry))
        client._transport = httpx.ASGITransport(app=app)

    async def deliver(self, body: bytes = BODY, topic: str = "orders/create") -> httpx.Response:
        headers = signed_headers(body, topic=topic)
        return await self.client.post(PATH, content=body, headers=headers)

    def sample(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"shopsync_ingest_{name}", labels)

    def counted(self, outcome: Outcome) -> float | None:
        return self.sample("requests_total", outcome=outcome.value)


@asynccontextmanager
async def reached(**bounds: float) -> AsyncIterator[Reached]:
    settings = Settings().model_copy(update=bounds)
    async with httpx.AsyncClient(base_url="http://ingest") as client:
        yield Reached(settings, client, LogInMemory())


@pytest.fixture
async def ingest() -> AsyncIterator[Reached]:
    async with reached() as ingest:
        yield ingest


async def test_200_comes_only_after_the_log_has_it(ingest: Reached) -> None:
    ingest.log.open.clear()
    delivery = asyncio.create_task(ingest.deliver())
    await ingest.log.waiting.acquire()
    assert not delivery.done()
    assert ingest.sample("in_flight") == 1
    assert ingest.sample("held_bytes") == len(BODY)

    ingest.log.open.set()

    assert (await delivery).status_code == 200
    assert [event.value for event in ingest.log.events] == [BODY]
    assert ingest.counted(Outcome.ACCEPTED) == 1
    assert ingest.sample("accepted_bytes_total") == len(BODY)
    assert ingest.sample("append_seconds_count") == 1
    assert ingest.sample("in_flight") == ingest.sample("held_bytes") == 0


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"])
async def test_only_post_is_a_delivery(ingest: Reached, method: str) -> None:
    answer = await ingest.client.request(method, PATH, headers=signed_headers(b""))

    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    assert ingest.counted(Outcome.WRONG_METHOD) == 1


async def test_a_stranger_is_turned_away_before_the_body_is_read(ingest: Reached) -> None:
    async def never_ending() -> AsyncIterator[bytes]:
        yield b"x"
        pytest.fail("a stranger's body was read")

    headers = signed_headers(BODY, shop="other.myshopify.com")
    answer = await ingest.client.post(PATH, content=never_ending(), headers=headers)

    assert answer.status_code == 401
    assert ingest.log.events == []
    assert ingest.counted(Outcome.UNKNOWN_STORE) == 1


async def test_a_wrong_signature_is_a_401_and_counted(ingest: Reached) -> None:
    answer = await ingest.client.post(PATH, content=BODY, headers=signed_headers(b"{}"))

    assert answer.status_code == 401
    assert ingest.log.events == []
    assert ingest.counted(Outcome.WRONG_SIGNATURE) == 1


async def test_signed_but_unknown_or_unreadable_is_kept_and_counted(ingest: Reached) -> None:
    unknown = await ingest.deliver(topic="themes/publish")
    unreadable = await ingest.deliver(b"")

    assert (unknown.status_code, unreadable.status_code) == (200, 200)
    assert [event.topic for event in ingest.log.events] == ["shopify.unknown", "shopify.orders"]
    assert ingest.counted(Outcome.ACCEPTED_UNKNOWN_TOPIC) == 1
    assert ingest.counted(Outcome.ACCEPTED_UNREADABLE) == 1


async def test_a_log_that_refuses_is_a_503_that_says_when_to_come_again(
    ingest: Reached, caplog: pytest.LogCaptureFixture
) -> None:
    ingest.log.problem = LogUnavailableError("full", retry_after=6.2)

    answers = [await ingest.deliver() for _ in range(3)]
    ingest.log.problem = None
    after = await ingest.deliver()

    assert {answer.status_code for answer in answers} == {503}
    assert {answer.headers["retry-after"] for answer in answers} == {"7"}
    assert ingest.counted(Outcome.LOG_UNAVAILABLE) == 3
    assert after.status_code == 200
    assert caplog.messages == [
        "the log does not take events",
    ]


async def test_a_log_that_hangs_is_a_503_within_250_ms(ingest: Reached) -> None:
    ingest.log.open.clear()

    async with asyncio.timeout(0.25):
        answer = await ingest.deliver()

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert ingest.counted(Outcome.LOG_TOO_SLOW) == 1
    assert ingest.sample("in_flight") == 0


async def test_too_many_in_flight_is_a_503(ingest: Reached) -> None:
    async with reached(max_in_flight=1) as busy:
        busy.log.open.clear()
        first = asyncio.create_task(busy.deliver())
        await busy.log.waiting.acquire()

        second = await busy.deliver()
        busy.log.open.set()

        assert second.status_code == 503
        assert "retry-after" in second.headers
        assert (await first).status_code == 200
        assert busy.counted(Outcome.TOO_MANY_IN_FLIGHT) == 1


async def test_of_those_that_come_together_no_more_are_checked_than_may_be_under_way() -> None:
    async with reached(max_in_flight=1) as busy:
        busy.log.open.clear()
        together = asyncio.gather(
            busy.deliver(), busy.client.post(PATH, content=BODY, headers=signed_headers(b"{}"))
        )
        await busy.log.waiting.acquire()
        busy.log.open.set()

        assert [answer.status_code for answer in await together] == [200, 503]


async def test_too_many_bytes_in_memory_is_a_503_and_given_back() -> None:
    async with reached(max_held_bytes=10) as small:
        refused = await small.deliver(b" " * 11)
        taken = await small.deliver(b" " * 10)

        assert (refused.status_code, taken.status_code) == (503, 200)
        assert small.counted(Outcome.TOO_MANY_BYTES) == 1
        assert small.sample("held_bytes") == 0


async def test_a_body_over_the_limit_is_refused_whatever_server_is_in_front() -> None:
    async with reached(max_body_bytes=10) as small:
        assert (await small.deliver(b" " * 11)).status_code == 413
        assert (await small.deliver(b" " * 10)).status_code == 200


async def test_before_the_stores_are_loaded_it_is_a_503(ingest: Reached) -> None:
    ingest.stores._secrets = None

    answer = await ingest.deliver()

    assert answer.status_code == 503
    assert ingest.counted(Outcome.STORES_NOT_LOADED) == 1


async def test_alive_and_ready(ingest: Reached) -> None:
    alive = await ingest.client.get("/healthz")
    ready = await ingest.client.get("/readyz")

    assert alive.json() == {"alive": True}
    assert ready.status_code == 200
    assert ready.json() == {"ready": True, "stores": True, "log": True}


async def test_not_ready_without_stores_or_while_the_log_refuses_or_hangs(ingest: Reached) -> None:
    ingest.stores._secrets = None
    assert (await ingest.client.get("/readyz")).json()["stores"] is False

    ingest.log.problem = LogUnavailableError("full")
    refusing = await ingest.client.get("/readyz")
    ingest.log.open.clear()
    hanging = await ingest.client.get("/readyz")

    assert refusing.status_code == hanging.status_code == 503
    assert refusing.json()["log"] is hanging.json()["log"] is False
    assert (refusing.json()["reason"], hanging.json()["reason"]) == (
        "log_unavailable",
        "log_too_slow",
    )
    assert (await ingest.client.get("/healthz")).status_code == 200


async def test_there_is_nothing_else(ingest: Reached) -> None:
    assert (await ingest.client.post("/webhooks/shopify/")).status_code == 404
    assert (await ingest.client.get("/metrics")).status_code == 404
