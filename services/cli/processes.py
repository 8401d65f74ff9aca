"""Runs the product's processes, each alone or all in one."""

from __future__ import annotations

import asyncio
import os
import secrets
import tempfile
import time as clocks
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import httpx
from starlette.applications import Starlette

from services.cli.admitting import admit
from services.cli.agreements import agreed_since, floor_of
from services.ingest.__main__ import Surroundings as IngestSurroundings
from services.ingest.__main__ import serve as serve_ingest
from services.ingest.__main__ import serve_metrics
from services.ingest.settings import Settings as IngestSettings
from services.ingest.stores import EncryptedFile, StoreSecrets
from services.reconciler import metrics as reconciler_metrics
from services.reconciler.__main__ import Surroundings as ReconcilerSurroundings
from services.reconciler.__main__ import serve as serve_reconciler
from services.shared.contract.errors import OursToFixError
from services.shared.hubspot.client import HubSpot
from services.shared.hubspot.governor import Governor
from services.shared.hubspot.rates import RateFacts
from services.shared.hubspot.usage import Usage
from services.shared.ledger import stores
from services.shared.ledger.connections import Connections
from services.shared.ledger.engine import Ledger, opened
from services.shared.ledger.migrating import migrate
from services.shared.ledger.quota import LedgerQuota
from services.shared.ledger.stores import ACCOUNT, Store, StoreState
from services.shared.ledger.vault import Vault
from services.shared.log.opening import opened as opened_log
from services.shared.log.port import Log
from services.shared.runtime.calls import CountedTransport
from services.shared.runtime.lifecycle import Companion, run_together, stopping_on_signals
from services.shared.runtime.metrics import new_registry
from services.shared.runtime.probes import probes_app, serve_probes
from services.shared.runtime.settings import Settings
from services.shared.runtime.vitals import Vitals
from services.syncer import metrics as syncer_metrics
from services.syncer.__main__ import Surroundings as SyncerSurroundings
from services.syncer.__main__ import serve as serve_syncer

INGEST, SYNCER, RECONCILER = "ingest", "syncer", "reconciler"
EVERY_PROCESS = frozenset({INGEST, SYNCER, RECONCILER})
# Longer than any answer of HubSpot's is worth waiting for; a claim outlasts it by far.
_HTTP_SECONDS = 15.0
_GRACE_SECONDS = 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Engines:
    """What all processes of one machine stand on."""

    settings: Settings
    ledger: Ledger
    log: Log
    vault: Vault
    connections: Connections
    hubspot: HubSpot
    governor: Governor
    usage: Usage
    instance: str


class LedgerStores:
    """Ingest's source of stores: those the ledger has switched on."""

    def __init__(self, ledger: Ledger, vault: Vault) -> None:
        self._ledger = ledger
        self._vault = vault

    async def stores(self) -> Sequence[StoreSecrets]:
        """See ingest's ``StoreSource``."""
        async with self._ledger.transaction() as tx:
            known = await stores.connected(tx, self._vault)
        return [_secrets_of(store) for store in known if store.state is StoreState.ACTIVE]


