"""Calls to the vendors, as they are counted."""

import asyncio
import re
from contextlib import closing, suppress

import httpx
import pytest
from prometheus_client import CollectorRegistry

from services.shared.hubspot.rates import RateFacts
from services.shared.hubspot.usage import Usage
from services.shared.runtime.calls import (
    CallMetrics,
    CountedTransport,
    client,
    vendor_and_operation,
)


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("POST", "/crm/objects/2026-09/orders/batch/update", "POST objects/orders/batch/update"),
        ("GET", "/crm/objects/2026-09/carts", "GET objects/carts"),
        ("GET", "/crm/properties/2026-09/contacts/groups", "GET properties/contacts/groups"),
        (
            "POST",
            "/crm/associations/2026-09/orders/contacts/batch/associate/default",
            "POST associations/orders/contacts/batch/associate/default",
        ),
        ("GET", "/crm/pipelines/2026-09/orders", "GET pipelines/orders"),
        ("GET", "/account-info/2026-09/details", "GET account/details"),
    ],
)
def test_an_operation_of_hubspot_is_named_by_its_path(
    method: str, path: str, expected: str
) -> None:
    request = httpx.Request(method, f"https://api.hubapi.com{path}?after=1")
    assert vendor_and_operation(request) == ("hubspot", expected)


def test_ids_and_strangers_do_not_become_labels() -> None:
    one = httpx.Request("GET", "https://api.hubapi.com/crm/objects/2026-09/orders/4711")
    assert vendor_and_operation(one) == ("hubspot", "GET objects/orders")
    assert vendor_and_operation(httpx.Request("GET", "https://a.test/x")) == ("other", "other")
    graphql = httpx.Request("POST", "https://acme.myshopify.com/admin/api/2026-10/graphql.json")
    token = httpx.Request("POST", "https://acme.myshopify.com/admin/oauth/access_token")
    assert vendor_and_operation(graphql) == ("shopify", "graphql")
    assert vendor_and_operation(token) == ("shopify", "token")


async def test_calls_say_who_we_are_and_which_version() -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["user-agent"])
        return httpx.Response(200)

    async with client(1.0, httpx.MockTransport(answer)) as http:
        await http.get("https://api.hubapi.com/crm/objects/2026-09/orders")

    assert re.fullmatch(r"shopify-hubspot-sync/\d+\.\d+\.\d+", seen[0])


async def test_every_end_of_a_call_is_counted_also_that_of_no_answer() -> None:
    registry = CollectorRegistry()
    calls = CallMetrics("shopsync_test", registry)
    answers = iter([200, 429, 503])

    def answer(_request: httpx.Request) -> httpx.Response:
        status = next(answers, None)
        if status is None:
            raise httpx.ConnectError("no route")
        return httpx.Response(status)

    transport = CountedTransport(httpx.MockTransport(answer), calls.count)
    async with httpx.AsyncClient(transport=transport) as http:
        for _ in range(3):
            await http.get("https://api.hubapi.com/crm/objects/2026-09/orders")
        with pytest.raises(httpx.ConnectError):
            await http.get("https://api.hubapi.com/crm/objects/2026-09/orders")

    labels = {"vendor": "hubspot", "operation": "GET objects/orders"}
    counted = {
        status: registry.get_sample_value("shopsync_test_calls_total", {**labels, "status": status})
        for status in ("2xx", "429", "5xx", "no_answer")
    }
    assert counted == dict.fromkeys(counted, 1.0)


def test_the_share_of_the_limit_is_that_of_the_last_ten_seconds() -> None:
    now = 0.0
    usage = Usage(lambda: now)
    for _ in range(95):
        usage.take(RateFacts(limit=190, daily_limit=1000, daily_remaining=750))
    assert usage.shares().window == 0.5
    assert usage.shares().daily == 0.25
    now = 10.1
    assert usage.shares().window == 0.0


async def test_an_answer_whose_end_never_comes_is_given_up() -> None:
    hung_up = asyncio.Event()

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        with suppress(ConnectionError), closing(writer):
            while True:
                writer.write(b".")
                await writer.drain()
                await asyncio.sleep(0.02)  # each byte in good time
        writer.close()
        hung_up.set()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, client(0.1, httpx.AsyncHTTPTransport()) as calls:
        with pytest.raises(httpx.ReadTimeout):
            async with asyncio.timeout(10):
                await calls.get(f"http://127.0.0.1:{port}/")
        await hung_up.wait()
