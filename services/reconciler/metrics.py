"""The reconciler's metrics: each named, explained and bounded in number here.

``docs/metrics.md`` says what to alert on.
"""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from services.shared.runtime.calls import CallMetrics
from services.shared.runtime.metrics import new_registry

REGISTRY = new_registry()
_PREFIX = "shopsync_reconciler"

# A scan that did not reach its end is broken, and its span is scanned again.
SCANS = Counter(
    f"{_PREFIX}_scans_total",
    "Scans of one object type of one store, by how they ended",
    ["kind", "state"],
    registry=REGISTRY,
)
SCAN_SECONDS = Histogram(
    f"{_PREFIX}_scan_seconds",
    "Seconds a complete scan took",
    ["kind"],
    buckets=(0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200, 43200),
    registry=REGISTRY,
)
LISTED = Counter(
    f"{_PREFIX}_scan_listed_total", "Records that scans saw listed", ["kind"], registry=REGISTRY
)
# After the initial sync: what webhooks missed.
APPENDED = Counter(
    f"{_PREFIX}_scan_appended_total", "Records that scans appended", ["kind"], registry=REGISTRY
)
# Stores whose round failed, by why; the next round tries again.
TROUBLES = Counter(
    f"{_PREFIX}_troubles_total", "Rounds of a store that failed", ["reason"], registry=REGISTRY
)
# Read from the ledger; absent where nothing stands in the way. ``kind`` is ``all`` for a store.
BARRED = Gauge(
    f"{_PREFIX}_barred_seconds",
    "Seconds since a store, or an object of it, could not be scanned, by why",
    ["shop", "kind", "reason"],
    registry=REGISTRY,
)
# By Shopify's clock, as the ledger keeps it.
COMPLETE_AT = Gauge(
    f"{_PREFIX}_scan_complete_timestamp_seconds",
    "Start of the last complete scan, in seconds since 1970",
    ["shop", "kind"],
    registry=REGISTRY,
)
# The number to watch: whatever changed before then has been seen. Absent before the first scan.
FRESHNESS = Gauge(
    f"{_PREFIX}_freshness_age_seconds",
    "Seconds since the start of the last complete scan",
    ["shop", "kind"],
    registry=REGISTRY,
)

# Calls to Shopify; in ``shopsync all`` they are counted by the syncer, which shares the client.
CALLS = CallMetrics(_PREFIX, REGISTRY)
