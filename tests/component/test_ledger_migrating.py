"""The schema changes while processes of the version before go on working."""

from __future__ import annotations

import asyncio

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from services.shared.contract.errors import OursToFixError
from services.shared.ledger import notes
from services.shared.ledger.engine import Ledger, Transaction, opened, statement
from services.shared.ledger.migrating import (
    OLDEST,
    config_for,
    migrate,
    newest,
    schema_version,
)
from services.shared.ledger.schema import metadata
from tests.support.waiting import until

# What the first version of the program says, word for word.
_CLAIM_BEFORE = statement(
    """
    INSERT INTO claims (key, owner, until)
    SELECT b.key, :owner, {now} + :lasts FROM {rows} AS b WHERE true ORDER BY b.key
    ON CONFLICT (key) DO UPDATE SET owner = excluded.owner, until = excluded.until
    WHERE claims.until <= {now}
    RETURNING key
    """,
    key="text",
)
_RELEASE_BEFORE = statement("DELETE FROM claims WHERE owner = :owner")
# And of what it settles with, the columns it must at least name.
_SETTLE_BEFORE = statement(
    """
    INSERT INTO sources (shop, kind, id, status, settled)
    SELECT b.shop, b.kind, b.id, 'in_sync', 0 FROM {rows} AS b WHERE true
    ON CONFLICT (shop, kind, id) DO UPDATE SET
      status = CASE WHEN sources.wanted > excluded.settled THEN 'waiting' ELSE excluded.status END
    """,
    keyed=3,
    shop="text",
    kind="text",
    id="text",
)
_KEEP = statement("LOCK TABLE claims IN ACCESS SHARE MODE")


async def version_of(ledger: Ledger) -> str:
    async with ledger.connection() as connection:
        return await connection.run_sync(schema_version)


async def at_the_first_version(ledger: Ledger) -> None:
    async with ledger.connection() as connection:
        await connection.run_sync(lambda sync: command.upgrade(config_for(sync), "0001"))


async def test_a_migration_stops_nobody_who_works_with_the_version_before(
    empty_postgresql_url: str,
) -> None:
    done = asyncio.Event()
    batches = 0

    async def work(me: int) -> None:
        nonlocal batches
        async with opened(empty_postgresql_url) as ledger:
            while not done.is_set():
                async with ledger.transaction() as tx:
                    await _old_batch(tx, me)
                batches += 1

    async with opened(empty_postgresql_url) as ledger:
        await at_the_first_version(ledger)
        async with asyncio.TaskGroup() as group:
            for me in range(3):
                group.create_task(work(me))
            await until(lambda: batches >= 20)
            await migrate(ledger)
            before = batches
            await until(lambda: batches >= before + 20)
            done.set()

        assert await version_of(ledger) == newest()


async def _old_batch(tx: Transaction, me: int) -> None:
    keys = [[f"{me}/{each}"] for each in range(20)]
    assert len(await tx.run_batch(_CLAIM_BEFORE, keys, owner=str(me), lasts=60_000)) == 20
    settled = [[str(me), "orders", str(each)] for each in range(20)]
    await tx.run_batch(_SETTLE_BEFORE, settled)
    await tx.run(_RELEASE_BEFORE, owner=str(me))


async def test_of_many_processes_that_start_at_once_one_migrates(
    empty_postgresql_url: str,
) -> None:
    async def start() -> str:
        async with opened(empty_postgresql_url) as ledger:
            await migrate(ledger)
            return await version_of(ledger)

    assert set(await asyncio.gather(*(start() for _ in range(6)))) == {newest()}


async def test_a_migration_that_must_wait_for_a_table_does_not_hold_up_the_others(
    empty_postgresql_url: str,
) -> None:
    async with opened(empty_postgresql_url) as ledger, opened(empty_postgresql_url) as worker:
        await at_the_first_version(ledger)
        async with ledger.transaction() as reading:
            await reading.run(_KEEP)
            migrating = asyncio.create_task(migrate(ledger))
            for each in range(5):
                # Behind a migration that waited without end this would fail for want of a lock.
                async with worker.transaction() as tx:
                    await _old_batch(tx, each)
            assert not migrating.done()
        await migrating

        assert await version_of(ledger) == newest()


async def test_a_newer_schema_is_worked_with_unless_it_says_otherwise(ledger: Ledger) -> None:
    async with ledger.connection() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await migrate(ledger)
    async with ledger.transaction() as tx:
        await notes.put(tx, OLDEST, newest())
    await migrate(ledger)
    async with ledger.transaction() as tx:
        await notes.put(tx, OLDEST, "9998")

    with pytest.raises(OursToFixError) as seen:
        await migrate(ledger)

    assert seen.value.reason == "ledger_is_newer"
    assert await version_of(ledger) == "9999"


async def test_the_migrations_add_up_to_the_schema(ledger: Ledger) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    async with ledger.connection() as connection:
        assert await connection.run_sync(differences) == []
