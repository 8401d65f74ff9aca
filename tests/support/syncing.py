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
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from prometheus_client import CollectorRegistry

from sandbox.hubspot.account import Account
from sandbox.hubspot.app import create_app as create_hubspot
from sandbox.hubspot.faults import Fault
from sandbox.hubspot.people import People
from sandbox.shopify.app import create_app as create_shopify
from sandbox.shopify.delivery import Deliveries
from sandbox.shopify.shopify import Shopify
from sandbox.shopify.store import Store
from services.ingest.__main__ import Surroundings as IngestSurroundings
from services.ingest.__main__ import application
from services.ingest.metrics import Metrics
from services.ingest.settings import Settings as IngestSettings
from services.ingest.stores import StoreSecrets, StoresInMemory
from services.reconciler.scan import Scanner
from services.shared.contract.topics import CONSUMED_TOPICS, ObjectType
from services.shared.hubspot.client import HubSpot
from services.shared.hubspot.governor import Governor
from services.shared.ledger import links, notes, stores
from services.shared.ledger.connections import Connections
from services.shared.ledger.engine import Ledger, statement
from services.shared.ledger.quota import LedgerQuota
from services.shared.ledger.stores import ACCOUNT, StoreCredentials
from services.shared.ledger.vault import Vault
from services.shared.log.sqlite import SqliteLog, inline
from services.syncer.__main__ import Surroundings, serve
from tests.simulation.ledger_file import LedgerFile, empty_ledger
from tests.simulation.life import Life
from tests.support.running_ingest import StoresAtHand
from tests.support.virtual_time import VirtualTimeLoop, in_virtual_time, virtual_now

SHOP = "acme.myshopify.com"
LEDGER = "ledger.sqlite"
OTHER_SHOP = "copper.myshopify.com"
ABANDONED_AFTER = timedelta(minutes=2)
TOPICS = (
    "customers/create",
    "customers/update",
    "customers/delete",
    "customers/merge",
    "customers/enable",
    "customers/disable",
    "customer.tags_added",
    "customer.tags_removed",
    "customers/purchasing_summary",
    "customers_email_marketing_consent/update",
    "customers_marketing_consent/update",
    "products/create",
    "products/update",
    "products/delete",
    "orders/create",
    "orders/updated",
    "orders/cancelled",
    "orders/delete",
    "orders/edited",
    "refunds/create",
    "checkouts/create",
    "checkouts/update",
    "checkouts/delete",
    "app/uninstalled",
)
# A disk that is none, where there is one: nothing here is about losing power.
_IN_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
_VAULT = Vault(["a passphrase for stories"])
_PATIENCE_SECONDS = 900.0
_SOON_MS = 30_000

_SOON = statement(
    """SELECT kind, id, status, reason, due_at - {now} AS due_in FROM sources
    WHERE due_at < {now} + :soon OR (status = 'waiting' AND due_at IS NULL AND cause_id IS NULL)"""
)
_STANDINGS = statement(
    "SELECT shop, kind, id, status, reason, detail FROM sources ORDER BY shop, kind, id"
)
_STANDING = statement("SELECT * FROM sources WHERE kind = :kind AND id = :id")


class Wire(httpx.AsyncBaseTransport):
    """Reaches an application in memory. A call that takes too long is an error.

    ``before`` is what happens just before calls whose path ends so; ``after``, what happens once
    they are answered, and how many seconds the answer then takes to come.
    """

    def __init__(self, app: object, seconds: float = 15.0) -> None:
        self._inner = httpx.ASGITransport(app=app)  # type: ignore[arg-type]  # any ASGI callable
        self._seconds = seconds
        self.is_cut = False
        self.requests: list[httpx.Request] = []
        self.before: dict[str, Callable[[httpx.Request], None]] = {}
        self.after: dict[str, tuple[Callable[[httpx.Response], None], float]] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.is_cut:
            raise httpx.ConnectError("cut")
        self.requests.append(request)
        for ending, happens in self.before.items():
            if request.url.path.endswith(ending):
                happens(request)
        await asyncio.sleep(0.001)
        try:
            async with asyncio.timeout(self._seconds):
                answer = await self._inner.handle_async_request(request)
                await self._happens_after(request, answer)
                return answer
        except TimeoutError:
            raise httpx.ReadTimeout("too slow", request=request) from None

    async def _happens_after(self, request: httpx.Request, answer: httpx.Response) -> None:
        for ending, (happens, seconds) in self.after.items():
            if request.url.path.endswith(ending):
                happens(answer)
                await asyncio.sleep(seconds)

    def calls(self, ending: str) -> list[httpx.Request]:
        """The requests whose path ends so."""
        return [each for each in self.requests if each.url.path.endswith(ending)]


class Door(httpx.AsyncBaseTransport):
    """Shopify's way in. While it holds, deliveries are answered with 200 and kept."""

    def __init__(self) -> None:
        self.inner: httpx.AsyncBaseTransport | None = None
        self.is_holding = False
        self.kept: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.kept.append(request)
        if self.is_holding:
            return httpx.Response(200)
        return await self.deliver(request)

    async def deliver(self, request: httpx.Request) -> httpx.Response:
        """Bring one delivery in, once more if it was in already."""
        if self.inner is None:
            return httpx.Response(503)
        again = httpx.Request(
            request.method, request.url, headers=request.headers, content=request.content
        )
        return await self.inner.handle_async_request(again)

    def of(self, topic: str) -> list[httpx.Request]:
        """The deliveries of a topic so far, oldest first."""
        return [each for each in self.kept if each.headers["x-shopify-topic"] == topic]


