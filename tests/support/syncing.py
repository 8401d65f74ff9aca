"""The product's syncer between both simulators, in one virtual event loop.

A story is a test in the language of events in and HubSpot state out:

    @story()
    async def test_an_order_brings_its_lines(shop: Syncing) -> None:
        given.order(shop.store, lines=2)
        await shop.settled()
        assert len(shop.shown("line_items")) == 2

Everything from a webhook's signature to HubSpot's answer is the product's own code; time is
virtual, SQLite runs on the loop, and a story replays.
"""

import asyncio
import base64
import hmac
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from sandbox.hubspot.account import Account
from sandbox.hubspot.app import create_app as create_hubspot
from sandbox.hubspot.faults import Fault
from sandbox.hubspot.people import People
from sandbox.shopify.app import create_app as create_shopify
from sandbox.shopify.delivery import Deliveries
from sandbox.shopify.shopify import Shopify
from sandbox.shopify.store import Store
from services.reconciler.scan import Scanner
from services.shared.contract.topics import CONSUMED_TOPICS, ObjectType
from services.shared.ledger import notes, open_links
from services.shared.ledger.connections import Connections
from services.shared.ledger.engine import statement
from services.shared.log.sqlite import SqliteLog, inline
from services.syncer.__main__ import serve
from tests.support.ledger_file import empty_ledger
from tests.support.life import Life
from tests.support.product_parts import (
    LEDGER,
    Outside,
    admit,
    credentials_of,
    files_in,
    ingest_on,
    syncer_on,
)
from tests.support.story_views import Shown
from tests.support.story_wires import Door, Wire
from tests.support.subscribed import TOPICS
from tests.support.virtual_time import VirtualTimeLoop, in_virtual_time, virtual_now

SHOP = "acme.myshopify.com"
OTHER_SHOP = "copper.myshopify.com"
ABANDONED_AFTER = timedelta(minutes=2)
# A disk that is none, where there is one: nothing here is about losing power.
_IN_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
_OF_THE_APP = ("app/uninstalled", "app/scopes_update")
_PATIENCE_SECONDS = 900.0
_SOON_MS = 30_000

_SOON = statement(
    """SELECT kind, id, status, reason, due_at - {now} AS due_in FROM sources
    WHERE due_at < {now} + :soon OR (status = 'waiting' AND due_at IS NULL AND cause_id IS NULL)"""
)


