"""``shopsync migrate``: what it refuses, and what it leaves behind when it is cut short."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.cli.migrating import QUIET_SECONDS, drained
from services.shared.contract.keys import SourceKey
from services.shared.contract.topics import CONSUMED_TOPICS, SYNCER_GROUP
from services.shared.ledger import moving, notes, settlements
from services.shared.ledger.copying import TABLES, Contents, contents
from services.shared.ledger.engine import Ledger, opened, statement
from services.shared.ledger.moving import Phase
from services.shared.ledger.settlements import Settlement
from services.shared.ledger.sources import Status
from services.shared.log.sqlite import SqliteLog, inline
from tests.support.ledgers import aged
from tests.support.one_topic import append
from tests.support.postgres import ROOT
from tests.support.virtual_time import in_virtual_time, virtual_now

_ROWS = 300
# Longer than a mover's word holds that was killed.
_LEASE_MS = 30_000
_STUCK = statement("SELECT count(*) AS waiting FROM pg_locks WHERE NOT granted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """An installation with records, and the database it is to move to."""

    folder: Path
    source: str
    target: str

    @asynccontextmanager
    async def begun(self) -> AsyncIterator[Process]:
        """The command, under way; killed at the end if it still is."""
        env = {name: each for name, each in os.environ.items() if not name.startswith("SHOPSYNC_")}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services.cli", "migrate"),
            *("--from", self.source, "--to", self.target),
            stdout=PIPE,
            stderr=STDOUT,
            cwd=self.folder,
            env={**env, "SHOPSYNC_DATA_DIR": str(self.folder), "PYTHONPATH": str(ROOT)},
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()

    async def done(self) -> tuple[int | None, str]:
        """The command's exit code and what it said."""
        async with self.begun() as process:
            said, _ = await process.communicate()
            return process.returncode, said.decode()

    async def contents(self, url: str) -> dict[str, Contents]:
        """What every table holds; the ledger's own word that it moved is left out."""
        async with opened(url) as ledger, ledger.connection() as connection:
            return {
                each.name: await contents(connection, each)
                for each in TABLES
                if each.name not in ("settings", "audit")
            }

    async def phase(self) -> Phase:
        async with opened(self.source) as ledger, ledger.transaction() as tx:
            return await moving.phase(tx)


@pytest.fixture(name="move")
async def _move(tmp_path: Path, sqlite_url: str, postgresql_url: str) -> Move:
    async with opened(sqlite_url) as ledger, ledger.transaction() as tx:
        keys = [SourceKey("acme.myshopify.com", "orders", str(each)) for each in range(_ROWS)]
        rows = [Settlement(key=each, status=Status.IN_SYNC) for each in keys]
        await settlements.settle(tx, rows)
        await notes.put(tx, "portal", "1")
    async with SqliteLog.open(tmp_path / "log.sqlite"):
        pass
    source = sqlite_url.replace("sqlite+aiosqlite", "sqlite")
    return Move(folder=tmp_path, source=source, target=postgresql_url)


async def test_a_target_that_holds_something_else_is_refused_and_nothing_changes(
    move: Move,
) -> None:
    async with opened(move.target) as ledger, ledger.transaction() as tx:
        await notes.put(tx, "portal", "another's")
    before = await move.contents(move.source)

    code, said = await move.done()

    assert code == 2, said
    assert "target_not_empty" in said
    assert "settings" in said
    assert await move.contents(move.source) == before
    assert await move.phase() is Phase.STAYING
    async with opened(move.target) as ledger, ledger.transaction() as tx:
        assert await notes.get(tx, "portal") == "another's"


async def test_one_killed_while_copying_leaves_nothing_and_done_again_copies_everything(
    move: Move,
) -> None:
    async with opened(move.target) as ledger:
        async with ledger.transaction() as tx:
            # The last that is copied, so that all others are there already, uncommitted.
            await tx.run(statement(f"LOCK TABLE {TABLES[-1].name} IN ACCESS EXCLUSIVE MODE"))
            async with move.begun() as process:
                async with opened(move.target) as looking:
                    await _stuck(looking, process)
                process.kill()
        async with ledger.transaction() as tx:
            for table in TABLES:
                name = table.name
                assert not (await tx.run(statement(f"SELECT 1 AS n FROM {name} LIMIT 1"))), name
    assert await move.phase() is not Phase.MOVED
    async with opened(move.source) as source, source.transaction() as tx:
        await aged(tx, _LEASE_MS)
    assert await move.phase() is Phase.STAYING

    code, said = await move.done()

    assert code == 0, said
    assert await move.contents(move.target) == await move.contents(move.source)
    assert (await move.contents(move.target))["sources"].rows == _ROWS
    assert await move.phase() is Phase.MOVED


async def test_done_again_after_it_was_finished_it_finds_everything_there(move: Move) -> None:
    code, said = await move.done()
    assert code == 0, said
    before = await move.contents(move.target)

    code, said = await move.done()

    assert code == 2, said
    assert "ledger_moved" in said
    assert await move.contents(move.target) == before


async def _stuck(looking: Ledger, process: Process) -> None:
    """Return once the copy waits for the table that is locked."""
    async with asyncio.timeout(60):
        while True:
            assert process.returncode is None, "it did not get so far"
            async with looking.transaction() as tx:
                if (await tx.run(_STUCK))[0].waiting:
                    return
            await asyncio.sleep(0.02)


def test_a_log_is_drained_when_nothing_comes_any_more_not_when_it_is_empty_for_a_moment(
    tmp_path: Path,
) -> None:
    file = tmp_path / "log.sqlite"

    async def main() -> None:
        clock = asyncio.get_running_loop().time
        async with (
            SqliteLog.open(file, run=inline, now=virtual_now, watch_seconds=3600) as log,
            log.reader(SYNCER_GROUP, CONSUMED_TOPICS, "one") as reader,
        ):
            draining = asyncio.create_task(drained(log, 60.0))
            for number in range(4):
                # Each is settled at once: time and again there is nothing left.
                await append(log, number)
                last = clock()
                while not (batch := await reader.poll(1, 1.0)).events:
                    pass
                at = batch.events[0].position
                await reader.commit({at.partition: at.offset + 1})
                await asyncio.sleep(QUIET_SECONDS / 3)

            await draining

            assert clock() - last >= QUIET_SECONDS

    in_virtual_time(main())
