"""The product in the simulation: all its processes in one, in memory, until it is killed."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

import httpx
from prometheus_client import CollectorRegistry

from services.ingest.__main__ import Surroundings as IngestSurroundings
from services.ingest.__main__ import application
from services.ingest.metrics import Metrics
from services.ingest.settings import Settings as IngestSettings
from services.ingest.stores import StoreSecrets, StoresInMemory
from services.reconciler.__main__ import Surroundings as ReconcilerSurroundings
from services.reconciler.__main__ import serve as serve_reconciler
from services.shared.contract.errors import SyncError
from services.shared.hubspot.client import HubSpot
from services.shared.hubspot.governor import Governor
from services.shared.ledger import stores
from services.shared.ledger.connections import Connections
from services.shared.ledger.engine import Ledger
from services.shared.ledger.quota import LedgerQuota
from services.shared.ledger.stores import ACCOUNT, StoreCredentials
from services.shared.ledger.vault import Vault
from services.shared.log.sqlite import SqliteLog
from services.syncer.__main__ import Surroundings as SyncerSurroundings
from services.syncer.__main__ import serve as serve_syncer
from tests.simulation.ledger_file import LedgerFile
from tests.simulation.life import Life
from tests.simulation.wires import Doorbell, Note, Wire

T = TypeVar("T")
T_error = TypeVar("T_error", bound=Exception)
ABANDONED_AFTER = timedelta(minutes=3)
SCAN_EVERY_SECONDS = 60.0
_VAULT = Vault(["a passphrase for simulations"])
_SHOPIFY = "http://shopify.test"
_HUBSPOT = "http://hubspot.test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What the product meets: both vendors, the stores' secrets, its files, the time."""

    shopify: httpx.AsyncBaseTransport
    hubspot: httpx.AsyncBaseTransport
    hubspot_token: str
    secrets: dict[str, tuple[str, str]]
    door: Doorbell
    folder: Path
    now: Callable[[], datetime]
    note: Note


@dataclass(slots=True, kw_only=True)
class Product:
    """A running product. ``bugs`` is what its processes died of though it should never happen."""

    outside: Outside
    name: str
    life: Life = field(default_factory=Life)
    ledger: Ledger | None = None
    log: SqliteLog | None = None
    bugs: list[str] = field(default_factory=list)

    def start(self) -> None:
        """Come to life."""
        self.life.start(self._live())

    async def kill(self) -> None:
        """As ``kill -9``: nothing is flushed, nothing is said; what was committed stays."""
        self.life.die()
        if self.log:
            self.log.abandon()
        await self.life.dropped()

    async def _live(self) -> None:
        out = self.outside
        async with AsyncExitStack() as stack:
            path = out.folder / "ledger.sqlite"
            file = LedgerFile(path, lambda: out.now().timestamp(), self.life)
            stack.push_async_callback(file.close)
            self.ledger = Ledger(file)
            self.log = await stack.enter_async_context(
                SqliteLog.open(
                    out.folder / "log.sqlite", run=self._step, now=out.now, watch_seconds=3600
                )
            )
            await self._admit(self.ledger)
            self._open_door(self.log)
            http = [
                await stack.enter_async_context(
                    httpx.AsyncClient(transport=Wire(vendor, self.life, out.note))
                )
                for vendor in (out.hubspot, out.shopify)
            ]
            await self._serve(self.ledger, self.log, *http)

    async def _step(self, work: Callable[[], T], /) -> T:
        """What the log does with its files: all of it, or, dead, none but letting go of them."""
        if self.life.is_dead:
            return work()
        await self.life.step()
        done = work()
        await self.life.step()
        return done

    async def _admit(self, ledger: Ledger) -> None:
        async with ledger.transaction() as tx:
            await stores.put_account(tx, _VAULT, self.outside.hubspot_token)
            for shop, (client_id, secret) in self.outside.secrets.items():
                credentials = StoreCredentials(client_id=client_id, client_secret=secret)
                await stores.connect(tx, _VAULT, shop, credentials)

    def _open_door(self, log: SqliteLog) -> None:
        known = StoresInMemory()
        known.replace(
            [
                StoreSecrets(shop=shop, secrets=(secret.encode(),))
                for shop, (_, secret) in self.outside.secrets.items()
            ]
        )
        registry = CollectorRegistry()
        surroundings = IngestSurroundings(
            appender=log,
            writable=log.is_writable,
            store_source=_NoSource(),
            store_copy=_NoCopy(),
            registry=registry,
            clock=self.outside.now,
        )
        app = application(IngestSettings(), surroundings, known, Metrics(registry))
        self.outside.door.open(httpx.ASGITransport(app=app), self.life)

    async def _serve(
        self,
        ledger: Ledger,
        log: SqliteLog,
        hubspot_http: httpx.AsyncClient,
        shopify_http: httpx.AsyncClient,
    ) -> None:
        out = self.outside
        governor = Governor(LedgerQuota(ledger, ACCOUNT), now=out.now)
        connections = Connections(
            ledger, _VAULT, shopify_http, instance=self.name, now=out.now, base_url=_SHOPIFY
        )
        hubspot = HubSpot(
            hubspot_http,
            lambda: out.hubspot_token,
            observe=governor.observe,
            base_url=_HUBSPOT,
        )
        syncer = SyncerSurroundings(
            ledger=ledger,
            log=log,
            vault=_VAULT,
            connections=connections,
            hubspot=hubspot,
            governor=governor,
            instance=self.name,
            abandoned_after=ABANDONED_AFTER,
        )

        async def shops() -> list[str]:
            await connections.refresh()
            return connections.active_shops()

        reconciler = ReconcilerSurroundings(
            ledger=ledger,
            appender=log,
            admin_of=connections.admin_of,
            shops=shops,
            instance=self.name,
            scan_every_seconds=SCAN_EVERY_SECONDS,
        )
        never = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._kept_up(lambda: serve_syncer(syncer, asyncio.Event())))
            group.create_task(self._kept_up(lambda: serve_reconciler(reconciler, never)))

    async def _kept_up(self, serve: Callable[[], Awaitable[None]]) -> None:
        """What a supervisor does: a process that died of the world is started again."""
        while True:
            try:
                await serve()
            except* SyncError as problems:
                reasons = sorted({each.reason for each in _leaves(problems)})
                self.outside.note(f"a process died of {', '.join(reasons)}")
            except* Exception as problems:  # noqa: BLE001 - whatever it is, it is a bug
                self.bugs += [_place_of(each) for each in _leaves(problems)]
            await asyncio.sleep(1)


def _leaves(problems: BaseExceptionGroup[T_error]) -> list[T_error]:
    found: list[T_error] = []
    for each in problems.exceptions:
        found += _leaves(each) if isinstance(each, BaseExceptionGroup) else [each]
    return found


def _place_of(bug: Exception) -> str:
    frame = traceback.extract_tb(bug.__traceback__)[-1]
    return f"{type(bug).__name__} in {frame.name}, {Path(frame.filename).name}:{frame.lineno}"


class _NoSource:
    async def stores(self) -> list[StoreSecrets]:
        return []


class _NoCopy:
    def load(self) -> None:
        return None

    def save(self, stores: object) -> None:
        """Kept nowhere: the simulation's stores do not change."""
