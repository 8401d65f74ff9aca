"""A process whose ledger has its schema works without all that makes schemas."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from services.shared.ledger import migrating, readiness
from services.shared.ledger.engine import Ledger, opened, statement

_LOADED = """
import sys
import services.cli.__main__, services.cli.first_sync, services.cli.processes
print(*{"aiokafka", "alembic", "asyncpg", "sqlalchemy"} & sys.modules.keys())
"""


def test_the_newest_migration_is_known_without_looking_through_them() -> None:
    assert migrating.newest() == readiness.NEWEST


async def test_a_ledger_is_ready_once_it_was_migrated(tmp_path: Path) -> None:
    async with opened(f"sqlite:{tmp_path / 'ledger.db'}") as ledger:
        assert not await readiness.is_newest(ledger)

        await migrating.migrate(ledger)

        assert await readiness.is_newest(ledger)


async def test_an_older_ledger_is_not_ready(ledger: Ledger) -> None:
    assert await readiness.is_newest(ledger)

    async with ledger.transaction() as tx:
        await tx.run(statement("UPDATE alembic_version SET version_num = '0001'"))

    assert not await readiness.is_newest(ledger)


def test_what_runs_the_product_loads_no_client_that_it_may_not_need() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _LOADED], check=True, capture_output=True, text=True
    )

    assert done.stdout.split() == []
