"""Opens what the product keeps, for commands that look at it beside running processes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from services.cli.answering import NotThereError
from services.cli.places import PREFIX, Places
from services.cli.settings import loaded
from services.shared.ledger.engine import Ledger, normal, opened
from services.shared.ledger.sqlite import path_in
from services.shared.log.address import SqliteFile
from services.shared.log.opening import opened as opened_log
from services.shared.log.port import Log

_START = "start the product once: shopsync all"
_MISSING = (
    "{file} is missing. {setting} leads there: from the environment, or .env in {folder}, the "
    "current folder. Go to the folder of your .env, or {start}"
)


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
        raise NotThereError("no_ledger", detail=_missing(file, where.ledger_url, "LEDGER_URL"))
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
        raise NotThereError("no_log", detail=_missing(file, where.log_url, "LOG_URL"))
    async with opened_log(where.log) as log:
        yield log


def check_files(where: Places) -> None:
    """See that log and ledger, which are to be copied, are there as far as they are files.

    Raises:
        NotThereError: one of them is missing.
    """
    for file, url, name in (
        (log_file(where), where.log_url, "LOG_URL"),
        (ledger_file(where), where.ledger_url, "LEDGER_URL"),
    ):
        if file is not None and not file.is_file():
            raise NotThereError("nothing_to_back_up", detail=_missing(file, url, name))


def _missing(file: Path, url: str, name: str) -> str:
    """That ``file`` is missing, and which setting has led there: ``name``, if it gave ``url``."""
    setting = PREFIX + (name if url else "DATA_DIR")
    file, folder = file.absolute(), Path.cwd()
    return _MISSING.format(file=file, setting=setting, folder=folder, start=_START)
