"""What a process without a public face answers on its own port: alive, ready, metrics."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from services.shared.runtime.metrics import metrics_route
from services.shared.runtime.serving import config_for, listening_socket, serve_until
from services.shared.runtime.vitals import Vitals


def probes_app(registry: CollectorRegistry, vitals: Vitals) -> Starlette:
    """``/healthz`` (the loop turns), ``/readyz`` (nothing stands still) and ``/metrics``.

    Not ready is 503 with ``stalled``: by name, for how many seconds, and the last trouble.
    """

    async def healthz(_request: Request) -> JSONResponse:
        return JSONResponse({"alive": True})

    async def readyz(_request: Request) -> JSONResponse:
        stalled = {
            name: {"seconds": round(stall.seconds), "trouble": stall.trouble}
            for name, stall in vitals.stalled().items()
        }
        status = HTTPStatus.SERVICE_UNAVAILABLE if stalled else HTTPStatus.OK
        return JSONResponse({"ready": not stalled, "stalled": stalled}, status_code=status)

    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            metrics_route(registry),
        ]
    )


async def serve_probes(app: Starlette, address: tuple[str, int], stopping: asyncio.Event) -> None:
    """Answer on ``address`` until ``stopping``.

    Raises:
        AddressTakenError: somebody else listens there.
    """
    with listening_socket(*address) as listener:
        await serve_until(stopping, config_for(app), listener)
