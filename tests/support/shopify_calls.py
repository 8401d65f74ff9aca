"""A simulated Shopify with one store, a clock that stands still, and calls to its Admin API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from sandbox.shopify.app import create_app
from sandbox.shopify.shopify import Shopify
from sandbox.shopify.store import Store

START = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
SHOP = "acme.myshopify.com"


@dataclass
class Clock:
    """Time that passes when it is told to, or slept through."""

    at: datetime = START
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> datetime:
        return self.at

    def passes(self, **span: float) -> None:
        self.at += timedelta(**span)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.passes(seconds=seconds)


class Calls:
    """Calls to the API of one store, in process."""

    def __init__(self, **settings: Any) -> None:
        self.clock = Clock()
        self.shopify = Shopify(now=self.clock, sleep=self.clock.sleep, seed=7)
        self.store: Store = self.shopify.open_store(SHOP, **settings)
        self.token = next(iter(self.store.tokens))
        self.app = create_app(self.shopify)

    async def send(self, method: str, path: str, **request: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{SHOP}") as client:
            return await client.request(method, path, **request)

    async def graphql(
        self, query: str, *, version: str = "2026-10", token: str | None = None, **variables: Any
    ) -> httpx.Response:
        return await self.send(
            "POST",
            f"/admin/api/{version}/graphql.json",
            json={"query": query, "variables": variables},
            headers={"X-Shopify-Access-Token": self.token if token is None else token},
        )

    async def body(self, query: str, **variables: Any) -> dict[str, Any]:
        response = await self.graphql(query, **variables)
        assert response.status_code == 200, response.text
        body: dict[str, Any] = response.json()
        return body

    async def data(self, query: str, **variables: Any) -> dict[str, Any]:
        body = await self.body(query, **variables)
        assert "errors" not in body, body["errors"]
        data: dict[str, Any] = body["data"]
        return data

    async def error(self, query: str, **variables: Any) -> Mapping[str, Any]:
        errors = (await self.body(query, **variables))["errors"]
        first: Mapping[str, Any] = errors[0]
        return first

    async def ids(self, name: str, arguments: str) -> list[int]:
        """The numeric ids on the first page of a list."""
        data = await self.data(f"{{ {name}(first: 250, {arguments}) {{ nodes {{ id }} }} }}")
        return [int(each["id"].rpartition("/")[2]) for each in data[name]["nodes"]]
