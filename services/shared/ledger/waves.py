"""Several independent pieces of ledger work as one PostgreSQL statement.

Each piece runs as a coroutine until it asks for something; what all of them ask for at that moment
goes to the server as one statement, whose parts are common table expressions. They share a
snapshot, see nothing of each other's writes and must not write the same row.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import orjson

from services.shared.ledger.spelling import Statement, Transaction, for_postgresql

if TYPE_CHECKING:
    from sqlalchemy import Row

Work = Callable[[Transaction], Awaitable[Any]]
_NUMBERED = re.compile(r"\$(\d+)")


@dataclass(slots=True)
class _Asked:
    statement: Statement
    values: Mapping[str, Any]
    answer: asyncio.Future[Sequence[Row[Any]]] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class _JsonRow:
    """A row by attribute, out of the JSON object it came as."""

    __slots__ = ("_mapping",)

    def __init__(self, mapping: Mapping[str, Any]) -> None:
        self._mapping = mapping

    def __getattr__(self, name: str) -> Any:
        try:
            return self._mapping[name]
        except KeyError:
            raise AttributeError(name) from None


class Wave(Transaction):
    """A transaction to each of the pieces; the real one waits until all have asked."""

    def __init__(self, tx: Transaction, pieces: int) -> None:
        self._tx = tx
        self._running = pieces
        self._asked: list[_Asked] = []

    async def run(self, written: Statement, **values: Any) -> Sequence[Row[Any]]:
        """See ``Transaction``."""
        asked = _Asked(written, values)
        self._asked.append(asked)
        await self._answer_if_all_asked()
        return await asked.answer

    async def carry(self, work: Work) -> Any:
        """Do one piece of work."""
        try:
            return await work(self)
        finally:
            self._running -= 1
            await self._answer_if_all_asked()

    async def _answer_if_all_asked(self) -> None:
        """Whoever is the last to ask, or to end while others wait, fetches for all."""
        if not self._asked or len(self._asked) < self._running:
            return
        asked, self._asked = self._asked, []
        try:
            answers = await self._fetched(asked)
        except BaseException as problem:  # noqa: BLE001 - each of them is told, and raises it
            for each in asked:
                if not each.answer.done():
                    each.answer.set_exception(problem)
            return
        for each, answer in zip(asked, answers, strict=True):
            each.answer.set_result(answer)

    async def _fetched(self, asked: Sequence[_Asked]) -> list[Sequence[Row[Any]]]:
        if len(asked) == 1:
            return [await self._tx.run(asked[0].statement, **asked[0].values)]
        combined = _combined(tuple(each.statement for each in asked))
        values = {
            f"v{at}_{name}": value
            for at, each in enumerate(asked)
            for name, value in each.values.items()
        }
        found: dict[int, Sequence[Any]] = dict.fromkeys(range(len(asked)), ())
        for row in await self._tx.run(combined, **values):
            if row.rows is not None:
                found[row.part] = [_JsonRow(each) for each in orjson.loads(row.rows)]
        return [cast("Sequence[Row[Any]]", found[at]) for at in range(len(asked))]


async def done_together(tx: Transaction, works: Sequence[Work]) -> list[Any]:
    """What each of ``works`` came to, in as few statements as they allow.

    Raises:
        Exception: what the first of them failed of; then the transaction must not go on.
    """
    wave = Wave(tx, len(works))
    ends = await asyncio.gather(*map(wave.carry, works), return_exceptions=True)
    for each in ends:
        if isinstance(each, BaseException):
            raise each
    return ends


def _renamed(sql: str, names: Sequence[str], at: int) -> str:
    """``sql`` with its numbered parameters named again, as the ``at``-th part's own."""

    def name_of(number: re.Match[str]) -> str:
        return f":v{at}_{names[int(number[1]) - 1]}"

    return _NUMBERED.sub(name_of, sql)


@cache
def _combined(statements: tuple[Statement, ...]) -> Statement:
    parts, answers = [], []
    for at, each in enumerate(statements):
        sql, names = for_postgresql(each)
        parts.append(f"p{at} AS ({_renamed(sql, names, at)})")
        if sql.lstrip().startswith("SELECT") or "RETURNING" in sql:
            answers.append(f"SELECT {at} AS part, json_agg(p{at})::text AS rows FROM p{at}")
    answers = answers or ["SELECT 0 AS part, NULL::text AS rows"]
    return Statement(f"WITH {', '.join(parts)} {' UNION ALL '.join(answers)}")
