"""The syncer's metrics: each named, explained and bounded in number here.

``docs/metrics.md`` says what to alert on. The reasons are those of ``reasons``; the kinds are the
four objects, their parts and guests.
"""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from services.shared.runtime.calls import CallMetrics
from services.shared.runtime.metrics import new_registry

REGISTRY = new_registry()
_PREFIX = "shopsync_syncer"

# How every event and every due record ended, by our kind of record.
OUTCOMES = Counter(
    f"{_PREFIX}_outcomes_total",
    "Records settled, by how they ended",
    ["kind", "outcome"],
    registry=REGISTRY,
)
# Every time a record could not be brought into HubSpot, and why: it waits, fails, or is kept out.
SETBACKS = Counter(
    f"{_PREFIX}_setbacks_total",
    "Records that were not applied, by where they stand now and why",
    ["kind", "status", "reason"],
    registry=REGISTRY,
)
# From the moment ingest took the event until the batch it was in was settled.
LATENCY = Histogram(
    f"{_PREFIX}_event_seconds",
    "Seconds from an event's receipt to its settlement",
    ["topic"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600, 3600),
    registry=REGISTRY,
)
BATCH_SECONDS = Histogram(
    f"{_PREFIX}_batch_seconds",
    "Seconds to handle one batch of a topic",
    ["topic"],
    registry=REGISTRY,
)
# A partition whose batch met an outage is held: nothing of it is skipped.
HELD = Counter(
    f"{_PREFIX}_holds_total", "Times a partition was held, by why", ["reason"], registry=REGISTRY
)
# Anything but 0 is an incident: look at retention, and at how long no syncer ran.
GAPS = Counter(
    f"{_PREFIX}_log_gaps_total",
    "Times the log had lost events that were not settled",
    ["topic"],
    registry=REGISTRY,
)
# A bug of ours: the record is failing with internal_fault, its neighbours go on.
FAULTS = Counter(
    f"{_PREFIX}_internal_faults_total",
    "Records our own code failed on",
    ["kind"],
    registry=REGISTRY,
)

# Calls to both vendors. Where the reconciler runs in the same process its calls are here too.
CALLS = CallMetrics(_PREFIX, REGISTRY)
# How much of HubSpot's ten-second limit our answers of the last ten seconds used.
QUOTA_SHARE = Gauge(
    f"{_PREFIX}_quota_share_ratio",
    "Share of HubSpot's calls per ten seconds in use, 0 to 1",
    registry=REGISTRY,
)
# As HubSpot's headers said last, for everything that calls this account.
DAILY_SHARE = Gauge(
    f"{_PREFIX}_daily_quota_share_ratio",
    "Share of HubSpot's calls per day that is used up, 0 to 1",
    registry=REGISTRY,
)
RATE_LIMITED = Counter(
    f"{_PREFIX}_rate_limited_total",
    "Calls HubSpot refused with 429, by the limit it named",
    ["policy"],
    registry=REGISTRY,
)

# What follows is read from log and ledger every few seconds, and says the same in every syncer.
LAG_EVENTS = Gauge(
    f"{_PREFIX}_lag_events",
    "Events on the log not yet settled",
    ["topic", "partition"],
    registry=REGISTRY,
)
LAG_SECONDS = Gauge(
    f"{_PREFIX}_lag_seconds",
    "Age of the oldest event not yet settled",
    ["topic", "partition"],
    registry=REGISTRY,
)
RECORDS = Gauge(
    f"{_PREFIX}_records",
    "Records by where they stand",
    ["shop", "kind", "status"],
    registry=REGISTRY,
)
OLDEST_WAITING = Gauge(
    f"{_PREFIX}_oldest_waiting_seconds",
    "For how long the record that waits longest has waited",
    ["shop", "kind"],
    registry=REGISTRY,
)
# Associations whose two ends are not both in HubSpot yet, or that are still to be made.
OPEN_LINKS = Gauge(f"{_PREFIX}_open_links", "Associations still to be made", registry=REGISTRY)
# What Shopify asks to disclose or erase; the law gives 30 days.
COMPLIANCE = Gauge(
    f"{_PREFIX}_compliance_requests", "Compliance requests pending", registry=REGISTRY
)
# A frozen store, a revoked token, a missing scope: one probe each, many records behind it.
CAUSES = Gauge(
    f"{_PREFIX}_open_causes", "Things many records wait for", ["reason"], registry=REGISTRY
)
