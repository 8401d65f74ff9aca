"""PostgreSQL is killed under running processes: ingest goes on, the others wait, all is found."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from services.shared.contract.topics import CONSUMED_TOPICS
from services.shared.ledger.engine import opened
from services.shared.ledger.migrating import migrate
from services.shared.log.sqlite import SqliteLog
from tests.support.installation import installed
from tests.support.postgres import running


async def _waiting_on(log_file: Path) -> int:
    async with SqliteLog.open(log_file) as log:
        lag = await log.lag("syncer")
    return sum(each.events for at, each in lag.items() if at.topic in CONSUMED_TOPICS)


async def _filled(log_file: Path, events: int) -> None:
    """Return once so many events wait there to be settled."""
    async with asyncio.timeout(90):
        while await _waiting_on(log_file) < events:  # noqa: ASYNC110 - the log tells only its own
            await asyncio.sleep(0.2)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("postgres")
async def test_a_killed_ledger_costs_no_delivery_and_once_back_everything_catches_up(
    tmp_path: Path,
) -> None:
    with running() as server:
        url = server.database("postgres")
        async with opened(url) as ledger:
            await migrate(ledger)
        async with installed(tmp_path) as here:
            here.env["SHOPSYNC_LEDGER_URL"] = url
            syncer = await here.start("syncer")
            reconciler = await here.start("reconciler")
            ingest = await here.start("ingest")
            await here.calm(url)

            server.kill()
            await here.faults({"retry_scale": 0.004})
            await here.trickle(10.0)
            await _filled(tmp_path / "log.sqlite", 20)
            before = await _waiting_on(tmp_path / "log.sqlite")
            ingest.kill()
            await ingest.wait()
            ingest = await here.start("ingest")
            # It knows the stores from its copy.
            await _filled(tmp_path / "log.sqlite", before + 20)
            assert [each.returncode for each in (syncer, reconciler, ingest)] == [None] * 3

            server.start()
            await here.stop_trickling()

            left = await here.last_differences(url)
            assert not left, left
            assert [each.returncode for each in (syncer, reconciler, ingest)] == [None] * 3
