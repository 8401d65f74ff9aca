"""The product's engines between both simulators, reached in memory by the name of the host."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from sandbox.hubspot.account import Account
from sandbox.hubspot.app import create_app as hubspot_app
from sandbox.shopify.app import create_app as shopify_app
from sandbox.shopify.shopify import Shopify
from sandbox.shopify.store import Store
from services.cli.engines import EVERY_PROCESS, Engines, engines
from services.cli.settings import Settings

SHOP = "acme.myshopify.com"
OTHER = "zenith.myshopify.com"
HUBSPOT = "http://hubspot.test"


class ByHost(httpx.AsyncBaseTransport):
    """Passes each request to the application that is called so."""

    def __init__(self, transports: Mapping[str, httpx.AsyncBaseTransport]) -> None:
        self.transports = dict(transports)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self.transports[request.url.host].handle_async_request(request)


class BothVendors:
    """A HubSpot account and two stores, on a clock that can be set back to fill their past."""

    def __init__(self) -> None:
        self.behind = timedelta()
        self.account = Account(seed=7)
        self.shopify = Shopify(now=self.now, seed=7)
        self.store = self.shopify.open_store(SHOP)
        self.other = self.shopify.open_store(OTHER)
        self.transport = ByHost(
            {
                "hubspot.test": httpx.ASGITransport(hubspot_app(self.account)),
                "shopify.test": httpx.ASGITransport(shopify_app(self.shopify)),
            }
        )

    def now(self) -> datetime:
        return datetime.now(UTC) - self.behind

    def settings(self, folder: Path, **changed: Any) -> Settings:
        given: dict[str, Any] = {
            "data_dir": folder,
            "encryption_key": "a-key-long-enough",
            "hubspot_token": self.account.token,
            "hubspot_url": HUBSPOT,
            "shopify_url": "http://shopify.test",
            "stores": [_credentials(each) for each in (self.store, self.other)],
            "syncer_metrics_port": 0,
            "reconciler_metrics_port": 0,
        }
        return Settings(**given | changed)

    @asynccontextmanager
    async def engines(self, folder: Path, **changed: Any) -> AsyncIterator[Engines]:
        async with engines(
            self.settings(folder, **changed), EVERY_PROCESS, self.transport
        ) as opened:
            yield opened

    def client(self) -> httpx.AsyncClient:
        """Whoever else works with the account."""
        headers = {"Authorization": f"Bearer {self.account.token}"}
        return httpx.AsyncClient(transport=self.transport, base_url=HUBSPOT, headers=headers)

    async def made(self, object_type: str, **properties: str) -> str:
        """A record that stands in HubSpot already; its id."""
        async with self.client() as http:
            answer = await http.post(
                f"/crm/objects/2026-09/{object_type}", json={"properties": properties}
            )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def there(self, object_type: str) -> set[str]:
        """The ids of an object type's records that are not archived."""
        records = self.account.records[object_type].by_id.values()
        return {each.id for each in records if not each.archived}


def _credentials(store: Store) -> dict[str, str]:
    return {
        "shop": store.shop,
        "client_id": store.client_id,
        "client_secret": store.client_secret,
    }
