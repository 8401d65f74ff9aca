"""The figures of the demo's screen."""

import io

import pytest
from prometheus_client import CollectorRegistry, Histogram
from rich.console import Console

from services.cli.screen import buckets_of, progress, quantile, screen
from services.cli.showing import Lines, shown_on
from services.cli.watching import Snapshot

SEEN = Snapshot(
    counts={
        ("acme.myshopify.com", "orders"): {"in_sync": 7, "failing": 2},
        ("zenith.myshopify.com", "orders"): {"in_sync": 1, "excluded": 1},
    },
    lags={"shopify.orders": 3, "shopify.orders.backfill": 8},
    waiting=4,
    open_links=5,
    windows=6,
    settled=12,
)


def drawn(what: object) -> str:
    console = Console(width=120, file=io.StringIO(), force_terminal=False)
    console.print(what)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_quantiles_are_those_of_the_values_as_far_as_buckets_tell() -> None:
    registry = CollectorRegistry()
    histogram = Histogram("seconds", "s", ["topic"], buckets=(0.1, 0.5, 1.0), registry=registry)
    for value in [0.3] * 98 + [0.9] * 2:
        histogram.labels("shopify.orders").observe(value)
    histogram.labels("shopify.orders.backfill").observe(900)

    buckets = buckets_of(registry.collect(), "shopify.orders")

    median, worst = quantile(buckets, 0.5), quantile(buckets, 0.99)
    assert median is not None
    assert 0.1 < median <= 0.5
    assert worst is not None
    assert 0.5 < worst <= 1.0
    assert quantile(buckets_of(registry.collect(), "shopify.products"), 0.5) is None


def test_what_is_beyond_the_last_bound_counts_as_the_last_bound() -> None:
    assert quantile({1.0: 0.0, float("inf"): 5.0}, 0.5) == 1.0


def test_the_screen_shows_stores_lags_and_addresses() -> None:
    said = drawn(screen(SEEN, "Live", {"HubSpot": "http://127.0.0.1:1/_sandbox/"}))
    assert "acme" in said
    assert "11" in said
    assert "12 settled, 4 waiting, 5 links to be made" in said
    assert "http://127.0.0.1:1/_sandbox/" in said


def test_the_progress_counts_what_is_settled_of_what_was_seen() -> None:
    assert "9 of 24 records, 6 of 8 scans" in drawn(progress(SEEN, scans=8))


def test_without_a_terminal_the_addresses_are_said_at_once_and_a_line_now_and_then() -> None:
    console = Console(width=40, file=io.StringIO(), force_terminal=False)
    now = 100.0
    lines = Lines(console, {"HubSpot": "http://127.0.0.1:1/_sandbox/"}, lambda: now)
    assert said_on(console) == ["HubSpot: http://127.0.0.1:1/_sandbox/"]

    lines.show(SEEN, "Filling", scans=8)
    now += 9
    lines.show(SEEN, "Filling", scans=8)
    assert said_on(console)[1:] == ["Filling", "  9 of 24 records, 6 of 8 scans"]

    now += 1
    lines.show(SEEN, "Filling", scans=8)
    lines.show(SEEN, "Live")
    assert said_on(console)[3:] == [
        "  9 of 24 records, 6 of 8 scans",
        "Live",
        "  11 behind, 12 settled, 4 waiting, 5 links to be made",
    ]


@pytest.mark.parametrize("is_terminal", [True, False])
def test_only_a_terminal_gets_the_screen(*, is_terminal: bool) -> None:
    console = Console(width=120, file=io.StringIO(), force_terminal=is_terminal, _environ={})
    with shown_on(console, {}, once=False) as shown:
        shown.show(SEEN, "Live")
    assert ("live changes" in "\n".join(said_on(console))) is is_terminal


def said_on(console: Console) -> list[str]:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()
