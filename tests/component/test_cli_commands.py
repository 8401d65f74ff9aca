"""The command line as a whole, and the commands that have no page of their own here."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from services.shared.ledger.causes import NewCause, raise_cause
from services.shared.ledger.engine import opened
from services.shared.ledger.settlements import Settlement
from services.shared.ledger.sources import Status
from tests.support.left_behind import FINE, SHOP, answer, dead, filled, run, url


def test_help_documents_the_exit_codes() -> None:
    said = " ".join(run("--help").output.split())
    assert "1 a problem was found" in said


def test_the_version_is_that_of_the_distribution() -> None:
    assert answer("version")["version"][0].isdigit()


def test_looking_before_the_first_start_is_said_to_be_unavailable(data: Path) -> None:
    assert "shopsync all" in run("status", code=3).output
    assert "shopsync all" in run("dead-letters", "list", code=3).output
    assert "is missing" in run("backup", "b.tar", code=3).output


@pytest.mark.timeout(60)
@pytest.mark.parametrize("command", ["status", "check", "all"])
def test_a_damaged_ledger_is_said_in_a_sentence_and_the_process_ends(
    data: Path, tmp_path: Path, command: str
) -> None:
    (data / "ledger.sqlite").write_bytes(b"no database at all" * 1000)
    settings = {
        "SHOPSYNC_ENCRYPTION_KEY": "a-key-long-enough",
        "SHOPSYNC_HUBSPOT_TOKEN": "token",
        "SHOPSYNC_HUBSPOT_URL": "http://127.0.0.1:1",
        "SHOPSYNC_SHOPIFY_URL": "http://127.0.0.1:1",
        "SHOPSYNC_SHOP": SHOP,
        "SHOPSYNC_CLIENT_ID": "id",
        "SHOPSYNC_CLIENT_SECRET": "hush-hush",
        "COLUMNS": "300",
    }
    # A process of its own: a thread left behind would keep it alive.
    ended = subprocess.run(
        [sys.executable, "-m", "services.cli", command],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])} | settings,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    said = ended.stdout + ended.stderr
    assert "Traceback" not in said
    assert "ledger.sqlite: file is not a database" in said
    assert "Restore a backup" in said
    assert ended.returncode == (1 if command == "check" else 2)


def test_starting_without_settings_is_refused_with_all_problems(data: Path) -> None:
    said = run("all", code=2).output
    assert "SHOPSYNC_ENCRYPTION_KEY" in said
    assert "SHOPSYNC_HUBSPOT_TOKEN" in said


def test_checking_without_settings_finds_each_problem(data: Path) -> None:
    found = answer("check", code=1)
    assert {each["level"] for each in found} == {"error"}
    assert len(found) == 3


def test_status_counts_by_store_kind_status_and_reason(data: Path) -> None:
    filled(data)
    counts = answer("status")["counts"]
    assert {(each["kind"], each["status"], each["records"]) for each in counts} == {
        ("orders", "excluded", 1),
        ("orders", "deleted", 1),
        ("orders", "in_sync", 1),
        ("line_items", "excluded", 1),
    }
    assert "archived_in_hubspot" in run("status").output


def test_status_finds_a_problem_when_records_fail(data: Path) -> None:
    filled(data, [Settlement(key=FINE, status=Status.FAILING, reason="refused")])
    run("status", code=1)


def test_status_finds_a_problem_when_many_wait_for_one_thing(data: Path) -> None:
    filled(data)

    async def frozen() -> None:
        async with opened(url(data)) as ledger, ledger.transaction() as tx:
            await raise_cause(tx, NewCause(shop=SHOP, object_type="", reason="store_frozen"), 1000)

    asyncio.run(frozen())
    assert answer("status", code=1)["causes"][0]["reason"] == "store_frozen"


def test_a_log_in_a_file_needs_no_topics(data: Path) -> None:
    assert "by itself" in run("topics").output


def test_carrying_over_says_which_of_two_ledgers_cannot_be_reached(data: Path) -> None:
    filled(data)
    dead(data)
    target = "postgresql://someone:opensesame@127.0.0.1:1/x"
    said = run("migrate", "--to", target, code=3).output
    assert "The ledger to carry to, 127.0.0.1:1, cannot be reached" in said
    assert "opensesame" not in said
    with closing(sqlite3.connect(data / "ledger.sqlite")) as other:
        other.execute("BEGIN IMMEDIATE")
        said = run("migrate", "--to", target, code=3).output
    assert "The ledger to carry over, data/ledger.sqlite, cannot be reached" in said


def test_a_migration_to_no_database_names_what_is_allowed(data: Path) -> None:
    filled(data)
    said = run("migrate", "--to", "postgresql://u:opensesame@h:x/d", code=2).output
    assert "postgresql://" in said
    assert "opensesame" not in said


def test_what_is_missing_is_named_absolutely_with_the_setting_that_leads_there(
    data: Path,
) -> None:
    for command in (["status"], ["dead-letters", "list"], ["backup", "b.tar"]):
        said = run(*command, code=3).output
        assert f"{data}/" in said
        assert "SHOPSYNC_DATA_DIR" in said
        assert f".env in {data.parent}" in said
