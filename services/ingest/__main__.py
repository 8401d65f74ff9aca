"""Ingest, put together: run by ``shopsync ingest``, or beside the others by ``shopsync all``."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import uvicorn
from prometheus_client import CollectorRegistry

from services.ingest.app import Webhooks, create_app
from services.ingest.appending import BoundedLog, Bounds, Writable
from services.ingest.limits import Limits, limited
from services.ingest.metrics import Metrics
from services.ingest.settings import Settings
from services.ingest.stores import (
    KnownStores,
    Refreshing,
    StoreCopy,
    StoresInMemory,
    StoreSource,
    keep_fresh,
)
from services.ingest.taking import Clock
from services.shared.log.port import Appender
from services.shared.runtime.descriptors import allow_descriptors
from services.shared.runtime.lifecycle import Companion, run_together
from services.shared.runtime.logging import Action
from services.shared.runtime.metrics import metrics_app
from services.shared.runtime.serving import config_for, listening_socket, serve_until

log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What ingest stands on; all of it outlives :func:`serve`."""

    appender: Appender
    writable: Writable
    store_source: StoreSource
    store_copy: StoreCopy
    registry: CollectorRegistry
    clock: Clock = utc_now


async def serve(
    settings: Settings,
    surroundings: Surroundings,
    stopping: asyncio.Event,
    *,
    listening: Callable[[tuple[str, int]], None] = lambda _address: None,
) -> None:
    """Run ingest until ``stopping``, then finish what was accepted; a task among others.

    ``listening`` is told the address once connections are taken; port 0 becomes a real one.

    Raises:
        AddressTakenError: somebody else listens there.
        ExceptionGroup: a part of it died.
    """
    # Those that are told that they are too many are open as well, for a moment.
    allow_descriptors(2 * settings.max_connections)
    metrics = Metrics(surroundings.registry)
    stores = StoresInMemory()
    metrics.stores.set_function(lambda: stores.count)
    app = application(settings, surroundings, stores, metrics)
    config = _config(settings, app, metrics)
    refreshing = Refreshing(
        source=surroundings.store_source,
        copy=surroundings.store_copy,
        every_seconds=settings.stores_refresh_seconds,
    )
    with _listener(settings) as listener:
        address = _address_of(listener)
        listening(address)
        log.info("ingest listens", extra={"action": Action.STARTED, "port": address[1]})
        await run_together(
            [
                Companion(name="ingest", run=partial(serve_until, stopping, config, listener)),
                Companion(name="stores", run=partial(keep_fresh, stores, refreshing), endless=True),
            ],
            stopping,
            grace_seconds=settings.stop_seconds + 1,
        )
    log.info("ingest stopped", extra={"action": Action.STOPPED})


async def serve_metrics(
    settings: Settings, registry: CollectorRegistry, stopping: asyncio.Event
) -> None:
    """The companion on the metrics port, until ``stopping``."""
    with listening_socket(settings.metrics_host, settings.metrics_port) as listener:
        await serve_until(stopping, config_for(metrics_app(registry)), listener)


def application(
    settings: Settings, surroundings: Surroundings, stores: KnownStores, metrics: Metrics
) -> Webhooks:
    """Ingest as an ASGI application, for any server or none."""
    bounds = Bounds(
        body_bytes=settings.max_body_bytes,
        held_bytes=settings.max_held_bytes,
        in_flight=settings.max_in_flight,
        append_seconds=settings.append_seconds,
    )
    return create_app(
        stores=stores,
        log=BoundedLog(surroundings.appender, bounds, metrics),
        metrics=metrics,
        clock=surroundings.clock,
        writable=surroundings.writable,
    )


def _config(settings: Settings, app: Webhooks, metrics: Metrics) -> uvicorn.Config:
    limits = Limits(
        header_bytes=settings.max_header_bytes,
        header_seconds=settings.header_seconds,
        body_bytes=settings.max_body_bytes,
        body_seconds=settings.body_seconds,
        idle_seconds=settings.idle_seconds,
        connections=settings.max_connections,
    )
    return config_for(
        app,
        http=limited(limits, metrics, app),
        timeout_graceful_shutdown=settings.stop_seconds,
    )


def _listener(settings: Settings) -> socket.socket:
    # As many may wait as may be open. What finds the queue full is not refused: the kernel drops
    # it, and the sender tries again after 1, 3 and 7 seconds: longer than Shopify waits.
    return listening_socket(
        settings.host,
        settings.port,
        backlog=settings.max_connections,
        is_shared=settings.shares_port,
    )


def _address_of(listener: socket.socket) -> tuple[str, int]:
    host, port, *_ = listener.getsockname()
    return host, port
