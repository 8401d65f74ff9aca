"""A statement in the SQL both databases share, and what each of them spells differently."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

import orjson

if TYPE_CHECKING:
    from sqlalchemy import Row

_NONE: Mapping[str, str] = MappingProxyType({})
# In JSON a NUL is this escape, unless the backslash is itself escaped.
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
_BASE64 = re.compile(r"\{base64:([\w.]+)\}")
_BYTES = re.compile(r"\{bytes:([\w.]+)\}")


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with ``{rows}``, ``{now}``, ``{greatest}`` and the like where the databases differ.

    ``columns`` names the batch's columns and their PostgreSQL types; ``{rows}`` then stands for a
    sub-select of them out of the one JSON parameter ``:rows``. ``{now}`` is the database's clock
    in milliseconds since 1970, and moves within a transaction; ``{bytes:b.x}`` the bytes that
    stand in a row as base64, ``{base64:s.x}`` the other way round; ``{tables}`` the names of the
    tables there are; ``{locked}``, behind a select, lets nobody else read its rows so until the
    transaction ends.
    """

    sql: str
    columns: tuple[tuple[str, str], ...] = ()
    keyed: int = 0
    postgresql: str = ""


def statement(
    sql: str,
    *,
    keyed: int = 0,
    postgresql: str = "",
    shared: Mapping[str, str] = _NONE,
    **columns: str,
) -> Statement:
    """A statement over a batch with ``columns`` (name=type), or over plain parameters.

    ``shared`` are columns that several statements begin with. The first ``keyed`` columns say
    which row is written: of two rows that write the same one the last counts, and all are written
    in the order of their keys, so that two batches never lock crosswise. ``postgresql`` is what
    PostgreSQL runs instead, where many processes ask for more than a spelling; it gives the same
    rows.
    """
    return Statement(sql, (*shared.items(), *columns.items()), keyed, postgresql)


class Transaction(Protocol):
    """One transaction on the ledger; commits when its ``async with`` ends well.

    Each way to a database says how it runs a statement; the rest follows.
    """

    async def run(self, written: Statement, **values: Any) -> Sequence[Row[Any]]:
        """Run a statement over plain parameters; its rows, if it gives any."""

    async def run_batch(
        self, written: Statement, rows: Sequence[Sequence[Any]], **values: Any
    ) -> Sequence[Row[Any]]:
        """Run a statement once over all ``rows``; nothing is run for no rows."""
        if not rows:
            return ()
        return await self.run(written, rows=as_parameter(written, rows), **values)

    async def together(self, *works: Callable[[Transaction], Awaitable[Any]]) -> list[Any]:
        """What each of ``works`` came to, in their order, in as few statements as can be.

        They must not need each other's writes, nor write the same row.
        """
        return [await work(self) for work in works]


def as_parameter(written: Statement, rows: Sequence[Sequence[Any]]) -> str:
    """``rows`` as the one parameter ``:rows``, and as ``written`` may write them.

    A NUL becomes the replacement character: PostgreSQL's text has none, SQLite's ends at it.
    """
    if written.keyed:
        by_key = {tuple(row[: written.keyed]): row for row in rows}
        rows = [by_key[key] for key in sorted(by_key)]
    given = orjson.dumps(rows).decode()
    return _NUL.sub("\\1\N{REPLACEMENT CHARACTER}", given) if "\\u0000" in given else given


def spelled(written: Statement, dialect: str) -> str:
    """``written`` as the database of that name reads it, but for how parameters are numbered."""
    return for_sqlite(written) if dialect == "sqlite" else for_postgresql(written)[0]


@cache
def for_sqlite(written: Statement) -> str:
    """``written`` as SQLite reads it, over a connection that ``sqlite`` prepared."""
    # What is joined here are names out of this package's own statements, never values.
    picked = ", ".join(
        f"json_extract(value, '$[{index}]') AS {name}"
        for index, (name, _) in enumerate(written.columns)
    )
    sql = _BASE64.sub(r"to_base64(\1)", _BYTES.sub(r"from_base64(\1)", written.sql)).replace(
        "{locked}", ""
    )
    # Written out once: SQLite makes the text of ``value`` anew for each column that asks for it.
    batch = "WITH batch AS MATERIALIZED (SELECT value FROM json_each(:rows))"
    sql = sql.replace("{rows}", f"({batch} SELECT {picked} FROM batch)")
    sql = sql.replace("{tables}", "(SELECT name FROM sqlite_master WHERE type = 'table')")
    # A sub-select is asked once a statement; the call by itself, into Python, once for each row.
    return sql.replace("{now}", "(SELECT clock_ms())").replace("{greatest}", "max")


@cache
def for_postgresql(written: Statement) -> tuple[str, tuple[str, ...]]:
    """``written`` as PostgreSQL reads it, and which value each ``$n`` in it stands for."""
    picked = ", ".join(
        f"(value ->> {index})::{kind} AS {name}"
        for index, (name, kind) in enumerate(written.columns)
    )
    now = "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)"
    sql = _BYTES.sub(r"decode(\1, 'base64')", written.postgresql or written.sql)
    sql = _BASE64.sub(r"encode(\1, 'base64')", sql)
    sql = sql.replace("{locked}", "FOR UPDATE")
    sql = sql.replace(
        "{rows}", f"(SELECT {picked} FROM jsonb_array_elements(CAST(:rows AS jsonb)))"
    )
    sql = sql.replace("{now}", now).replace("{greatest}", "greatest")
    tables = "(SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema())"
    sql = sql.replace("{tables}", tables)
    names: list[str] = []

    def numbered(found: re.Match[str]) -> str:
        if found[1] not in names:
            names.append(found[1])
        return f"${names.index(found[1]) + 1}"

    return re.sub(r"(?<![:\w]):([a-z_]\w*)", numbered, sql), tuple(names)
