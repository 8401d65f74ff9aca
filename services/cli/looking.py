"""Opens what the product keeps, for commands that look at it beside running processes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from services.cli.answering import NotThereError
from services.cli.places import Places
from services.cli.settings import loaded
from services.shared.ledger.engine import Ledger, normal, opened
from services.shared.ledger.sqlite import path_in
from services.shared.log.address import SqliteFile
from services.shared.log.opening import opened as opened_log
from services.shared.log.port import Log

_START = "start the product once: shopsync all"


def places() -> Places:
    """Where things are, from the environment.

    Raises:
        SettingsError: a setting is wrong.
    """
    return loaded(Places)


def ledger_file(where: Places) -> Path | None:
    """The file the ledger is in; None if it is a server's."""
    url = normal(where.ledger)
    return Path(path_in(url)) if url.startswith("sqlite") else None


@asynccontextmanager
async def ledger_at(where: Places) -> AsyncIterator[Ledger]:
    """The ledger as it is; nothing is made or migrated.

    Raises:
        NotThereError: there is none yet.
    """
    file = ledger_file(where)
    if file is not None and not file.is_file():
        raise NotThereError("no_ledger", detail=f"{file} is missing; {_START}")
    async with opened(where.ledger) as ledger:
        yield ledger


def log_file(where: Places) -> Path | None:
    """The file the log is in; None if it is a cluster's."""
    return where.log.path if isinstance(where.log, SqliteFile) else None


def has_log(where: Places) -> bool:
    """Whether there is a log to look at."""
    file = log_file(where)
    return file is None or file.is_file()


@asynccontextmanager
async def log_at(where: Places) -> AsyncIterator[Log]:
    """The log as it is; nothing is made.

    Raises:
        NotThereError: there is none yet.
    """
    file = log_file(where)
    if file is not None and not file.is_file():
        raise NotThereError("no_log", detail=f"{file} is missing; {_START}")
    async with opened_log(where.log) as log:
        yield log
