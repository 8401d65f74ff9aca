"""Runs the product's processes, each alone or all in one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from functools import partial

from starlette.applications import Starlette

from services.cli.agreements import agreed_since, floor_of
from services.cli.attached import leave_with_parent
from services.cli.engines import INGEST, RECONCILER, SYNCER, Engines, engines
from services.cli.moving import watch
from services.cli.settings import Settings, loaded
from services.cli.topics import name_differences
from services.ingest.__main__ import Surroundings as IngestSurroundings
from services.ingest.__main__ import serve as serve_ingest
from services.ingest.__main__ import serve_metrics
from services.ingest.settings import Settings as IngestSettings
from services.ingest.stores import EncryptedFile, StoreSecrets
from services.reconciler import metrics as reconciler_metrics
from services.reconciler.__main__ import Surroundings as ReconcilerSurroundings
from services.reconciler.__main__ import serve as serve_reconciler
from services.shared.ledger import stores
from services.shared.ledger.engine import Ledger
from services.shared.ledger.stores import Store, StoreState
from services.shared.ledger.vault import Vault
from services.shared.log.address import KafkaCluster
from services.shared.runtime.collecting import collect_seldom
from services.shared.runtime.lifecycle import Companion, run_together, stopping_on_signals
from services.shared.runtime.metrics import new_registry
from services.shared.runtime.probes import probes_app, serve_probes
from services.shared.runtime.vitals import Vitals
from services.syncer import metrics as syncer_metrics
from services.syncer.__main__ import Surroundings as SyncerSurroundings
from services.syncer.__main__ import serve as serve_syncer

_GRACE_SECONDS = 40.0
_DELIVERING = frozenset({StoreState.ACTIVE, StoreState.NEWER})


class LedgerStores:
    """Ingest's source of stores: those the ledger has switched on.

    Also those of which a newer version says what this one cannot read: a delivery is taken for it.
    """

    def __init__(self, ledger: Ledger, vault: Vault) -> None:
        self._ledger = ledger
        self._vault = vault

    async def stores(self) -> Sequence[StoreSecrets]:
        """See ingest's ``StoreSource``."""
        async with self._ledger.transaction() as tx:
            known = await stores.connected(tx, self._vault)
        return [_secrets_of(store) for store in known if store.state in _DELIVERING]


async def _unasked(_base: Engines) -> None:
    """Whoever runs it has agreed."""


async def run(
    processes: frozenset[str],
    settings: Settings,
    agree: Callable[[Engines], Awaitable[None]] = _unasked,
    *,
    attached: bool = False,
) -> None:
    """Run ``processes`` in this one until a signal comes; ``agree`` must return before they start.

    ``attached``, they end as well with whoever holds this one's standard input.

    Raises:
        SyncError: the engines cannot be opened.
        ExceptionGroup: a process died.
    """
    async with engines(settings, processes) as base:
        await agree(base)
        collect_seldom()
        async with stopping_on_signals() as stopping, asyncio.TaskGroup() as group:
            leaving = group.create_task(leave_with_parent(stopping)) if attached else None
            try:
                await run_on(base, processes, stopping)
            finally:
                if leaving:
                    leaving.cancel()


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
    if isinstance(base.settings.log, KafkaCluster):
        naming = partial(name_differences, base.settings.log)
        companions.append(Companion(name="topics", run=naming, endless=True))
    companions.append(
        Companion(name="moving", run=partial(watch, base.ledger, base.gate, stopping))
    )
    await run_together(companions, stopping, grace_seconds=_GRACE_SECONDS)


async def _ingest(base: Engines, stopping: asyncio.Event) -> None:
    settings = loaded(IngestSettings)
    registry = new_registry()
    surroundings = IngestSurroundings(
        appender=base.gate,
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
        return [] if base.gate.is_closed else base.connections.active_shops()

    since = base.settings.since or await agreed_since(base.ledger, await shops())
    around = ReconcilerSurroundings(
        ledger=base.ledger,
        appender=base.gate,
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
