"""Every metric of ingest."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Gauge

from services.ingest.outcomes import Outcome
from services.shared.runtime.metrics import LATENCY_SECONDS
from services.shared.runtime.tallies import CountsBy, Spread, Total


class Metrics:
    """What ingest counts, all of it on its event loop."""

    def __init__(self, registry: CollectorRegistry) -> None:
        # Requests and connections by what became of them: one of ``Outcome``, nothing else.
        self.requests = CountsBy(
            "shopsync_ingest_requests", "Requests by what became of them", "outcome", Outcome
        )
        # From the end of the headers to the answer, of requests to the webhook path. Shopify gives
        # up at 5 s.
        self.request_seconds = Spread(
            "shopsync_ingest_request_seconds",
            "Time from a request's headers to its answer",
            LATENCY_SECONDS,
        )
        # How long the log takes to make an event durable; refusals are not in it.
        self.append_seconds = Spread(
            "shopsync_ingest_append_seconds", "Time until the log has an event", LATENCY_SECONDS
        )
        # Bytes of the bodies that were accepted.
        self.accepted_bytes = Total("shopsync_ingest_accepted_bytes", "Bytes of accepted bodies")
        for each in (self.requests, self.request_seconds, self.append_seconds, self.accepted_bytes):
            registry.register(each)
        # Appends under way, bytes of bodies held meanwhile, open connections.
        self.in_flight = Gauge("shopsync_ingest_in_flight", "Appends under way", registry=registry)
        self.held_bytes = Gauge(
            "shopsync_ingest_held_bytes", "Bytes of bodies held in memory", registry=registry
        )
        self.connections = Gauge(
            "shopsync_ingest_connections", "Open connections", registry=registry
        )
        # Stores that may deliver; 0 is normal only before the first is connected.
        self.stores = Gauge("shopsync_ingest_stores", "Known stores", registry=registry)

    def count(self, outcome: Outcome) -> None:
        """One request or connection ended so."""
        self.requests.counts[outcome] += 1
