"""``shopsync replay`` beside a log as the product leaves it."""

from __future__ import annotations

from pathlib import Path

from tests.support.left_behind import answer, live, on_the_log, run


def test_a_time_range_of_a_topic_is_replayed_as_history(data: Path) -> None:
    live(data, count=3)
    choice = ("--topic", "orders", "--from", "2001-01-01")
    assert "3 events would be" in run("replay", *choice, "--dry-run").output
    assert answer("replay", *choice, "--to", "2002-01-01")["events"] == {}
    assert answer("replay", *choice)["events"] == {"shopify.orders.backfill": 3}
    (first, *_) = on_the_log(data, "shopify.orders.backfill")
    assert (first["origin"], first["shopify-topic"]) == ("replay", "orders/create")


def test_a_time_range_that_ends_before_it_begins_is_refused(data: Path) -> None:
    live(data, 1)
    order = ("--from", "2026-01-02", "--to", "2026-01-01")
    assert "before --to" in run("replay", "--topic", "orders", *order, code=2).output


def test_a_replay_of_a_replay_ends(data: Path) -> None:
    live(data, count=2)
    choice = ("--topic", "orders", "--from", "2001-01-01")
    answer("replay", *choice)
    again = ("--topic", "shopify.orders.backfill", "--from", "2001-01-01")
    assert answer("replay", *again)["events"] == {"shopify.orders.backfill": 2}


def test_a_topic_that_cannot_be_replayed_is_refused(data: Path) -> None:
    live(data, count=1)
    run("replay", "--topic", "shopify.orders.dead", "--from", "2001-01-01", code=2)
    run("replay", "--topic", "orders", "--from", "yesterday", code=2)
