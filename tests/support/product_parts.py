"""The product put together for tests: its files in a folder, both vendors at the ends of wires."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import httpx
from prometheus_client import CollectorRegistry

from sandbox.shopify.shopify import Shopify
from services.ingest.__main__ import Surroundings as IngestSurroundings
from services.ingest.__main__ import application
from services.ingest.app import Webhooks
from services.ingest.metrics import Metrics
from services.ingest.settings import Settings
from services.ingest.stores import StoreSecrets, StoresInMemory
from services.reconciler.__main__ import Surroundings as ReconcilerSurroundings
from services.shared.hubspot.client import HubSpot
from services.shared.hubspot.governor import Governor, Quota
from services.shared.ledger import stores
from services.shared.ledger.connections import Connections
from services.shared.ledger.engine import Ledger
from services.shared.ledger.quota import LedgerQuota
from services.shared.ledger.stores import ACCOUNT, StoreCredentials
from services.shared.ledger.vault import Vault
from services.shared.log.port import Log
from services.shared.log.sqlite import Run, SqliteLog
from services.syncer.__main__ import Surroundings as SyncerSurroundings
from tests.support.ledger_file import LedgerFile
from tests.support.life import Life
from tests.support.running_ingest import StoresAtHand

LEDGER = "ledger.sqlite"
_VAULT = Vault(["a passphrase for tests"])
_SHOPIFY = "http://shopify.test"
_HUBSPOT = "http://hubspot.test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What a process meets beyond its own files: both vendors, its stores, and the time."""

    shopify: httpx.AsyncBaseTransport
    hubspot: httpx.AsyncBaseTransport
    token: Callable[[], str]
    stores: Mapping[str, StoreCredentials]
    now: Callable[[], datetime]
    abandoned_after: timedelta


def credentials_of(shopify: Shopify) -> dict[str, StoreCredentials]:
    """What a simulator's stores let us in with, by shop."""
    return {
        store.shop: StoreCredentials(client_id=store.client_id, client_secret=store.client_secret)
        for store in shopify.stores.values()
    }


@asynccontextmanager
async def files_in(
    folder: Path, life: Life, run: Run, now: Callable[[], datetime]
) -> AsyncIterator[tuple[Ledger, SqliteLog]]:
    """The ledger and the log of one life; nothing of them is in another thread."""
    file = LedgerFile(folder / LEDGER, lambda: now().timestamp(), life)
    try:
        # Never looked at again: in one process an append rings a bell.
        log = SqliteLog.open(folder / "log.sqlite", run=run, now=now, watch_seconds=3600)
        async with log as opened:
            yield Ledger(file), opened
    finally:
        await file.close()


async def admit(ledger: Ledger, out: Outside) -> None:
    """Connect the account and every store."""
    async with ledger.transaction() as tx:
        await stores.put_account(tx, _VAULT, out.token())
        for shop, credentials in out.stores.items():
            await stores.connect(tx, _VAULT, shop, credentials)


def ingest_on(log: SqliteLog, out: Outside) -> Webhooks:
    """The application that takes the stores' webhooks in."""
    known = StoresInMemory()
    known.replace(
        [
            StoreSecrets(shop=shop, secrets=(each.client_secret.encode(),))
            for shop, each in out.stores.items()
        ]
    )
    registry = CollectorRegistry()
    at_hand = StoresAtHand(known=None, kept=None)
    surroundings = IngestSurroundings(
        appender=log,
        writable=log.is_writable,
        store_source=at_hand,
        store_copy=at_hand,
        registry=registry,
        clock=out.now,
    )
    return application(Settings(), surroundings, known, Metrics(registry))


def syncer_on(
    ledger: Ledger, log: Log, out: Outside, instance: str, quota: Quota | None = None
) -> SyncerSurroundings:
    """What a syncer stands on; its calls draw on ``quota``, or on the ledger's."""
    governor = Governor(quota or LedgerQuota(ledger, ACCOUNT), now=out.now)
    return SyncerSurroundings(
        ledger=ledger,
        log=log,
        vault=_VAULT,
        connections=Connections(
            ledger,
            _VAULT,
            httpx.AsyncClient(transport=out.shopify),
            instance=instance,
            now=out.now,
            base_url=_SHOPIFY,
        ),
        hubspot=HubSpot(
            httpx.AsyncClient(transport=out.hubspot),
            out.token,
            observe=governor.observe,
            base_url=_HUBSPOT,
        ),
        governor=governor,
        instance=instance,
        abandoned_after=out.abandoned_after,
    )


def reconciler_beside(
    syncer: SyncerSurroundings, scan_every_seconds: float
) -> ReconcilerSurroundings:
    """What a reconciler stands on that shares a process with ``syncer``."""
    connections = syncer.connections

    async def shops() -> list[str]:
        await connections.refresh()
        return connections.active_shops()

    return ReconcilerSurroundings(
        ledger=syncer.ledger,
        appender=syncer.log,
        admin_of=connections.admin_of,
        shops=shops,
        instance=syncer.instance,
        scan_every_seconds=scan_every_seconds,
    )
