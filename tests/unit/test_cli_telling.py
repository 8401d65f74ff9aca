"""How findings are shown to people."""

import pytest

from services.cli.findings import Finding, lesser, note, ours
from services.cli.telling import tell

NAMES = ["ORDERS_CREATE", "ORDERS_UPDATED"]


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


def told(
    capsys: pytest.CaptureFixture[str], findings: list[Finding], *, verbose: bool = False
) -> list[str]:
    tell(findings, verbose=verbose)
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


def test_the_worst_stands_first_and_the_levels_are_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = [note("a", "is so"), ours("b", "is broken", "mend it"), lesser("c", "lacks", "add it")]
    assert told(capsys, found) == [
        "error b: is broken",
        "mend it",
        "warning c: lacks",
        "add it",
        "note a: is so",
        "Found: 1 error, 1 warning, 1 note.",
    ]


def test_what_is_alike_in_many_stores_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    found = [note(f"{each}.myshopify.com", "subscribed to all", names=NAMES) for each in "abcde"]
    first, last = told(capsys, found)
    assert first == (
        "note a.myshopify.com, b.myshopify.com, c.myshopify.com and 2 more: subscribed to all"
    )
    assert last == "Nothing stands in the way (5 notes)."


def test_what_one_thing_is_to_be_done_about_stands_above_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = [lesser("contacts", "missing: a", "start"), lesser("orders", "missing: b", "start")]
    assert told(capsys, found)[:3] == [
        "warning contacts: missing: a",
        "warning orders: missing: b",
        "start",
    ]


def test_names_are_shown_to_who_asks(capsys: pytest.CaptureFixture[str]) -> None:
    found = [note("a", "subscribed to all", names=NAMES)]
    assert "ORDERS_CREATE" not in " ".join(told(capsys, found))
    assert "ORDERS_CREATE, ORDERS_UPDATED" in told(capsys, found, verbose=True)


def test_nothing_found_is_said_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, [])[-1] == "Nothing stands in the way."
