"""The command line beside a ledger and a log as the product leaves them."""

import asyncio
import json
import os
import re
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from services.cli.__main__ import app
from services.shared.contract.events import Change, NewEvent, Origin, Provenance, headers_of
from services.shared.contract.keys import SourceKey
from services.shared.ledger import stores
from services.shared.ledger.causes import NewCause, raise_cause
from services.shared.ledger.engine import opened
from services.shared.ledger.migrating import migrate
from services.shared.ledger.settlements import Settlement, settle
from services.shared.ledger.sources import Status, look
from services.shared.ledger.stores import StoreCredentials
from services.shared.ledger.vault import Vault
from services.shared.log.sqlite import SqliteLog

SHOP = "acme.myshopify.com"
ORDER = SourceKey(SHOP, "orders", "5001")
LINE = SourceKey(SHOP, "line_items", "7001")
GONE = SourceKey(SHOP, "orders", "5002")
FINE = SourceKey(SHOP, "orders", "5003")
ROWS = (
    Settlement(
        key=ORDER,
        status=Status.EXCLUDED,
        reason="archived_in_hubspot",
        target_id="91",
        label="#1001",
    ),
    Settlement(
        key=LINE,
        status=Status.EXCLUDED,
        reason="archived_in_hubspot",
        target_id="92",
        parent_id="5001",
    ),
    Settlement(key=GONE, status=Status.DELETED, reason="deleted_in_shopify"),
    Settlement(key=FINE, status=Status.IN_SYNC, target_id="93"),
)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


def run(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == code, result.output
    return result


def answer(*arguments: str, code: int = 0) -> Any:
    return json.loads(run(*arguments, "--json", code=code).stdout)


def url(data: Path) -> str:
    return f"sqlite+aiosqlite:///{data / 'ledger.sqlite'}"


def filled(data: Path, rows: Sequence[Settlement] = ROWS) -> None:
    async def fill() -> None:
        async with opened(url(data)) as ledger:
            await migrate(ledger)
            async with ledger.transaction() as tx:
                await settle(tx, rows)

    asyncio.run(fill())


def connected(data: Path) -> None:
    async def connect() -> None:
        vault = Vault(["a-key-long-enough"])
        async with opened(url(data)) as ledger, ledger.transaction() as tx:
            await stores.put_account(tx, vault, "token")
            await stores.connect(tx, vault, SHOP, StoreCredentials(admin_token="shpat"))

    asyncio.run(connect())


def dead(data: Path, body: bytes = b'{"email": "ada@example.com"}') -> None:
    told = Provenance(
        shop=SHOP, origin=Origin.WEBHOOK, change=Change.STATE, shopify_topic="orders/create"
    )
    headers = headers_of(told) | {"dead-reason": "not_json", "dead-position": "0/7"}

    async def append() -> None:
        async with SqliteLog.open(data / "log.sqlite") as log:
            event = NewEvent(
                topic="shopify.orders.dead", key=str(ORDER), value=body, headers=headers
            )
            await log.append([event])

    asyncio.run(append())


def live(data: Path, count: int) -> None:
    told = Provenance(
        shop=SHOP, origin=Origin.WEBHOOK, change=Change.STATE, shopify_topic="orders/create"
    )
    event = NewEvent(topic="shopify.orders", key=str(ORDER), value=b"{}", headers=headers_of(told))

    async def append() -> None:
        async with SqliteLog.open(data / "log.sqlite") as log:
            await log.append([event] * count)

    asyncio.run(append())


def on_the_log(data: Path, topic: str) -> list[dict[str, str]]:
    with sqlite3.connect(data / "log.sqlite") as file:
        found = file.execute(
            "SELECT e.headers FROM events AS e, partitions AS p WHERE p.topic = ? "
            "AND (e.id >> 40) = p.id",
            (topic,),
        ).fetchall()
    file.close()
    return [json.loads(row[0]) for row in found]


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


def test_an_unknown_reason_of_dead_letters_is_refused_with_the_known_ones(data: Path) -> None:
    dead(data)
    said = run("dead-letters", "list", "--reason", "no_json", code=2).output
    assert "did you mean not_json?" in said
    assert "absurd_value" in said
    run("dead-letters", "replay", "--reason", "no_json", "--dry-run", code=2)
    assert run("dead-letters", "list", "--reason", "bad_key").output.startswith("Nothing")


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


def test_a_time_is_taken_as_it_is_printed(data: Path) -> None:
    dead(data)
    (letter,) = answer("dead-letters", "list")
    since = ("--since", letter["appended_at"])
    assert answer("dead-letters", "replay", *since, "--dry-run")["events"]


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


def test_a_log_in_a_file_needs_no_topics(data: Path) -> None:
    assert "by itself" in run("topics").output


def test_replaying_what_is_not_there_is_a_problem(data: Path) -> None:
    dead(data)
    run("dead-letters", "replay", "shopify.orders.dead/0/9", code=1)
    run("dead-letters", "show", "shopify.orders.dead/0/9", code=1)
    run("dead-letters", "replay", code=2)


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
