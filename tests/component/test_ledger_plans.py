"""A batch costs what is in it, however large the ledger has grown."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from services.shared import ledger as package
from services.shared.ledger import statistics
from services.shared.ledger.engine import Ledger, Statement, opened, spelled
from services.shared.ledger.migrating import migrate
from services.shared.ledger.schema import metadata

# Columns that name one record, or the few parts of one.
# A batch is read whole, and the clock is a row of its own.
_NO_TABLES = frozenset({"SCAN batch", "SCAN CONSTANT ROW"})
_NARROW = re.compile(r"\b(?!account_id)(\w*id|key|value)=\?")
# What people ask for now and then, what is asked of all records on purpose, and what a store's
# change of scopes asks once.
_WHOLE = {
    *("reporting._TARGETS", "reporting._LABELLED", "measures._OLDEST"),
    "waits._READMIT",
}


def batch_statements() -> Iterator[tuple[str, Statement]]:
    for module in pkgutil.iter_modules(package.__path__):
        if module.ispkg:
            continue
        loaded = importlib.import_module(f"{package.__name__}.{module.name}")
        for name, found in vars(loaded).items():
            if isinstance(found, Statement) and "{rows}" in found.sql:
                yield f"{module.name}.{name}", found


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    async with opened(f"sqlite+aiosqlite:///{tmp_path / 'ledger.db'}") as found:
        await migrate(found)
        yield found


async def plan_of(ledger: Ledger, statement: Statement) -> list[str]:
    sql = spelled(statement, "sqlite")
    values = dict.fromkeys(re.findall(r":(\w+)", sql)) | {"rows": "[]"}
    async with ledger.engine.begin() as connection:
        found = await connection.execute(text(f"EXPLAIN QUERY PLAN {sql}"), values)
        return [row.detail for row in found]


async def test_every_batch_statement_finds_its_rows_by_an_index(ledger: Ledger) -> None:
    wide = {}
    for name, statement in batch_statements():
        steps = [step for step in await plan_of(ledger, statement) if "json_each" not in step]
        scans = [step for step in steps if step.startswith("SCAN") and step not in _NO_TABLES]
        searches = [step for step in steps if step.startswith("SEARCH")]
        if name not in _WHOLE and (scans or not all(_NARROW.search(step) for step in searches)):
            wide[name] = steps

    assert wide == {}


async def test_the_counts_speak_of_tables_and_indexes_that_are_there() -> None:
    there = {
        (table.name, index)
        for table in metadata.tables.values()
        for index in [table.name, *(str(each.name) for each in table.indexes)]
    }

    assert statistics.GROWN.keys() <= there
