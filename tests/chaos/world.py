"""Both vendors in this process, where everything they saw and hold can be looked at."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx

from sandbox.hubspot.account import Account
from sandbox.hubspot.app import create_app as create_hubspot
from sandbox.hubspot.people import People
from sandbox.serving import served
from sandbox.shopify import given
from sandbox.shopify.app import create_app as create_shopify
from sandbox.shopify.delivery import Deliveries
from sandbox.shopify.shopify import Shopify
from sandbox.shopify.signing import Message, headers, signature, triggered_at
from sandbox.shops.stores import COPPER, NORDLYS
from sandbox.shops.trickle import WEIGHTS, trickle
from tests.chaos.recording import Overheard, Recording
from tests.simulation.history import UNDATED
from tests.simulation.people import share

_THIRD = "third-wheel-cycles.myshopify.com"
_REMEMBERED = 1_000_000
_SHARES = 0.05
_POISON_SECONDS = 15.0
_AGAIN_SECONDS = 1.0


@dataclass(slots=True, kw_only=True)
class World:
    """The vendors, what is recorded of them, and what people and strangers did there.

    ``planted`` are records people made in HubSpot, by type and id, as they were then; ``offered``
    the delivery ids of webhooks that nobody can apply, ``poison`` those acknowledged.
    """

    seed: int
    hubspot: Account
    shopify: Shopify
    deliveries: Deliveries
    recording: Recording
    hubspot_url: str
    shopify_url: str
    planted: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    offered: set[str] = field(default_factory=set)
    poison: list[str] = field(default_factory=list)

    def stores(self) -> list[dict[str, str]]:
        """The stores as the product's settings name them."""
        return [
            {"shop": each.shop, "client_id": each.client_id, "client_secret": each.client_secret}
            for each in self.shopify.stores.values()
        ]

    def plant(self) -> None:
        """Let people make records of their own in HubSpot, and a line in one of our orders."""
        people = People(self.hubspot)
        for number in range(3):
            email = f"lead-{number}@made-by-people.example"
            self._keep("contacts", people.create("contacts", {"email": email, "firstname": "Pat"}))
        self._keep("products", people.create("products", {"name": "By hand", "price": "5"}))
        order = people.create("orders", {"hs_order_name": "By hand"})
        self._keep("orders", order)
        ours = [
            each.id
            for each in self.hubspot.records["orders"].by_id.values()
            if each.properties.get("shopify_sync_key") and not each.archived
        ]
        for parent in (order["id"], *ours[:1]):
            line = people.add_line_item(parent, {"name": "Gift wrap", "quantity": "1"})
            self._keep("line_items", line)

    def _keep(self, object_type: str, shown: Mapping[str, Any]) -> None:
        record = self.hubspot.records[object_type].by_id[str(shown["id"])]
        self.planted[object_type, record.id] = dict(record.properties)

    async def change(self, rate: float, *, is_lossy: bool) -> None:
        """Until cancelled: changes at random, the same for the same seed, so many a second."""
        rng = random.Random(f"{self.seed}/changes")
        # Where webhooks get lost, what nothing but a webhook tells must not happen.
        deeds = {name: n for name, n in WEIGHTS.items() if not (is_lossy and name in UNDATED)}
        while True:
            await asyncio.sleep(rng.expovariate(rate))
            if rng.random() < _SHARES:
                share(rng, self.shopify)
            else:
                trickle(self.shopify, rng, deeds)

    async def send_poison(self, url: str) -> None:
        """Until cancelled: now and then a signed webhook that is no JSON, until it is taken."""
        rng = random.Random(f"{self.seed}/poison")
        async with httpx.AsyncClient(timeout=5.0, trust_env=False) as http:
            while True:
                await asyncio.sleep(rng.uniform(1.0, _POISON_SECONDS))
                await self._poisoned(http, url, rng)

    async def _poisoned(self, http: httpx.AsyncClient, url: str, rng: random.Random) -> None:
        store = rng.choice(list(self.shopify.stores.values()))
        now = self.shopify.now()
        message = Message(
            shop=store.shop,
            topic=rng.choice(("orders/updated", "customers/update", "products/update")),
            url=url,
            body=b'{"id": 1, "never closed',
            api_version=store.api_version,
            webhook_id=str(UUID(int=rng.getrandbits(128), version=4)),
            event_id=str(UUID(int=rng.getrandbits(128), version=4)),
            triggered_at=triggered_at(now, 0),
            record_id="1",
        )
        signed = headers(message, signature(message.body, store.client_secret))
        self.offered.add(message.webhook_id)
        while True:
            with suppress(httpx.HTTPError):
                answer = await http.post(url, content=message.body, headers=signed)
                if answer.is_success:
                    self.poison.append(message.webhook_id)
                    return
            await asyncio.sleep(_AGAIN_SECONDS)


@asynccontextmanager
async def world_of(seed: int) -> AsyncIterator[World]:
    """Three small stores and an account, served on the loopback."""
    hubspot, shopify = Account(seed=seed), Shopify(seed=seed)
    recording = Recording()
    for shop, settings in (
        (NORDLYS.shop, NORDLYS.settings),
        (COPPER.shop, COPPER.settings),
        (_THIRD, COPPER.settings),
    ):
        store = shopify.open_store(shop, **settings)
        for _ in range(2):
            given.customer(store)
            given.product(store, variants=2)
        given.order(store, lines=2)
        store.listeners.append(recording.hear)
    async with Deliveries(shopify, remembered=_REMEMBERED) as deliveries:
        hubspot_app = Overheard(create_hubspot(hubspot), recording)
        shopify_app = create_shopify(shopify, (), {"delivery": deliveries.faults})
        async with served(hubspot_app) as hubspot_url, served(shopify_app) as shopify_url:
            yield World(
                seed=seed,
                hubspot=hubspot,
                shopify=shopify,
                deliveries=deliveries,
                recording=recording,
                hubspot_url=hubspot_url,
                shopify_url=shopify_url,
            )
