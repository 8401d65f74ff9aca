"""docs/metrics.md and the registries say the same."""

import re
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric

from services.ingest.metrics import Metrics as IngestMetrics
from services.ingest.outcomes import Outcome
from services.reconciler import metrics as reconciler_metrics
from services.syncer import metrics as syncer_metrics

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text()
ROW = re.compile(r"^\| `(shopsync_\w+)` \| (\w+) \|(.*?)\| .+ \|$", re.MULTILINE)
SUFFIXES = {"counter": "_total"}


def registries() -> list[CollectorRegistry]:
    ingest = CollectorRegistry()
    IngestMetrics(ingest)
    return [ingest, syncer_metrics.REGISTRY, reconciler_metrics.REGISTRY]


def metrics() -> list[tuple[Metric, set[str]]]:
    """Every metric of ours with its labels: its collector's own, or those of its samples."""
    return [
        (metric, {*getattr(collector, "_labelnames", ())} | in_samples(metric))
        for registry in registries()
        for collector in registry._collector_to_names
        for metric in collector.collect()
        if metric.name.startswith("shopsync_")
    ]


def in_samples(metric: Metric) -> set[str]:
    return {label for sample in metric.samples for label in sample.labels} - {"le"}


def test_every_metric_is_on_the_page_with_its_type_and_labels_and_no_other() -> None:
    there = {
        each.name + SUFFIXES.get(each.type, ""): (each.type, labels) for each, labels in metrics()
    }
    written = {
        name: (kind, set(re.findall(r"`(\w+)`", labels)))
        for name, kind, labels in ROW.findall(PAGE)
    }

    assert written == there


def test_every_metric_is_named_after_its_process_and_explained() -> None:
    for each, _ in metrics():
        assert re.fullmatch(r"shopsync_(ingest|syncer|reconciler)_[a-z_]+", each.name)
        assert each.documentation


def test_what_alerts_ask_for_is_there() -> None:
    alerts = PAGE.partition("## What to alert on")[2].partition("## Ingest")[0]
    asked = set(re.findall(r"shopsync_\w+", alerts))
    written = {name for name, _, _ in ROW.findall(PAGE)}

    assert asked
    assert asked <= written


def test_the_refusals_of_the_log_that_the_alert_names_are_outcomes_of_ingest() -> None:
    assert [each for each in Outcome if each.value.startswith("log_")]
