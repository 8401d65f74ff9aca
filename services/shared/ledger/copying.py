"""Copies a whole ledger into an empty one, in one transaction, and proves that nothing differs."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Column, Integer, RowMapping, Table, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.shared.contract.errors import OursToFixError
from services.shared.ledger.engine import Ledger
from services.shared.ledger.schema import metadata

# Whose processes have stopped hold no lease worth keeping.
TABLES = tuple(each for each in metadata.sorted_tables if each.name != "leases")
_AT_ONCE = 1_000
_DIGEST_BITS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a table holds: how many rows, and a digest that no order of rows changes."""

    rows: int
    digest: str


async def copy(
    source: Ledger, target: Ledger, confirm: Callable[[], Awaitable[None]]
) -> Mapping[str, int]:
    """Copy every row of ``source``, where nobody writes, to ``target``; rows by table.

    All or nothing: what was begun and cut short left nothing behind, and what was finished is
    found equal. ``confirm`` is called before anything of it is there to be seen.

    Raises:
        OursToFixError: the target holds something else.
        WorldAtFaultError: one of them is not there.
    """
    async with source.connection() as old, target.connection() as new:
        if not await _is_empty(new):
            for table in TABLES:
                if await contents(new, table) != await contents(old, table):
                    raise OursToFixError("target_not_empty", detail=table.name)
        copied = {table.name: await _copied(old, new, table) for table in TABLES}
        await confirm()
    return copied


async def _is_empty(connection: AsyncConnection) -> bool:
    for table in TABLES:
        if await connection.scalar(select(func.count()).select_from(table)):
            return False
    return True


async def _copied(old: AsyncConnection, new: AsyncConnection, table: Table) -> int:
    """Copy a table, unless it is there already, and compare."""
    if not await new.scalar(select(func.count()).select_from(table)):
        await _read(old, table, new)
        await _go_on_counting(new, table)
    there = await contents(new, table)
    if there != await contents(old, table):
        raise OursToFixError("copy_differs", detail=table.name)
    return there.rows


async def contents(connection: AsyncConnection, table: Table) -> Contents:
    """What ``table`` holds."""
    return await _read(connection, table, None)


async def _read(
    connection: AsyncConnection, table: Table, into: AsyncConnection | None
) -> Contents:
    count, total = 0, 0
    async with connection.stream(select(table)) as rows:
        async for some in rows.mappings().partitions(_AT_ONCE):
            if into is not None:
                await into.execute(insert(table), [dict(row) for row in some])
            count += len(some)
            total += sum(map(_digest_of, some))
    return Contents(rows=count, digest=f"{total % 2**_DIGEST_BITS:064x}")


def _digest_of(row: RowMapping) -> int:
    """A number for a row; their sum is the same in any order, which databases sort differently."""
    written = orjson.dumps(list(row.values()), default=lambda raw: bytes(raw).hex())
    return int.from_bytes(hashlib.sha256(written).digest())


async def _go_on_counting(connection: AsyncConnection, table: Table) -> None:
    """Rows that get their number from PostgreSQL get one above those that were copied."""
    counted = [each for each in table.primary_key.columns if _is_counted(table, each)]
    if connection.dialect.name != "postgresql" or not counted:
        return
    await connection.execute(
        text(
            f"SELECT setval(pg_get_serial_sequence('{table.name}', '{counted[0].name}'),"
            f" greatest((SELECT max({counted[0].name}) FROM {table.name}), 1))"
        )
    )


def _is_counted(table: Table, column: Column[Any]) -> bool:
    return isinstance(column.type, Integer) and table.autoincrement_column is column
