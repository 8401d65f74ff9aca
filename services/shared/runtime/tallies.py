"""Counters and histograms for a hot path that runs on one event loop.

prometheus-client takes a lock for each count and walks through a histogram's buckets, since threads
may count side by side: four metrics a request are a twentieth of what a webhook costs. These are
plain numbers until somebody asks, and look the same then. Count on one thread only.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString


class CountsBy(Collector):
    """A counter with one label, all of whose values are known: add to ``counts[value]``."""

    def __init__(self, name: str, documentation: str, label: str, values: Iterable[str]) -> None:
        self._name = name
        self._documentation = documentation
        self._label = label
        self.counts = dict.fromkeys(values, 0)

    def collect(self) -> Iterable[CounterMetricFamily]:
        """As Prometheus is told."""
        family = CounterMetricFamily(self._name, self._documentation, labels=[self._label])
        for value, count in self.counts.items():
            family.add_metric([str(value)], count)
        yield family


class Total(Collector):
    """A counter without labels: add to ``value``."""

    def __init__(self, name: str, documentation: str) -> None:
        self._name = name
        self._documentation = documentation
        self.value = 0

    def collect(self) -> Iterable[CounterMetricFamily]:
        """As Prometheus is told."""
        yield CounterMetricFamily(self._name, self._documentation, value=self.value)


class Spread(Collector):
    """A histogram; ``bounds`` are the buckets' upper ends, in order."""

    def __init__(self, name: str, documentation: str, bounds: Sequence[float]) -> None:
        self._name = name
        self._documentation = documentation
        self._bounds = (*bounds, float("inf"))
        self._counts = [0] * len(self._bounds)
        self._sum = 0.0

    def observe(self, amount: float) -> None:
        """Count ``amount`` into its bucket."""
        self._counts[bisect_left(self._bounds, amount)] += 1
        self._sum += amount

    def collect(self) -> Iterable[HistogramMetricFamily]:
        """As Prometheus is told: each bucket with all below it."""
        below, buckets = 0, []
        for bound, count in zip(self._bounds, self._counts, strict=True):
            below += count
            said = floatToGoString(bound)  # type: ignore[no-untyped-call]  # the library's gap
            buckets.append((said, below))
        yield HistogramMetricFamily(self._name, self._documentation, buckets, self._sum)