@asynccontextmanager
async def engines(
    settings: Settings,
    processes: frozenset[str] = EVERY_PROCESS,
    transport: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator[Engines]:
    """Log, ledger and the ways to both vendors, with the credentials of ``settings`` taken over.

    The calls to the vendors are counted by one of the ``processes`` that share them, and go
    through ``transport``, which is the network if none is given.

    Raises:
        SyncError: one of them cannot be opened.
    """
    make_data_dir(settings.data_dir)
    instance = f"{os.getpid()}-{secrets.token_hex(4)}"
    vault = Vault(settings.encryption_keys)
    async with AsyncExitStack() as stack:
        ledger = await stack.enter_async_context(opened(settings.ledger))
        await migrate(ledger)
        log = await stack.enter_async_context(opened_log(settings.log))
        http = await stack.enter_async_context(_http_for(processes, transport))
        await admit(ledger, vault, settings)
        governor = Governor(LedgerQuota(ledger, ACCOUNT))
        usage = Usage(clocks.monotonic)
        hubspot = HubSpot(
            http,
            settings.hubspot_token.get_secret_value,
            observe=partial(_observe, governor, usage),
            base_url=settings.hubspot_base_url,
        )
        connections = Connections(
            ledger,
            vault,
            http,
            instance=instance,
            now=lambda: datetime.now(UTC),
            base_url=settings.shopify_base_url,
        )
        await connections.refresh()
        yield Engines(
            settings=settings,
            ledger=ledger,
            log=log,
            vault=vault,
            connections=connections,
            hubspot=hubspot,
            governor=governor,
            usage=usage,
            instance=instance,
        )


def make_data_dir(folder: Path) -> None:
    """Have the folder that log and ledger are in.

    Raises:
        OursToFixError: it cannot be made, or not be written to.
    """
    try:
        # What is kept there is personal: nobody else on this machine may look.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as problem:
        detail = f"{folder} ({problem.strerror})"
        raise OursToFixError("data_dir_not_writable", detail=detail) from problem


async def run(
    processes: frozenset[str], settings: Settings, agree: Callable[[Engines], Awaitable[None]]
) -> None:
    """Run ``processes`` in this one until a signal comes; ``agree`` must return before they start.

    Raises:
        SyncError: the engines cannot be opened.
        ExceptionGroup: a process died.
    """
    async with engines(settings, processes) as base:
        await agree(base)
        async with stopping_on_signals() as stopping:
            await run_on(base, processes, stopping)


async def run_until(stopping: asyncio.Event, processes: frozenset[str], settings: Settings) -> None:
    """Run ``processes`` in this one until ``stopping``, without asking anybody.

    Raises:
        SyncError: the engines cannot be opened.
        ExceptionGroup: a process died.
    """
    async with engines(settings, processes) as base:
        await run_on(base, processes, stopping)


async def run_on(base: Engines, processes: frozenset[str], stopping: asyncio.Event) -> None:
    """Run ``processes`` on engines that are open, until ``stopping``.

    Raises:
        ExceptionGroup: a process died.
    """
    makers: dict[str, Callable[[Engines, asyncio.Event], Awaitable[None]]] = {
        INGEST: _ingest,
        SYNCER: _syncer,
        RECONCILER: _reconciler,
    }
    companions = [
        Companion(name=name, run=partial(makers[name], base, stopping))
        for name in sorted(processes)
    ]
    if SYNCER in processes:
        companions.append(Companion(name="trimming", run=base.log.keep_trimmed, endless=True))
    await run_together(companions, stopping, grace_seconds=_GRACE_SECONDS)


def _http_for(
    processes: frozenset[str], transport: httpx.AsyncBaseTransport | None
) -> httpx.AsyncClient:
    calls = syncer_metrics.CALLS if SYNCER in processes else reconciler_metrics.CALLS
    counted = CountedTransport(transport or httpx.AsyncHTTPTransport(), calls.count)
    return httpx.AsyncClient(transport=counted, timeout=_HTTP_SECONDS)


async def _observe(governor: Governor, usage: Usage, facts: RateFacts) -> None:
    usage.take(facts)
    if facts.refused:
        syncer_metrics.RATE_LIMITED.labels(facts.refused).inc()
    await governor.observe(facts)


async def _ingest(base: Engines, stopping: asyncio.Event) -> None:
    settings = IngestSettings()
    registry = new_registry()
    surroundings = IngestSurroundings(
        appender=base.log,
        writable=base.log.is_writable,
        store_source=LedgerStores(base.ledger, base.vault),
        store_copy=EncryptedFile(
            path=base.settings.data_dir / "stores.copy", key=base.vault.fernet
        ),
        registry=registry,
    )
    metrics = partial(serve_metrics, settings, registry, stopping)
    await run_together(
        [
            Companion(name="webhooks", run=partial(serve_ingest, settings, surroundings, stopping)),
            Companion(name="metrics", run=metrics),
        ],
        stopping,
        grace_seconds=_GRACE_SECONDS,
    )


async def _reconciler(base: Engines, stopping: asyncio.Event) -> None:
    async def shops() -> list[str]:
        await base.connections.refresh()
        return base.connections.active_shops()

    since = base.settings.since or await agreed_since(base.ledger, await shops())
    around = ReconcilerSurroundings(
        ledger=base.ledger,
        appender=base.log,
        admin_of=base.connections.admin_of,
        shops=shops,
        instance=base.instance,
        scan_every_seconds=base.settings.scan_every,
        webhook_url=base.settings.webhook_url,
        floor=floor_of(since),
        vitals=Vitals(),
    )
    probes = probes_app(reconciler_metrics.REGISTRY, around.vitals)
    address = (base.settings.metrics_host, base.settings.reconciler_metrics_port)
    await _beside(probes, address, partial(serve_reconciler, around, stopping), stopping)


async def _syncer(base: Engines, stopping: asyncio.Event) -> None:
    around = SyncerSurroundings(
        ledger=base.ledger,
        log=base.log,
        vault=base.vault,
        connections=base.connections,
        hubspot=base.hubspot,
        governor=base.governor,
        instance=base.instance,
        abandoned_after=timedelta(seconds=base.settings.abandoned_after),
        vitals=Vitals(),
        usage=base.usage,
    )
    probes = probes_app(syncer_metrics.REGISTRY, around.vitals)
    address = (base.settings.metrics_host, base.settings.syncer_metrics_port)
    await _beside(probes, address, partial(serve_syncer, around, stopping), stopping)


async def _beside(
    probes: Starlette,
    address: tuple[str, int],
    process: Callable[[], Awaitable[None]],
    stopping: asyncio.Event,
) -> None:
    """Run a process with its own port beside it, which answers as long as the process works."""
    finished = asyncio.Event()

    async def work() -> None:
        try:
            await process()
        finally:
            finished.set()

    companions = [
        Companion(name="work", run=work),
        Companion(name="probes", run=partial(serve_probes, probes, address, finished)),
    ]
    await run_together(companions, stopping, grace_seconds=_GRACE_SECONDS)


def _secrets_of(store: Store) -> StoreSecrets:
    given = (store.credentials.client_secret, store.credentials.previous_secret)
    return StoreSecrets(
        shop=store.shop, secrets=tuple(secret.encode() for secret in given if secret)
    )
