"""``shopsync backup``: a copy taken beside a running product, and what is restored from it."""

from __future__ import annotations

import re
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

from tests.support.left_behind import ROWS, answer, dead, filled, run


def test_a_backup_taken_while_somebody_writes_is_whole(data: Path, tmp_path: Path) -> None:
    filled(data)
    dead(data)
    writer = sqlite3.connect(data / "ledger.sqlite", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("DELETE FROM sources")
    run("backup", "b.tar")
    writer.execute("ROLLBACK")
    writer.close()
    with tarfile.open(tmp_path / "b.tar") as tar:
        assert tar.getnames() == ["log.sqlite", "ledger.sqlite", "manifest.json"]
        tar.extractall(tmp_path / "restored", filter="data")
    copy = sqlite3.connect(tmp_path / "restored" / "ledger.sqlite")
    assert copy.execute("SELECT count(*) FROM sources").fetchone() == (len(ROWS),)
    copy.close()


def test_what_is_unpacked_from_a_backup_is_for_its_owner_alone(data: Path, tmp_path: Path) -> None:
    filled(data)
    dead(data)
    run("backup", "b.tar")
    with tarfile.open(tmp_path / "b.tar") as tar:
        assert {each.name: oct(each.mode) for each in tar} == dict.fromkeys(tar.getnames(), "0o600")


def test_a_backup_names_every_file_the_runbook_has_removed_before_a_restore(data: Path) -> None:
    filled(data)
    dead(data)
    said = run("backup", "b.tar").output
    runbook = (Path(__file__).parents[2] / "docs/runbook.md").read_text()
    (step,) = re.findall(r"^2\. Remove (.*) from the data directory", runbook, re.MULTILINE)
    assert [each for each in re.findall(r"`([^`]+)`", step) if each not in said] == []


def test_the_copied_ledger_trusts_no_hash_and_no_scan(data: Path, tmp_path: Path) -> None:
    filled(data)
    dead(data)
    with closing(sqlite3.connect(data / "ledger.sqlite")) as ledger:
        ledger.execute(
            "INSERT INTO targets (account_id, object_type, id, fingerprint) "
            "VALUES (1, 'orders', '93', 'aGFzaA==')"
        )
        ledger.execute(
            "INSERT INTO windows (shop, kind, mode, started_at, state, owner) "
            "VALUES ('acme.myshopify.com', 'orders', 'scan', 1, 'complete', 'me')"
        )
        ledger.commit()
    run("backup", "b.tar")
    with tarfile.open(tmp_path / "b.tar") as tar:
        tar.extractall(tmp_path / "restored", filter="data")
    with closing(sqlite3.connect(tmp_path / "restored" / "ledger.sqlite")) as copy:
        assert copy.execute("SELECT fingerprint FROM targets").fetchall() == [("",)]
        assert copy.execute("SELECT state FROM windows").fetchall() == [("void",)]
    with closing(sqlite3.connect(data / "ledger.sqlite")) as ledger:
        assert ledger.execute("SELECT state FROM windows").fetchall() == [("complete",)]


def test_a_restored_log_can_be_opened_and_has_its_events(data: Path, tmp_path: Path) -> None:
    filled(data)
    dead(data)
    run("backup", "b.tar")
    for file in data.iterdir():
        file.unlink()
    with tarfile.open(tmp_path / "b.tar") as tar:
        tar.extractall(data, filter="data")
    assert len(answer("dead-letters", "list")) == 1


def test_a_backup_never_overwrites(data: Path, tmp_path: Path) -> None:
    (tmp_path / "b.tar").write_text("precious")
    run("backup", "b.tar", code=2)
    assert (tmp_path / "b.tar").read_text() == "precious"


def test_a_backup_that_cannot_be_written_names_the_file_it_was_to_be(data: Path) -> None:
    filled(data)
    dead(data)
    said = run("backup", "nowhere/b.tar", code=3).output
    assert str(data.parent / "nowhere" / "b.tar") in said
    assert "No such file or directory" in said
