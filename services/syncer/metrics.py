"""The syncer's metrics: each named, explained and bounded in number here."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

# How every event and every due record ended, by our kind of record.
OUTCOMES = Counter(
    "shopsync_outcomes_total", "Records settled, by how they ended", ["kind", "outcome"]
)
# From the moment ingest took the event until the batch it was in was settled.
LATENCY = Histogram(
    "shopsync_event_seconds",
    "Seconds from an event's receipt to its settlement",
    ["topic"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600, 3600),
)
BATCH_SECONDS = Histogram(
    "shopsync_batch_seconds", "Seconds to handle one batch of a topic or of due work", ["kind"]
)
HELD = Counter("shopsync_holds_total", "Times a partition was held, by why", ["reason"])
# Anything but 0 is an incident: look at retention, and at how long no syncer ran.
GAPS = Counter("shopsync_log_gaps_total", "Times the log had lost unsettled events", ["topic"])
FAULTS = Counter("shopsync_internal_faults_total", "Records our own code failed on", ["kind"])
