"""Opens what all processes of one machine stand on: log, ledger, and the ways to both vendors."""

from __future__ import annotations

import logging
import os
import secrets
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
)
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import httpx

from services.cli.admitting import admit
from services.cli.moving import Gate, check_here
from services.cli.settings import Settings
from services.reconciler import metrics as reconciler_metrics
from services.shared.contract.errors import OursToFixError, WorldAtFaultError
from services.shared.hubspot.client import HubSpot
from services.shared.hubspot.governor import Governor
from services.shared.hubspot.rates import RateFacts
from services.shared.hubspot.usage import Usage
from services.shared.ledger import setbacks
from services.shared.ledger.connections import Connections
from services.shared.ledger.engine import Ledger, opened
from services.shared.ledger.options import Options
from services.shared.ledger.quota import LedgerQuota
from services.shared.ledger.readiness import is_newest
from services.shared.ledger.resealing import reseal
from services.shared.ledger.stores import ACCOUNT
from services.shared.ledger.vault import Vault
from services.shared.log.late import opened_in_time
from services.shared.log.opening import opened as opened_log
from services.shared.log.port import Log
from services.shared.runtime.calls import CountedTransport, client
from services.shared.runtime.logging import Action
from services.syncer import metrics as syncer_metrics

_LOG = logging.getLogger(__name__)
INGEST, SYNCER, RECONCILER = "ingest", "syncer", "reconciler"
EVERY_PROCESS = frozenset({INGEST, SYNCER, RECONCILER})
# Longer than any answer of HubSpot's is worth waiting for; a claim outlasts it by far.
_HTTP_SECONDS = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Engines:
    """What all processes of one machine stand on."""

    settings: Settings
    ledger: Ledger
    log: Log
    gate: Gate
    vault: Vault
    connections: Connections
    hubspot: HubSpot
    governor: Governor
    usage: Usage
    instance: str


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
        ledger = await stack.enter_async_context(
            opened(settings.ledger, options=options_of(settings))
        )
        log = await stack.enter_async_context(_log_for(processes, settings))
        http = await stack.enter_async_context(_http_for(processes, transport))
        governor = Governor(LedgerQuota(ledger, ACCOUNT))
        usage = Usage(time.monotonic)
        connections = Connections(
            ledger,
            vault,
            http,
            instance=instance,
            now=lambda: datetime.now(UTC),
            base_url=settings.shopify_base_url,
        )
        with _without_ledger(processes):
            await _made_ready(ledger, vault, settings)
            await connections.refresh()
        yield Engines(
            settings=settings,
            ledger=ledger,
            log=log,
            gate=Gate(log),
            vault=vault,
            connections=connections,
            hubspot=HubSpot(
                http,
                settings.hubspot_token.get_secret_value,
                observe=partial(_observe, governor, usage),
                base_url=settings.hubspot_base_url,
            ),
            governor=governor,
            usage=usage,
            instance=instance,
        )


async def _migrated(ledger: Ledger) -> None:
    if not await is_newest(ledger):
        # Here, because migrations take more memory than all the rest of an idle process.
        from services.shared.ledger.migrating import migrate  # noqa: PLC0415 - see above

        await migrate(ledger)


async def _made_ready(ledger: Ledger, vault: Vault, settings: Settings) -> None:
    """The ledger as this version and these settings want it."""
    await _migrated(ledger)
    await check_here(ledger)
    await setbacks.repair(ledger)
    if count := await reseal(ledger, vault):
        _LOG.info(
            "sealed anew under the first key", extra={"action": Action.RESEAL, "count": count}
        )
    await admit(ledger, vault, settings)


@contextmanager
def _without_ledger(processes: frozenset[str]) -> Iterator[None]:
    """Ingest alone starts without the ledger: it serves from its copy of the stores."""
    try:
        yield
    except WorldAtFaultError as problem:
        if processes != {INGEST}:
            raise
        extra = {"action": Action.DO_WITHOUT, "reason": problem.reason}
        _LOG.warning("starting without the ledger", extra=extra)


def options_of(settings: Settings) -> Options:
    """How PostgreSQL is to be used."""
    return Options(
        connections=settings.ledger_connections,
        connect_seconds=settings.ledger_connect_seconds,
        statement_seconds=settings.ledger_statement_seconds,
        lock_seconds=settings.ledger_lock_seconds,
        keeps_statements=settings.ledger_keeps_statements,
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


def _log_for(processes: frozenset[str], settings: Settings) -> AbstractAsyncContextManager[Log]:
    """Ingest alone starts without its log as well: it says so to Shopify until there is room."""
    opening = partial(opened_log, settings.log)
    return opened_in_time(opening) if processes == {INGEST} else opening()


def _http_for(
    processes: frozenset[str], transport: httpx.AsyncBaseTransport | None
) -> httpx.AsyncClient:
    calls = syncer_metrics.CALLS if SYNCER in processes else reconciler_metrics.CALLS
    counted = CountedTransport(transport or httpx.AsyncHTTPTransport(), calls.count)
    return client(_HTTP_SECONDS, counted)


async def _observe(governor: Governor, usage: Usage, facts: RateFacts) -> None:
    usage.take(facts)
    if facts.refused:
        syncer_metrics.RATE_LIMITED.labels(facts.refused).inc()
    await governor.observe(facts)
