"""The Admin API over HTTP: tokens and GraphQL, with the vendor's statuses and headers."""

from __future__ import annotations

import re
from email.utils import format_datetime
from random import Random
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request as HttpRequest
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from sandbox.shopify.api_faults import STATUSES, ApiFaults
from sandbox.shopify.graph.executing import Executor, Request
from sandbox.shopify.shopify import Shopify
from sandbox.shopify.store import Store
from sandbox.shopify.tokens import granted_token, is_valid, store_for

_VERSION = re.compile(r"20\d\d-(01|04|07|10)")
TOKEN_HEADER = "x-shopify-access-token"  # noqa: S105 - a header's name


def answered_version(asked: str, supported: tuple[str, ...]) -> str | None:
    """The version a request is answered in; a retired one falls forward to the oldest supported.

    https://shopify.dev/docs/api/usage/versioning
    """
    if asked == "unstable" or asked in supported:
        return asked
    if _VERSION.fullmatch(asked) and asked < supported[0]:
        return supported[0]
    return None


class Admin:
    """The endpoints of the Admin API of all stores.

    Args:
        shopify: The stores.
        faults: Switches, looked at anew for each request.
        dated: Whether answers carry a ``Date`` by the simulator's clock.
    """

    def __init__(self, shopify: Shopify, faults: ApiFaults, *, dated: bool = True) -> None:
        self._shopify = shopify
        self._faults = faults
        self._dated = dated
        self._executors: dict[str, Executor] = {}
        self._random = Random(f"{shopify.seed}/api")  # noqa: S311 - faults, not secrets
        self._requests = 0

    def routes(self) -> list[Route]:
        """The vendor's own paths."""
        return [
            Route("/admin/oauth/access_token", self.token, methods=["POST"]),
            Route("/admin/api/{version}/graphql.json", self.graphql, methods=["POST"]),
        ]

    def executor(self, store: Store) -> Executor:
        """What executes the requests to a store; holds its bucket."""
        found = self._executors.get(store.shop)
        if found is None:
            found = self._executors[store.shop] = Executor(store)
        return found

    async def token(self, request: HttpRequest) -> Response:
        """``POST /admin/oauth/access_token``."""
        body = await request.body()
        try:
            form = orjson.loads(body) if body[:1] == b"{" else dict(parse_qsl(body.decode()))
        except ValueError:
            return self._refusal(400)
        host = request.headers.get("host", "")
        store = store_for(self._shopify, host, "", form.get("client_id", ""))
        if store is None:
            return self._refusal(404)
        fault = await self._fault(store)
        if fault is not None:
            return fault
        status, answer = granted_token(store, form)
        return self._json(status, answer)

    async def graphql(self, request: HttpRequest) -> Response:
        """``POST /admin/api/{version}/graphql.json``."""
        token = request.headers.get(TOKEN_HEADER, "")
        store = store_for(self._shopify, request.headers.get("host", ""), token)
        asked = str(request.path_params["version"])
        version = answered_version(asked, self._shopify.supported_versions)
        host = request.headers.get("host", "")
        closed = _closed(store, token, host)
        if store is None or version is None or closed:
            return self._refusal(closed or 404)
        throttled = self._faults.throttled and not self._faults.status
        fault = None if throttled else await self._fault(store)
        if fault is not None:
            return fault
        parsed = _parsed(await request.body(), version, self._shopify.supported_versions)
        if parsed is None:
            return self._json(400, {"errors": {"query": "Required parameter missing or invalid"}})
        if throttled and self._faults.slow_seconds:
            await self._shopify.sleep(self._faults.slow_seconds)
        hit = throttled and self._befalls(store)
        answer = self.executor(store).answer(parsed, throttled=hit)
        return self._json(200, answer, {"X-Shopify-API-Version": version})

    def _befalls(self, store: Store) -> bool:
        if not self._faults.befalls(store.shop, self._random):
            return False
        self._faults.count()
        return True

    async def _fault(self, store: Store) -> Response | None:
        if self._faults.slow_seconds:
            await self._shopify.sleep(self._faults.slow_seconds)
        status, html = self._faults.status, self._faults.not_json
        # A throttled query is the API's own answer; tokens are not throttled.
        if not status or not self._befalls(store):
            return None
        if html:
            page = f"<html><body><h1>{status}</h1></body></html>"
            return HTMLResponse(page, status, headers=self._headers())
        return self._refusal(status)

    def _refusal(self, status: int) -> Response:
        extra = {}
        if status in (429, 503) and self._faults.retry_after:
            extra["Retry-After"] = str(self._faults.retry_after)
        return self._json(status, {"errors": STATUSES[status]}, extra)

    def _json(self, status: int, body: Any, extra: dict[str, str] | None = None) -> Response:
        content = orjson.dumps(body)
        headers = self._headers() | (extra or {})
        return Response(content, status, headers, "application/json; charset=utf-8")

    def _headers(self) -> dict[str, str]:
        self._requests += 1
        headers = {"X-Request-Id": f"{self._shopify.seed:08x}-{self._requests:012x}"}
        if self._dated:
            headers["Date"] = format_datetime(self._shopify.now(), usegmt=True)
        return headers


def _closed(store: Store | None, token: str, host: str) -> int:
    """The status that keeps a request out, or 0."""
    if store is None:
        return 404 if host.endswith(".myshopify.com") else 401
    if not is_valid(store, token):
        return 401
    return 402 if store.frozen else 0


def _parsed(body: bytes, version: str, supported: tuple[str, ...]) -> Request | None:
    try:
        given = orjson.loads(body)
    except ValueError:
        return None
    if not isinstance(given, dict) or not isinstance(given.get("query"), str):
        return None
    variables = given.get("variables") or {}
    if isinstance(variables, str):  # some clients send them encoded once more
        variables = orjson.loads(variables)
    return Request(
        query=given["query"],
        variables=variables,
        operation_name=given.get("operationName"),
        api_version=version,
        supported=supported,
    )
