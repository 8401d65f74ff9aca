"""The HTTP client to both vendors: names us, and counts calls where they leave us."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

import httpx
from prometheus_client import CollectorRegistry, Counter, Histogram

from services.shared.runtime.metrics import CALL_SECONDS

DISTRIBUTION = "shopify-hubspot-sync"
NO_ANSWER = "no_answer"
OTHER = "other"

# ``/crm/objects/2026-09/orders/batch/update`` is ``objects orders batch/update``. Ids of records
# are not part of it: labels stay bounded in number.
_HUBSPOT = re.compile(
    r"/(?:crm|account-info)/(?P<family>objects|associations|properties|pipelines)?"
    r"/?(?:v\d+|\d{4}-\d{2})/?(?P<rest>.*)"
)
_OBJECTS = frozenset({"contacts", "products", "orders", "line_items", "carts"})
_STEPS = frozenset(
    {"batch", "read", "create", "update", "upsert", "archive", "associate", "default", "search"}
    | {"groups", "labels", "details"}
)


def vendor_and_operation(request: httpx.Request) -> tuple[str, str]:
    """Who is called, and what for; both out of a small number of words."""
    path = request.url.path
    if path.startswith("/admin/"):
        return "shopify", "token" if path.endswith("/access_token") else "graphql"
    found = _HUBSPOT.fullmatch(path)
    if found is None:
        return OTHER, OTHER
    words = [found["family"] or "account", *found["rest"].split("/")]
    known = [words[0], *(each for each in words[1:] if each in _OBJECTS or each in _STEPS)]
    return "hubspot", f"{request.method} {'/'.join(known)}"


def status_class(status: int) -> str:
    """``2xx`` … ``5xx``, and 429 by itself, which is our own fault."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return "429"
    return f"{status // 100}xx"


class CallMetrics:
    """Calls by vendor, operation and status class, and how long answers take."""

    def __init__(self, prefix: str, registry: CollectorRegistry) -> None:
        self._calls = Counter(
            f"{prefix}_calls_total",
            "Calls to a vendor, by operation and status class",
            ["vendor", "operation", "status"],
            registry=registry,
        )
        self._seconds = Histogram(
            f"{prefix}_call_seconds",
            "Seconds from a call to the headers of its answer",
            ["vendor", "operation"],
            buckets=CALL_SECONDS,
            registry=registry,
        )

    def count(self, request: httpx.Request, status: str, seconds: float) -> None:
        """One call ended so."""
        vendor, operation = vendor_and_operation(request)
        self._calls.labels(vendor, operation, status).inc()
        self._seconds.labels(vendor, operation).observe(seconds)


class _Direct(httpx.AsyncClient):
    """Takes calls straight to its transport, and ends one whose every byte comes in time.

    No cookie, redirect or challenge of a vendor's is ever answered, and to look for each of them
    costs a quarter of what a call does.
    """

    def __init__(self, transport: httpx.AsyncBaseTransport, **options: Any) -> None:
        super().__init__(transport=transport, **options)
        self._bare = transport

    async def send(self, request: httpx.Request, **_: Any) -> httpx.Response:
        """See httpx, whose time-outs are those of single reads and writes."""
        longest = request.extensions["timeout"]["read"] * 2
        try:
            async with asyncio.timeout(longest):
                response = await self._bare.handle_async_request(request)
                response.request = request
                try:
                    await response.aread()
                except BaseException:
                    await response.aclose()
                    raise
                return response
        except TimeoutError:
            raise httpx.ReadTimeout("", request=request) from None


def client(timeout_seconds: float, transport: httpx.AsyncBaseTransport) -> httpx.AsyncClient:
    """A client by whose name people find our calls in both vendors' logs.

    It waits for each step of a call so long, and for all of them twice as long.
    """
    named = {"user-agent": f"{DISTRIBUTION}/{version(DISTRIBUTION)}"}
    return _Direct(transport, timeout=timeout_seconds, headers=named)


class CountedTransport(httpx.AsyncBaseTransport):
    """Passes calls on and tells ``count`` how each ended."""

    def __init__(
        self,
        inner: httpx.AsyncBaseTransport,
        count: Callable[[httpx.Request, str, float], None],
    ) -> None:
        self._inner = inner
        self._count = count

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See httpx."""
        began = time.perf_counter()
        status = NO_ANSWER
        try:
            response = await self._inner.handle_async_request(request)
            status = status_class(response.status_code)
            return response
        finally:
            self._count(request, status, time.perf_counter() - began)

    async def aclose(self) -> None:
        """See httpx."""
        await self._inner.aclose()
