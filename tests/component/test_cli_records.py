"""``shopsync records`` beside a ledger as the product leaves it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from services.shared.ledger.engine import opened
from services.shared.ledger.sources import Status, look
from tests.support.left_behind import (
    FINE,
    GONE,
    LINE,
    ORDER,
    ROWS,
    SHOP,
    answer,
    connected,
    filled,
    run,
    url,
)


def test_records_are_listed_by_what_is_asked(data: Path) -> None:
    filled(data)
    found = answer("records", "list", "--status", "in_sync")
    assert [each["key"] for each in found] == [str(FINE)]
    assert len(answer("records", "list", "--kind", "orders", "--limit", "2")) == 2


def test_a_choice_that_can_choose_no_record_is_refused_with_the_known_ones(data: Path) -> None:
    filled(data)
    connected(data)
    said = run("records", "list", "--kind", "order", code=2).output
    assert "did you mean orders?" in said
    assert "line_items" in said
    said = run("records", "list", "--shop", "acme", code=2).output
    assert f"did you mean {SHOP}?" in said
    said = run("records", "list", "--reason", "archived_in_hubspt", "--json", code=2).output
    assert "did you mean archived_in_hubspot?" in said
    assert "deletion_unproved" in said
    run("records", "retry", "--status", "failing", "--reason", "nonsense", code=2)
    assert "did you mean orders?" in run("records", "show", f"{SHOP}/order/5", code=2).output


def test_a_list_says_when_it_is_empty_and_when_there_is_more(data: Path) -> None:
    filled(data)
    connected(data)
    assert answer("records", "list", "--shop", SHOP, "--kind", "checkouts") == []
    said = run("records", "list", "--reason", "SOME_CODE_OF_HUBSPOT").output
    assert said.startswith("Nothing")
    assert "more than these 2" in run("records", "list", "--limit", "2").output
    assert "more than" not in run("records", "list", "--limit", str(len(ROWS))).output


def test_a_record_is_shown_with_its_parts(data: Path) -> None:
    filled(data)
    story = answer("records", "show", str(ORDER))
    assert story["standing"]["label"] == "#1001"
    assert [each["key"] for each in story["parts"]] == [str(LINE)]
    assert "#1001" in run("records", "show", str(ORDER)).output


def test_a_record_never_seen_is_a_problem_and_no_key_is_wrong_usage(data: Path) -> None:
    filled(data)
    run("records", "show", f"{SHOP}/orders/1", code=1)
    run("records", "show", "orders/5001", code=2)


def test_retrying_a_part_makes_its_record_due_and_forgets_that_people_archived_it(
    data: Path,
) -> None:
    filled(data)
    assert answer("records", "retry", str(LINE)) == [str(ORDER)]

    async def rows() -> list[tuple[Status, str | None, bool]]:
        async with opened(url(data)) as ledger, ledger.transaction() as tx:
            found = await look(tx, [ORDER, LINE])
        return [
            (found[key].status, found[key].target_id, found[key].due_at is not None)
            for key in (ORDER, LINE)
        ]

    assert asyncio.run(rows()) == [(Status.WAITING, None, True), (Status.WAITING, None, False)]


def test_a_record_that_is_named_twice_is_one(data: Path) -> None:
    filled(data)
    assert "1 records are due now." in run("records", "retry", str(FINE), str(FINE)).output


@pytest.mark.parametrize("option", ["--shop", "--kind", "--reason"])
def test_who_names_records_is_told_that_nothing_else_chooses_them(data: Path, option: str) -> None:
    filled(data)
    assert "are not chosen by" in run("records", "retry", str(FINE), option, "x", code=2).output


def test_what_was_deleted_in_shopify_is_not_tried_again(data: Path) -> None:
    filled(data)
    run("records", "retry", str(GONE), code=1)
    run("records", "retry", "--status", "deleted", code=2)
    run("records", "retry", code=2)


def test_all_that_stand_somewhere_are_retried_together(data: Path) -> None:
    filled(data)
    assert answer("records", "retry", "--status", "excluded", "--kind", "orders") == [str(ORDER)]
