"""Brings the ledger's schema to what this version needs, and says whether it can work with it.

A migration only adds while an older version may still run, so that versions run side by side. One
that takes away raises :data:`OLDEST`, the oldest schema whose programs may still run; programs
older than that refuse to start.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from services.shared.contract.errors import OursToFixError, WorldAtFaultError
from services.shared.ledger.engine import Ledger
from services.shared.ledger.options import LOCK_TAKEN
from services.shared.ledger.statistics import assume_grown

_HERE = Path(__file__).parent / "migrations"
OLDEST = "oldest_schema"
# Any number, the same in every process: who has it migrates, until its transaction ends.
_TURN = 7_170_339_112
_TAKE_TURN = f"SELECT pg_advisory_xact_lock({_TURN})"
# A change that waits for a table lets everybody wait behind it: rather come again.
_LOCK_MS = 1_000
_ATTEMPTS = 30


def config_for(connection: Connection) -> Config:
    """Alembic's configuration, bound to a connection."""
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.attributes["connection"] = connection
    return config


async def migrate(ledger: Ledger) -> None:
    """Run what migrations are missing, if any. Safe for any number of processes at once.

    One migrates, the others wait for it; where nothing is missing nobody waits.

    Raises:
        OursToFixError: the ledger is a newer version's, which this one cannot work with.
        WorldAtFaultError: the ledger is not there, or somebody keeps a table we must change.
    """
    for _ in range(_ATTEMPTS):
        try:
            return await _migrate(ledger)
        except WorldAtFaultError as problem:
            if problem.detail != LOCK_TAKEN:
                raise
    return await _migrate(ledger)


async def _migrate(ledger: Ledger) -> None:
    async with ledger.connection() as connection:
        if await connection.run_sync(_is_ready):
            return
        if ledger.engine.dialect.name == "postgresql":
            await connection.execute(text(_TAKE_TURN))
            await connection.execute(text(f"SET LOCAL lock_timeout = {_LOCK_MS}"))
        if not await connection.run_sync(_is_ready):
            await connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> None:
    command.upgrade(config_for(connection), "head")
    if connection.dialect.name == "sqlite":
        assume_grown(connection)


def schema_version(connection: Connection) -> str:
    """The revision the ledger is at; empty if it has no schema."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")


def newest() -> str:
    """The revision this program brings a ledger to."""
    return str(ScriptDirectory(str(_HERE)).get_current_head())


def _is_ready(connection: Connection) -> bool:
    found = schema_version(connection)
    known = {each.revision for each in ScriptDirectory(str(_HERE)).walk_revisions()}
    if found and found not in known:
        _check_oldest(connection, found)
        return True
    return found == newest()


def _check_oldest(connection: Connection, found: str) -> None:
    asked = text("SELECT value FROM settings WHERE name = :name")
    oldest = connection.execute(asked, {"name": OLDEST}).scalar()
    if oldest is not None and str(oldest) > newest():
        raise OursToFixError("ledger_is_newer", detail=found)