@dataclass(slots=True, kw_only=True)
class Syncing:
    """Two stores, an account, and the syncer between them."""

    folder: Path
    shopify: Shopify
    hubspot: Account
    deliveries: Deliveries
    door: Door
    to_hubspot: Wire
    to_shopify: Wire
    ledger: Ledger = field(init=False)
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

    def shown(self, object_type: str) -> list[dict[str, str]]:
        """The properties of HubSpot's live records of a type, in order of creation."""
        return [
            dict(record.properties)
            for record in self.hubspot.records[object_type].by_id.values()
            if not record.archived
        ]

    def only(self, object_type: str) -> dict[str, str]:
        """The properties of the one live record of a type."""
        (record,) = self.shown(object_type)
        return record

    def linked(self, from_type: str, from_id: str, to_type: str) -> set[str]:
        """The ids of the live records a record is associated with."""
        return {
            each
            for each in self.hubspot.associations.of(from_type, from_id, to_type)
            if not self.hubspot.records[to_type].by_id[each].archived
        }

    async def standings(self) -> dict[str, tuple[str, str]]:
        """Status and reason of everything the ledger knows, by ``kind/id``."""
        async with self.ledger.transaction() as tx:
            rows = await tx.run(_STANDINGS)
        return {f"{row.kind}/{row.id}": (row.status, row.reason) for row in rows}

    async def standing(self, kind: str, record: Mapping[str, Any]) -> tuple[str, str]:
        """Status and reason of one Shopify record."""
        return (await self.standings())[f"{kind}/{record['id']}"]

    async def row(self, kind: str, record: Mapping[str, Any]) -> Mapping[str, Any]:
        """The ledger's whole row of one Shopify record."""
        async with self.ledger.transaction() as tx:
            (row,) = await tx.run(_STANDING, kind=kind, id=str(record["id"]))
        return dict(row._asdict())

    async def not_in_sync(self) -> dict[str, tuple[str, str]]:
        """Everything that is neither in sync nor deleted."""
        found = await self.standings()
        return {key: each for key, each in found.items() if each[0] not in ("in_sync", "deleted")}

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
            pending = await links.open_anywhere(tx, 10)
        return [each for each in behind.items() if each[1]] or soon or pending

    async def _live(self, name: str) -> None:
        async with AsyncExitStack() as stack:
            path = self.folder / LEDGER
            file = LedgerFile(path, lambda: virtual_now().timestamp(), self._pulse)
            stack.push_async_callback(file.close)
            self.ledger = Ledger(file)
            self.log = await stack.enter_async_context(
                SqliteLog.open(
                    self.folder / "log.sqlite", run=inline, now=virtual_now, watch_seconds=3600
                )
            )
            await self._admit()
            self.door.inner = Wire(self._ingest())
            http = httpx.AsyncClient(transport=self.to_shopify)
            self.connections = Connections(
                self.ledger,
                _VAULT,
                http,
                instance=name,
                now=virtual_now,
                base_url="http://shopify.test",
            )
            governor = Governor(LedgerQuota(self.ledger, ACCOUNT))
            hubspot = HubSpot(
                httpx.AsyncClient(transport=self.to_hubspot),
                lambda: self.hubspot.token,
                observe=governor.observe,
                base_url="http://hubspot.test",
            )
            around = Surroundings(
                ledger=self.ledger,
                log=self.log,
                vault=_VAULT,
                connections=self.connections,
                hubspot=hubspot,
                governor=governor,
                instance=name,
                abandoned_after=ABANDONED_AFTER,
            )
            await serve(around, asyncio.Event())

    async def _admit(self) -> None:
        async with self.ledger.transaction() as tx:
            await stores.put_account(tx, _VAULT, self.hubspot.token)
            for store in self.shopify.stores.values():
                credentials = StoreCredentials(
                    client_id=store.client_id, client_secret=store.client_secret
                )
                await stores.connect(tx, _VAULT, store.shop, credentials)

    def _ingest(self) -> object:
        known = StoresInMemory()
        known.replace(
            [
                StoreSecrets(shop=store.shop, secrets=(store.client_secret.encode(),))
                for store in self.shopify.stores.values()
            ]
        )
        registry = CollectorRegistry()
        at_hand = StoresAtHand(known=None, kept=None)
        surroundings = IngestSurroundings(
            appender=self.log,
            writable=self.log.is_writable,
            store_source=at_hand,
            store_copy=at_hand,
            registry=registry,
            clock=virtual_now,
        )
        return application(IngestSettings(), surroundings, known, Metrics(registry))


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
            deliveries.declare(shop, "https://sync.test/webhooks/shopify", TOPICS)
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


def sorted_values(records: Iterable[Mapping[str, str]], name: str) -> list[str]:
    """One property of some records, sorted; "" where a record lacks it."""
    return sorted(each.get(name, "") for each in records)
