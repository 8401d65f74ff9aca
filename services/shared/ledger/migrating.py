"""Brings the ledger's schema to what this version needs."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from services.shared.contract.errors import OursToFixError
from services.shared.ledger.engine import Ledger
from services.shared.ledger.statistics import assume_grown

_HERE = Path(__file__).parent / "migrations"


def config_for(connection: Connection) -> Config:
    """Alembic's configuration, bound to a connection."""
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.attributes["connection"] = connection
    return config


async def migrate(ledger: Ledger) -> None:
    """Run what migrations are missing. Safe to repeat, and for several processes at once.

    Raises:
        OursToFixError: the ledger was written by a newer version of this program.
    """
    async with ledger.engine.begin() as connection:
        await connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> None:
    if inspect(connection).has_table("alembic_version"):
        known = {each.revision for each in ScriptDirectory(str(_HERE)).walk_revisions()}
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        if found and found not in known:
            raise OursToFixError("ledger_is_newer", detail=str(found))
    command.upgrade(config_for(connection), "head")
    if connection.dialect.name == "sqlite":
        assume_grown(connection)
