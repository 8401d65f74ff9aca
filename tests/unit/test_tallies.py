"""Plain numbers look to Prometheus exactly as the library's own metrics do."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from services.shared.runtime.tallies import CountsBy, Spread, Total

BOUNDS = (0.001, 0.25, 1.0, 2.5)


def shown(registry: CollectorRegistry) -> list[str]:
    """What is scraped, but for when each counter began."""
    lines = generate_latest(registry).decode().splitlines()
    return [line for line in lines if "_created" not in line]


@given(st.lists(st.one_of(st.sampled_from(BOUNDS), st.floats(0, 10))))
def test_a_spread_is_a_histogram(amounts: list[float]) -> None:
    theirs, ours = CollectorRegistry(), CollectorRegistry()
    histogram = Histogram("took_seconds", "How long", buckets=BOUNDS, registry=theirs)
    spread = Spread("took_seconds", "How long", BOUNDS)
    ours.register(spread)

    for amount in amounts:
        histogram.observe(amount)
        spread.observe(amount)

    assert shown(ours) == shown(theirs)


@given(st.lists(st.sampled_from(("kept", "refused"))))
def test_counts_by_a_label_are_a_counter(outcomes: list[str]) -> None:
    theirs, ours = CollectorRegistry(), CollectorRegistry()
    counter = Counter("requests", "Requests", ["outcome"], registry=theirs)
    counts = CountsBy("requests", "Requests", "outcome", ("kept", "refused"))
    ours.register(counts)
    for outcome in ("kept", "refused"):
        counter.labels(outcome)

    for outcome in outcomes:
        counter.labels(outcome).inc()
        counts.counts[outcome] += 1

    assert shown(ours) == shown(theirs)


@given(st.lists(st.integers(0, 10**9)))
def test_a_total_is_a_counter_without_labels(sizes: list[int]) -> None:
    theirs, ours = CollectorRegistry(), CollectorRegistry()
    counter = Counter("bytes", "Bytes", registry=theirs)
    total = Total("bytes", "Bytes")
    ours.register(total)

    for size in sizes:
        counter.inc(size)
        total.value += size

    assert shown(ours) == shown(theirs)
