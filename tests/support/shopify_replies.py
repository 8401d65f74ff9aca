"""A store that answers with what a test hands it, behind httpx's transport."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import httpx
import orjson

from services.shared.shopify.address import address_of
from services.shared.shopify.admin import Admin
from services.shared.shopify.tokens import AdminToken, TokenSource

SHOP = "acme.myshopify.com"
EPOCH = datetime(2026, 11, 24, 12, tzinfo=UTC)
Reply = Callable[[dict[str, Any]], httpx.Response]


def body_of(
    data: Any = None,
    *,
    errors: Sequence[dict[str, Any]] = (),
    requested: float = 10,
    available: float = 2000,
    restore: float = 100,
) -> dict[str, Any]:
    """An answer's body with its cost."""
    status = {"maximumAvailable": 2000, "currentlyAvailable": available, "restoreRate": restore}
    cost = {"requestedQueryCost": requested, "actualQueryCost": 1, "throttleStatus": status}
    body: dict[str, Any] = {"data": data, "extensions": {"cost": cost}}
    return body | ({"errors": [*errors]} if errors else {})


def said(
    body: Any, status: int = 200, headers: dict[str, str] | None = None, *, at: datetime = EPOCH
) -> httpx.Response:
    """An answer dated ``at``."""
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    dated = {"Date": format_datetime(at, usegmt=True), "X-Shopify-API-Version": "2026-10"}
    return httpx.Response(status, content=content, headers=dated | (headers or {}))


class Store:
    """Gives ``replies`` in turn, the last one for ever; keeps what was asked, and when."""

    def __init__(self, *replies: Reply | httpx.Response, takes: float = 0.0) -> None:
        self.replies = [*replies]
        self.takes = takes
        self.requests: list[httpx.Request] = []
        self.asked_at: list[float] = []
        self.variables: list[dict[str, Any]] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self.asked_at.append(asyncio.get_running_loop().time())
        await asyncio.sleep(self.takes)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if "graphql" not in request.url.path:
            return reply({}) if callable(reply) else reply
        variables = orjson.loads(request.content)["variables"]
        self.variables.append(variables)
        return reply(variables) if callable(reply) else reply

    @property
    def http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self))

    def admin(self, tokens: TokenSource | None = None, base_url: str = "") -> Admin:
        return Admin(self.http, address_of(SHOP, base_url), tokens or AdminToken("shpat_1"))
