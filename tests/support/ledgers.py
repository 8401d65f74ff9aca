"""Ledgers for tests: the fixture ``ledger`` runs a test on SQLite and on PostgreSQL.

``ledger_url`` is the same ledger for other processes, ``postgresql_url`` one on PostgreSQL alone.
All are migrated, empty, and gone afterwards. Real databases keep real time: ``aged`` lets it pass.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from services.shared.ledger import causes
from services.shared.ledger.engine import Ledger, Transaction, opened, statement
from services.shared.ledger.migrating import migrate
from tests.support.postgres import (
    NoPostgresError,
    execute,
    fresh_database,
    in_database,
    shared,
)

_TEMPLATE = f"ledger_template_{os.getpid()}"
_MOMENTS = {
    "sources": ("due_at", "waiting_since", "suspect_until", "acknowledged_at"),
    "links": ("due_at", "created_at"),
    "claims": ("until",),
    "leases": ("until",),
    "causes": ("since", "probe_at", "lifted_at"),
    "targets": ("suspect_until",),
    "windows": ("started_at", "ended_at"),
    "audit": ("at",),
    "settings": ("changed_at",),
    "requests": ("received_at", "done_at"),
}


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running server, one for all workers of a session."""
    own = tmp_path_factory.getbasetemp()
    meeting = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    try:
        with shared(meeting) as address:
            yield address
    except NoPostgresError as problem:
        missing = f"PostgreSQL is missing ({problem}): set SHOPSYNC_TEST_POSTGRES, or install it"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(f"*** {missing} ***")


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def ledger_template(postgres: str) -> AsyncIterator[str]:
    """A database with the ledger's schema, to be copied."""
    await execute(postgres, f"CREATE DATABASE {_TEMPLATE}")
    try:
        async with opened(in_database(postgres, _TEMPLATE)) as ledger:
            await migrate(ledger)
        yield _TEMPLATE
    finally:
        await execute(postgres, f"DROP DATABASE {_TEMPLATE} WITH (FORCE)")


@pytest_asyncio.fixture
async def postgresql_url(postgres: str, ledger_template: str) -> AsyncIterator[str]:
    """A migrated, empty ledger on PostgreSQL."""
    async with fresh_database(postgres, ledger_template) as url:
        yield url


@pytest_asyncio.fixture
async def empty_postgresql_url(postgres: str) -> AsyncIterator[str]:
    """A database on PostgreSQL without any table."""
    async with fresh_database(postgres) as url:
        yield url


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the ledger's schema, to be copied."""
    file = tmp_path_factory.mktemp("ledger") / "template.sqlite"
    async with opened(f"sqlite+aiosqlite:///{file}") as ledger:
        await migrate(ledger)
    return file


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated, empty ledger in a SQLite file."""
    file = tmp_path / "ledger.sqlite"
    shutil.copyfile(sqlite_template, file)
    return f"sqlite+aiosqlite:///{file}"


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest) -> str:
    """The ledger's address, on each engine in turn."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest_asyncio.fixture
async def ledger(ledger_url: str) -> AsyncIterator[Ledger]:
    """A migrated, empty ledger, on each engine in turn."""
    async with opened(ledger_url) as ledger:
        yield ledger


async def aged(tx: Transaction, milliseconds: int) -> None:
    """Let everything in the ledger be so much older, as if that time had passed."""
    for table, columns in _MOMENTS.items():
        sets = ", ".join(f"{each} = {each} - :by" for each in columns)
        await tx.run(statement(f"UPDATE {table} SET {sets}"), by=milliseconds)


async def open_reasons(ledger: Ledger) -> list[tuple[str, str]]:
    """What many wait for now: whose, and why."""
    async with ledger.transaction() as tx:
        return [(each.shop, each.reason) for each in await causes.open_causes(tx)]
