"""The reconciler's metrics: each named, explained and bounded in number here."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

SCANS = Counter("shopsync_scans_total", "Scans of one object type of one store", ["kind", "state"])
LISTED = Counter("shopsync_scan_listed_total", "Records that scans saw listed", ["kind"])
APPENDED = Counter("shopsync_scan_appended_total", "Records that scans appended", ["kind"])
# By Shopify's clock, as the ledger keeps it.
COMPLETE_AT = Gauge(
    "shopsync_scan_complete_timestamp_seconds",
    "Start of the last complete scan",
    ["shop", "kind"],
)
