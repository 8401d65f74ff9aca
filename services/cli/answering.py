"""How commands answer: tables for people, JSON for scripts, and an exit code for both."""

from __future__ import annotations

import sys
from collections.abc import Coroutine, Iterable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from enum import IntEnum
from typing import Annotated, Any, NoReturn, TypeVar

import msgspec
import orjson
import typer
from rich.console import Console
from rich.table import Table

from services.cli.sentences import sentence_of, sentences_of
from services.cli.settings import SettingsError
from services.shared.contract.errors import OursToFixError, SyncError, WorldAtFaultError
from services.shared.contract.keys import SourceKey

if sys.platform == "win32":  # there is no uvloop
    from asyncio import run as _run
else:
    from uvloop import run as _run

T = TypeVar("T")
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, for scripts.")]


class Exit(IntEnum):
    """What a command's exit code says."""

    DONE = 0
    PROBLEM = 1
    USAGE = 2
    UNAVAILABLE = 3
    UNDECIDED = 4


EXIT_CODES = (
    "Exit codes: 0 done, 1 a problem was found, 2 wrong usage or settings, "
    "3 something needed is unavailable now, 4 the first sync was not agreed to."
)


class UndecidedError(Exception):
    """Nobody agreed to what only a person may decide; the message says how to."""


class NotThereError(WorldAtFaultError):
    """What a command looks at does not exist yet; ``detail`` says what to do."""


def finished(work: Coroutine[Any, Any, T]) -> T:
    """The result of ``work``; its failure is said in one line, and is the exit code."""
    try:
        return _run(work)
    except SettingsError as error:
        refuse(error)
    except UndecidedError as error:
        fail(str(error), Exit.UNDECIDED)
    except SyncError as error:
        fail(sentence_of(error), code_of(error))
    except ExceptionGroup as group:
        _fail_together(group)


def _fail_together(group: ExceptionGroup[Exception]) -> NoReturn:
    """Say what the parts of a process died of; what is no error of ours goes on as it is."""
    known, unknown = group.split(SyncError)
    if unknown is not None or known is None:
        raise group
    errors = [each for each in leaves(known) if isinstance(each, SyncError)]
    fail(sentences_of(errors), max(map(code_of, errors)))


def leaves(problem: Exception) -> Iterator[Exception]:
    """The single errors in a group, however deep."""
    if isinstance(problem, ExceptionGroup):
        for each in problem.exceptions:
            yield from leaves(each)
    else:
        yield problem


def refuse(error: SettingsError) -> NoReturn:
    """Every problem of the settings, a line each."""
    lines = "\n".join(f"  {each}" for each in error.problems)
    fail(f"The settings are not complete:\n{lines}\nSee .env.example.", Exit.USAGE)


def fail(said: str, code: Exit) -> NoReturn:
    """Say why on standard error, and end."""
    Console(stderr=True, soft_wrap=True, highlight=False).print(said, style="red", markup=False)
    raise typer.Exit(code)


def say(line: str) -> None:
    """One line for people."""
    Console(soft_wrap=True, highlight=False).print(line, markup=False)


def give(value: Any) -> None:
    """One JSON document on standard output."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS
    sys.stdout.write(orjson.dumps(value, default=plain, option=options).decode() + "\n")


def show_some(
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    limit: int,
    nothing: str,
) -> None:
    """A list for people, of which one row more was asked for than the ``limit`` that is shown.

    Without rows it is ``nothing`` that is said; of a list that is cut short, that there is more.
    """
    if not rows:
        say(f"Nothing: {nothing}")
        return
    show(title, columns, rows[:limit])
    if len(rows) > limit:
        say(f"There are more than these {limit}: --limit shows more.")


def show(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table for people, without the columns that are empty; nothing in it is cut."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, min_width=len(title))
    listed = [["" if each is None else each for each in row] for row in rows]
    # Without rows every column stands, so that one sees what there would be.
    filled = [
        index
        for index in range(len(columns))
        if not listed or any(row[index] != "" for row in listed)
    ]
    for index in filled:
        cells = [row[index] for row in listed]
        are_numbers = all(isinstance(cell, int) or cell == "" for cell in cells)
        # Only sentences are broken: a key in pieces can be neither read nor copied.
        is_whole = index == 0 or not any(" " in str(cell) for cell in cells)
        table.add_column(
            columns[index],
            overflow="fold",
            min_width=max(len(str(cell)) for cell in [*cells, columns[index]]) if is_whole else 0,
            justify="right" if listed and are_numbers else "left",
        )
    for row in listed:
        table.add_row(*(str(row[index]) for index in filled))
    console = Console(highlight=False)
    least = sum((column.min_width or 1) + 2 for column in table.columns)
    console.width = max(console.width, least)
    console.print(table, markup=False)


def plain(value: Any) -> Any:
    """``value`` as JSON takes it: dataclasses are objects, keys and moments are texts."""
    if isinstance(value, SourceKey):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: getattr(value, each.name) for each in fields(value)}
    if isinstance(value, msgspec.Struct):
        return msgspec.structs.asdict(value)
    return str(value)


def code_of(error: SyncError) -> Exit:
    """The exit code for an error."""
    if isinstance(error, WorldAtFaultError):
        return Exit.UNAVAILABLE
    return Exit.USAGE if isinstance(error, OursToFixError) else Exit.PROBLEM
