"""The reconciler's webhook subscriptions: there at the start, and again after Shopify's removal."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable

import httpx
import pytest

from sandbox.shopify.app import create_app
from sandbox.shopify.shopify import Shopify
from sandbox.shopify.store import Store
from services.reconciler.subscribing import LOOK_AGAIN_SECONDS, Subscribing
from services.shared.contract.errors import SyncError
from services.shared.shopify.address import address_of
from services.shared.shopify.admin import Admin
from services.shared.shopify.tokens import AdminToken
from tests.support.virtual_time import in_virtual_time

SHOP = "acme.myshopify.com"
URI = "https://sync.example/webhooks/shopify"


class Scenery:
    """A simulated store, the client for it, and what keeps its subscriptions."""

    def __init__(self) -> None:
        self.shopify = Shopify()
        self.store: Store = self.shopify.open_store(SHOP)
        http = httpx.AsyncClient(transport=httpx.ASGITransport(create_app(self.shopify)))
        token = AdminToken(next(iter(self.store.tokens)))
        self.admin = Admin(http, address_of(SHOP, "http://shopify.test"), token)
        self.subscribing = Subscribing(URI, asyncio.get_running_loop().time)

    async def keep(self) -> list[str]:
        """Keep them, and say which topics there are."""
        await self.subscribing.keep(SHOP, self.admin)
        return sorted(str(each["topic"]) for each in self.store.subscriptions)


def played(scene: Callable[[Scenery], Awaitable[None]]) -> None:
    async def main() -> None:
        await scene(Scenery())

    in_virtual_time(main())


def test_a_subscription_that_shopify_removed_is_made_again_within_minutes() -> None:
    async def scene(stage: Scenery) -> None:
        whole = await stage.keep()
        assert len(whole) > 20
        stage.store.subscriptions.clear()

        assert await stage.keep() == []
        await asyncio.sleep(LOOK_AGAIN_SECONDS)

        assert await stage.keep() == whole

    played(scene)


def test_a_clock_that_never_stands_still_keeps_nobody_from_subscribing() -> None:
    async def scene(stage: Scenery) -> None:
        stage.subscribing = Subscribing(URI, map(float, itertools.count()).__next__)

        assert len(await stage.keep()) > 20

    played(scene)


def test_what_an_outage_kept_from_being_made_is_made_soon_after() -> None:
    async def scene(stage: Scenery) -> None:
        stage.shopify.faults.update({"status": 503, "share": 0.5})
        for _ in range(20):
            try:
                some = await stage.keep()
            except SyncError:
                continue
            break
        stage.shopify.faults.update({"status": 0})
        await asyncio.sleep(LOOK_AGAIN_SECONDS / 5)

        assert len(await stage.keep()) > len(some)

    played(scene)


def test_a_store_that_cannot_be_asked_is_asked_again_by_the_next_round() -> None:
    async def scene(stage: Scenery) -> None:
        stage.shopify.faults.update({"status": 503})
        with pytest.raises(SyncError):
            await stage.keep()
        stage.shopify.faults.update({"status": 0})

        assert await stage.keep()

    played(scene)
