"""Whether a ledger's schema is this version's: what a process asks before all else.

Only where it is not are migrations loaded, which take more memory than all that is kept.
"""

from __future__ import annotations

from services.shared.ledger.engine import Ledger, Transaction, statement

NEWEST = "0004"
"""The newest migration there is."""

_HAS_SCHEMA = statement("SELECT 1 AS found FROM {tables} AS t WHERE t.name = 'alembic_version'")
_VERSION = statement("SELECT version_num FROM alembic_version")


async def has_schema(tx: Transaction) -> bool:
    """Whether any version ever made ``tx``'s ledger ready."""
    return bool(await tx.run(_HAS_SCHEMA))


async def is_newest(ledger: Ledger) -> bool:
    """Whether nothing is to be done to ``ledger``'s schema.

    Raises:
        WorldAtFaultError: the ledger is not there.
    """
    async with ledger.transaction() as tx:
        if not await has_schema(tx):
            return False
        return [row.version_num for row in await tx.run(_VERSION)] == [NEWEST]
