"""SQLAlchemy's engines for the ledger: for its schema, and for whole tables.

Whoever needs one imports this when it does. SQLAlchemy takes a fifth of the memory that an idle
process would need, and one whose ledger has its schema never asks for an engine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool


def sqlite_engine(url: str, prepare: Callable[[Any], None]) -> AsyncEngine:
    """An engine whose connections ``prepare`` made ready, the write lock taken at the start."""
    engine = create_async_engine(url, poolclass=NullPool)

    @event.listens_for(engine.sync_engine, "connect")
    def connected(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        prepare(connection)

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def postgresql_engine(url: str, connect_seconds: float) -> AsyncEngine:
    """An engine that is safe behind a pooling proxy."""
    return create_async_engine(
        url.replace("postgresql://", "postgresql+asyncpg://", 1),
        poolclass=NullPool,
        connect_args={
            "timeout": connect_seconds,
            "statement_cache_size": 0,
            "prepared_statement_cache_size": 0,
            # A proxy may give our next statement to a server that knows the name already.
            "prepared_statement_name_func": lambda: f"s{uuid4().hex}",
        },
    )