@dataclass(slots=True, kw_only=True)
class Syncing(Shown):
    """Two stores, an account, and the syncer between them."""

    folder: Path
    shopify: Shopify
    deliveries: Deliveries
    door: Door
    to_hubspot: Wire
    to_shopify: Wire
    log: SqliteLog = field(init=False)
    connections: Connections = field(init=False)
    _life: asyncio.Task[None] | None = None
    _pulse: Life = field(default_factory=Life)
    _lives: int = 0

    @property
    def store(self) -> Store:
        """The first store."""
        return self.shopify.stores[SHOP]

    @property
    def other_store(self) -> Store:
        """The second store."""
        return self.shopify.stores[OTHER_SHOP]

    @property
    def people(self) -> People:
        """What people do in HubSpot."""
        return People(self.hubspot)

    def start(self) -> None:
        """Bring the product to life."""
        self._lives += 1
        self._pulse = Life()
        self._life = asyncio.create_task(self._live(f"life-{self._lives}"))

    async def kill(self) -> None:
        """As ``kill -9``: nothing is flushed, nothing is said."""
        self.door.inner = None
        self.to_hubspot.is_cut = self.to_shopify.is_cut = True
        with suppress(AttributeError):
            self.log.abandon()
        self._pulse.die()
        if self._life:
            self._life.cancel()
            with suppress(BaseException):
                await self._life
        self.to_hubspot.is_cut = self.to_shopify.is_cut = False

    async def settled(self, *, patience: float = _PATIENCE_SECONDS) -> None:
        """Wait until nothing is left to do within the next half minute."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + patience
        left: object = "not begun"
        while loop.time() < deadline:
            await self.deliveries.idle()
            await asyncio.sleep(1)
            if self._life and self._life.done():
                self._life.result()
            left = await self._left()
            if not left:
                return
        raise AssertionError(f"still to be done: {left}")

    def now(self) -> float:
        """Seconds since the story began."""
        return asyncio.get_running_loop().time()

    def skip(self, seconds: float) -> None:
        """Let so much time be over at once, without anybody's having lived through it."""
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualTimeLoop)
        loop.skip(seconds)

    async def until(self, holds: Callable[[], bool], *, patience: float = 60.0) -> None:
        """Wait for something that happens."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + patience
        while not holds():
            assert loop.time() < deadline, "it never happened"
            await asyncio.sleep(0.01)

    async def passes(self, seconds: float) -> None:
        """Let time pass, then everything settle."""
        await asyncio.sleep(seconds)
        await self.settled()

    async def scan(self, shop: str = SHOP) -> None:
        """What the reconciler does once a minute."""
        scanner = Scanner(
            self.ledger, self.log, self.connections.admin_of, instance="scanner", floor=None
        )
        for kind in ObjectType:
            await scanner.scan(shop, kind)

    def signed(self, like: httpx.Request, body: bytes) -> httpx.Request:
        """A delivery like another, with another body, signed by the store it names."""
        secret = self.shopify.stores[like.headers["x-shopify-shop-domain"]].client_secret
        digest = hmac.digest(secret.encode(), body, "sha256")
        headers = dict(like.headers)
        headers["x-shopify-hmac-sha256"] = base64.b64encode(digest).decode()
        headers.pop("content-length", None)
        return httpx.Request(like.method, like.url, headers=headers, content=body)

    def strike(self, kind: str, path: str = "*", **said: Any) -> Fault:
        """Set a fault in HubSpot."""
        fault = Fault(kind=kind, path=path, **{"count": 1, **said})
        self.hubspot.faults.append(fault)
        return fault

    async def _left(self) -> object:
        if not hasattr(self, "connections"):
            return "not ready"
        async with self.ledger.transaction() as tx:
            if not await notes.get(tx, "portal"):
                return "the account is still being looked at"
        lag = await self.log.lag("syncer")
        behind = {p.topic: e.events for p, e in lag.items() if p.topic in CONSUMED_TOPICS}
        async with self.ledger.transaction() as tx:
            soon = [tuple(row) for row in await tx.run(_SOON, soon=_SOON_MS)]
            pending = await open_links.anywhere(tx, 10)
        return [each for each in behind.items() if each[1]] or soon or pending

    async def _live(self, name: str) -> None:
        out = Outside(
            shopify=self.to_shopify,
            hubspot=self.to_hubspot,
            token=lambda: self.hubspot.token,
            stores=credentials_of(self.shopify),
            now=virtual_now,
            abandoned_after=ABANDONED_AFTER,
        )
        async with files_in(self.folder, self._pulse, inline, virtual_now) as (ledger, log):
            self.ledger, self.log = ledger, log
            await admit(ledger, out)
            self.door.inner = Wire(ingest_on(log, out))
            syncer = syncer_on(ledger, log, out, name)
            self.connections = syncer.connections
            await serve(syncer, asyncio.Event())


Scene = Callable[[Syncing], Awaitable[None]]


@asynccontextmanager
async def syncing(folder: Path, before: Callable[[Syncing], None] | None) -> AsyncIterator[Syncing]:
    """A running product; ``before`` arranges the vendors before it first looks at them."""
    hubspot = Account(now=virtual_now, sleep=asyncio.sleep, seed=7)
    shopify = Shopify(now=virtual_now, sleep=asyncio.sleep, seed=7)
    shopify.open_store(SHOP)
    shopify.open_store(OTHER_SHOP)
    door = Door()
    async with Deliveries(shopify, transport=door) as deliveries:
        for shop in shopify.stores:
            deliveries.declare(shop, "https://sync.test/webhooks/shopify", (*TOPICS, *_OF_THE_APP))
        world = Syncing(
            folder=folder,
            shopify=shopify,
            hubspot=hubspot,
            deliveries=deliveries,
            door=door,
            to_hubspot=Wire(create_hubspot(hubspot)),
            to_shopify=Wire(create_shopify(shopify)),
        )
        if before:
            before(world)
        world.start()
        try:
            yield world
        finally:
            await world.kill()


def story(
    before: Callable[[Syncing], None] | None = None, *, begun: bool = True
) -> Callable[[Scene], Callable[[], None]]:
    """Make a test of a scene: it is played with a fresh world, in virtual time.

    ``before`` arranges the vendors before the product first looks at them; ``begun`` says whether
    the scene opens after it did.
    """

    def of(scene: Scene) -> Callable[[], None]:
        async def play(folder: Path) -> None:
            async with syncing(folder, before) as world:
                if begun:
                    await world.settled()
                await scene(world)

        def test() -> None:
            with tempfile.TemporaryDirectory(dir=_IN_MEMORY) as folder:
                (Path(folder) / LEDGER).write_bytes(empty_ledger())
                in_virtual_time(play(Path(folder)))

        test.__name__ = scene.__name__
        test.__doc__ = scene.__doc__
        return test

    return of


def named(*names: str, **more: object) -> list[dict[str, object]]:
    """Lines of things by name, one of each at 10.00; ``more`` is said of each line."""
    return [{"title": name, "price": "10.00", "quantity": 1, **more} for name in names]


def sorted_values(records: Iterable[Mapping[str, str]], name: str) -> list[str]:
    """One property of some records, sorted; "" where a record lacks it."""
    return sorted(each.get(name, "") for each in records)
