"""``shopsync dead-letters`` beside a log as the product leaves it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.left_behind import answer, dead, on_the_log, run


def test_an_unknown_reason_of_dead_letters_is_refused_with_the_known_ones(data: Path) -> None:
    dead(data)
    said = run("dead-letters", "list", "--reason", "no_json", code=2).output
    assert "did you mean not_json?" in said
    assert "absurd_value" in said
    run("dead-letters", "replay", "--reason", "no_json", "--dry-run", code=2)
    assert run("dead-letters", "list", "--reason", "bad_key").output.startswith("Nothing")


def test_dead_letters_are_listed_without_what_they_say_of_people(data: Path) -> None:
    dead(data)
    said = run("dead-letters", "list", "--json").output
    letter = json.loads(said)[0]
    assert letter["place"] == "shopify.orders.dead/0/0"
    assert letter["headers"]["dead-reason"] == "not_json"
    assert "ada@example.com" not in said
    assert "ada@" not in run("dead-letters", "show", letter["place"]).output
    assert "ada@" in run("dead-letters", "show", letter["place"], "--with-body").output


def test_a_replayed_dead_letter_is_history_with_its_topic_kept(data: Path) -> None:
    dead(data)
    assert answer("dead-letters", "replay", "shopify.orders.dead/0/0")
    (headers,) = on_the_log(data, "shopify.orders.backfill")
    assert headers["origin"] == "replay"
    assert headers["shopify-topic"] == "orders/create"
    assert not any(name.startswith("dead-") for name in headers)


def test_a_dead_letter_that_a_crash_left_twice_is_one(data: Path) -> None:
    dead(data)
    dead(data)
    assert len(answer("dead-letters", "list")) == 1
    assert answer("dead-letters", "replay", "--all")["events"] == {"shopify.orders.backfill": 1}


def test_dead_letters_are_chosen_by_reason_and_by_time(data: Path) -> None:
    dead(data)
    assert len(answer("dead-letters", "list", "--reason", "not_json", "--since", "2001-01-01")) == 1
    assert answer("dead-letters", "list", "--reason", "bad_headers") == []
    assert answer("dead-letters", "list", "--since", "2999-01-01T00:00") == []


def test_a_dry_run_counts_and_puts_nothing_back(data: Path) -> None:
    dead(data)
    said = answer("dead-letters", "replay", "--reason", "not_json", "--dry-run")
    assert said == {"events": {"shopify.orders.backfill": 1}, "dry_run": True}
    assert on_the_log(data, "shopify.orders.backfill") == []
    assert "1 events were put back" in run("dead-letters", "replay", "--reason", "not_json").output
    assert len(on_the_log(data, "shopify.orders.backfill")) == 1


def test_a_time_is_taken_as_it_is_printed(data: Path) -> None:
    dead(data)
    (letter,) = answer("dead-letters", "list")
    since = ("--since", letter["appended_at"])
    assert answer("dead-letters", "replay", *since, "--dry-run")["events"]


def test_replaying_what_is_not_there_is_a_problem(data: Path) -> None:
    dead(data)
    run("dead-letters", "replay", "shopify.orders.dead/0/9", code=1)
    run("dead-letters", "show", "shopify.orders.dead/0/9", code=1)
    run("dead-letters", "replay", code=2)
