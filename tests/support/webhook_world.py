"""A simulated store, its deliveries, and a receiver, all in one virtual event loop."""

import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from sandbox.shopify.delivery import Deliveries
from sandbox.shopify.shopify import Shopify
from sandbox.shopify.store import Store
from tests.support.virtual_time import virtual_now
from tests.support.webhook_receiver import URL, Receiver

SHOP = "acme.myshopify.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    shopify: Shopify
    store: Store
    deliveries: Deliveries
    receiver: Receiver

    def subscribe(self, *topics: str, **options: Any) -> None:
        for topic in topics:
            number = len(self.store.subscriptions) + 1
            self.store.subscriptions.append(
                {
                    "id": number,
                    "topic": topic,
                    "uri": URL,
                    **options,
                }
            )


@asynccontextmanager
async def world(*topics: str, seed: int = 1, **settings: Any) -> AsyncIterator[World]:
    """A store subscribed to ``topics``; ``settings`` are the store's."""
    shopify = Shopify(now=virtual_now, seed=seed)
    store = shopify.open_store(SHOP, **settings)
    receiver = Receiver()
    transport = httpx.ASGITransport(receiver)
    async with Deliveries(shopify, transport=transport, concurrency=20) as deliveries:
        made = World(shopify=shopify, store=store, deliveries=deliveries, receiver=receiver)
        made.subscribe(*topics)
        yield made


def gaps(times: Sequence[float]) -> list[float]:
    """The seconds between consecutive times."""
    return [round(later - earlier, 3) for earlier, later in itertools.pairwise(times)]
