"""Seals anew, under the first key, what an older key sealed: then the older one may go."""

from __future__ import annotations

from services.shared.ledger.engine import Ledger, Statement, Transaction, statement
from services.shared.ledger.vault import Vault


def _pair(table: str, key: str, column: str) -> tuple[Statement, Statement]:
    """What reads all sealed texts of a column, and what replaces one that is still the same."""
    return (
        statement(f"SELECT {key} AS place, {column} AS sealed FROM {table} WHERE {column} <> ''"),
        statement(
            f"UPDATE {table} SET {column} = :anew WHERE {key} = :place AND {column} = :sealed"
        ),
    )


# Every sealed column there is.
_SEALED = (
    _pair("accounts", "id", "credentials"),
    _pair("stores", "shop", "credentials"),
    _pair("stores", "shop", "token"),
    _pair("requests", "id", "body"),
)


async def reseal(ledger: Ledger, vault: Vault) -> int:
    """Seal anew what the first key of ``vault`` does not open; how many texts. Safe to repeat.

    Raises:
        OursToFixError: something is sealed with a key that ``vault`` does not have.
        WorldAtFaultError: the ledger is not there; nothing was changed.
    """

    async def work(tx: Transaction) -> int:
        count = 0
        for read, replace in _SEALED:
            for row in await tx.run(read):
                anew = vault.resealed(row.sealed)
                if anew != row.sealed:
                    await tx.run(replace, place=row.place, sealed=row.sealed, anew=anew)
                    count += 1
        return count

    return await ledger.done(work)
