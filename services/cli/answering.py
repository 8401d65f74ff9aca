"""How commands answer: tables for people, JSON for scripts, and an exit code for both."""

from __future__ import annotations

import sys
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import fields, is_dataclass
from enum import IntEnum
from typing import Annotated, Any, NoReturn, TypeVar

import orjson
import typer
from rich.console import Console
from rich.table import Table

from services.shared.contract.errors import OursToFixError, SyncError, WorldAtFaultError
from services.shared.contract.keys import SourceKey
from services.shared.runtime.settings import SettingsError

try:
    from uvloop import run as _run
except ImportError:  # there is none for Windows
    from asyncio import run as _run

T = TypeVar("T")
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, for scripts.")]


class Exit(IntEnum):
    """What a command's exit code says."""

    DONE = 0
    PROBLEM = 1
    USAGE = 2
    UNAVAILABLE = 3


EXIT_CODES = (
    "Exit codes: 0 done, 1 a problem was found, 2 wrong usage or settings, "
    "3 something needed is unavailable now."
)


class NotThereError(WorldAtFaultError):
    """What a command looks at does not exist yet; ``detail`` says what to do."""


def finished(work: Coroutine[Any, Any, T]) -> T:
    """The result of ``work``; its failure is said in one line, and is the exit code."""
    try:
        return _run(work)
    except SettingsError as error:
        refuse(error)
    except SyncError as error:
        said = f"{error.reason}: {error.detail}" if error.detail else error.reason
        fail(said, _code_of(error))


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
    sys.stdout.write(orjson.dumps(value, default=_plain, option=options).decode() + "\n")


def show(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table for people; nothing in it is cut."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*("" if each is None else str(each) for each in row))
    Console(highlight=False).print(table, markup=False)


def _plain(value: Any) -> Any:
    if isinstance(value, SourceKey):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: getattr(value, each.name) for each in fields(value)}
    return str(value)


def _code_of(error: SyncError) -> Exit:
    if isinstance(error, WorldAtFaultError):
        return Exit.UNAVAILABLE
    return Exit.USAGE if isinstance(error, OursToFixError) else Exit.PROBLEM
