"""How metrics are made and shown.

Conventions: one module ``metrics`` in each process, where every metric is named and commented;
names begin with ``shopsync_<process>_`` and end in their unit; labels are bounded in number and
never hold an id or anything personal. Every process has a registry of its own, shown on its own
port also where all run in one.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

# From what a local append takes to what Shopify no longer waits for.
LATENCY_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
# From a vendor next door to one at the end of its patience.
CALL_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0)


def new_registry() -> CollectorRegistry:
    """A registry that already tells what the process itself uses."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return registry


def metrics_app(registry: CollectorRegistry) -> Starlette:
    """``GET /metrics`` alone, for a process that has its other answers elsewhere."""
    return Starlette(routes=[metrics_route(registry)])


def metrics_route(registry: CollectorRegistry) -> Route:
    """``GET /metrics`` in Prometheus' text format."""

    async def metrics(_request: Request) -> Response:
        return Response(generate_latest(registry), headers={"content-type": CONTENT_TYPE_LATEST})

    return Route("/metrics", metrics)
