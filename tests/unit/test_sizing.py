"""The tables of ``docs/sizing.md`` are what the script makes of the published figures."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.shared.hubspot.pacing import DEFAULT_LIMIT
from tests.bench.binding import Load, bound_by
from tests.bench.needs import PLANS, Demand, Measured, measured_in, needs_of
from tests.bench.sizing import main, tables, written

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/sizing.md"
FIGURES = ROOT / "docs/figures/bench.json"


@pytest.fixture
def report() -> Any:
    return json.loads(FIGURES.read_text())


@pytest.fixture
def found(report: Any) -> Measured:
    return measured_in(report)


def test_the_page_shows_what_the_script_makes_of_the_published_figures(report: Any) -> None:
    page = PAGE.read_text()

    assert written(page, tables(report)) == page
    assert all(table in page for table in tables(report).values()), "a table has no place"


def test_other_figures_make_another_page(tmp_path: Path, report: Any) -> None:
    report["ledger"]["records_per_order"] = 8.0
    (tmp_path / "bench.json").write_text(json.dumps(report))
    page = tmp_path / "page.md"
    page.write_text(PAGE.read_text())

    main([str(tmp_path / "bench.json"), "--write", str(page)])

    assert "| records of an order | 8.00 |" in page.read_text()
    assert page.read_text() != PAGE.read_text()


def test_a_part_that_could_not_be_measured_makes_no_table(report: Any) -> None:
    report["backlog"] = {"failed": "TimeoutError"}

    with pytest.raises(KeyError):
        tables(report)


def test_the_cheapest_plan_has_the_limit_we_begin_with() -> None:
    assert min(each.calls_per_window for each in PLANS) == DEFAULT_LIMIT


def test_one_account_is_enough_until_its_day_is_used_up(found: Measured) -> None:
    found = replace(found, records_per_order=4.0)
    # 100,000,000 records a day are 25,000,000 orders, in eight busiest hours 868 a second; but
    # 1,900 records in one second are 475.
    most = Demand(name="", stores=1, events_per_second=475)
    beyond = Demand(name="", stores=1, events_per_second=476)

    assert [needs_of(each, found).accounts for each in (most, beyond)] == [1, 2]


def test_twice_the_cpu_a_record_needs_twice_the_syncers(found: Measured) -> None:
    demand = Demand(name="", stores=10, events_per_second=400)
    slow = replace(found, syncer_cpu_us=4_000.0, records_per_order=4.0)
    fast = replace(slow, syncer_cpu_us=2_000.0)

    # 1,600 records/s at 4 ms are 6.4 cores; seven tenths of a core each.
    assert [needs_of(demand, each).syncers for each in (slow, fast)] == [10, 5]
    assert needs_of(demand, slow).partitions == 20


def test_memory_is_that_of_every_process_there_is(found: Measured) -> None:
    found = replace(found, ingest_mib=100.0, syncer_mib=10.0)
    needs = needs_of(Demand(name="", stores=1_000, events_per_second=10_000), found)

    assert needs.memory_bytes == (needs.ingests * 100 + needs.syncers * 10) * 2**20


def test_what_binds_first_is_reckoned_with_as_many_processes_as_there_are(found: Measured) -> None:
    found = replace(found, records_per_order=4.0, ingest_cpu_us=400.0, syncer_cpu_us=600.0)

    # 1,600 of 1,900 records/s; 0.16 cores of two ingests, 0.96 of two syncers.
    needs = needs_of(Demand(name="", stores=10, events_per_second=400), found)

    assert needs.binds_first == "HubSpot's calls in 10 s (84.2%)"


LOAD = Load(cores=2, machine=1.0, single={"hubspot": 0.4}, calls_per_window=50, quota=0)


@pytest.mark.parametrize(
    ("load", "bound"),
    [
        (LOAD, "latency"),
        (replace(LOAD, machine=1.9), "CPU"),
        (replace(LOAD, single={"hubspot": 0.95, "syncer 1": 0.5}), "CPU of hubspot"),
        (replace(LOAD, quota=50), "quota"),
        (replace(LOAD, quota=100), "latency"),
    ],
)
def test_what_bound_a_run_is_told_from_what_was_used(load: Load, bound: str) -> None:
    assert bound_by(load) == bound
