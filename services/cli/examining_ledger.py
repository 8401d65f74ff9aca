"""What ``shopsync check`` finds in the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from services.cli.findings import Finding, ours
from services.cli.looking import ledger_file
from services.cli.sentences import sentence_of
from services.cli.settings import Settings
from services.shared.contract.errors import SyncError
from services.shared.ledger.address import place_of
from services.shared.ledger.engine import opened
from services.shared.ledger.readiness import has_schema
from services.shared.ledger.stores import account_token, connected
from services.shared.ledger.vault import Vault

_KEY = (
    "give the key it was made with in SHOPSYNC_ENCRYPTION_KEY, after the new one and a comma if "
    "you rotate"
)
_REACH = (
    "see that PostgreSQL runs there and that this machine may connect to it, and the host and port "
    "in SHOPSYNC_LEDGER_URL"
)
_TO_DO: Mapping[str, str] = MappingProxyType(
    {
        "wrong_encryption_key": _KEY,
        "no_encryption_key": _KEY,
        "ledger_refuses": "see user, password and database in SHOPSYNC_LEDGER_URL",
        "ledger_damaged": "see docs/runbook.md, Backup and restore",
        "ledger_unavailable": "end what holds the file, or make room on its disk",
    }
)


async def examine_ledger(settings: Settings) -> list[Finding]:
    """Whether the ledger can be read and the key opens what is in it, if there is one yet."""
    file = ledger_file(settings)
    if file is not None and not file.is_file():
        return []
    try:
        async with opened(settings.ledger) as ledger, ledger.transaction() as tx:
            if not await has_schema(tx):
                return []  # the first start makes it
            vault = Vault(settings.encryption_keys)
            await connected(tx, vault)
            await account_token(tx, vault)
    except SyncError as error:
        return [_finding(error, settings.ledger, is_server=file is None)]
    return []


def _finding(error: SyncError, url: str, *, is_server: bool) -> Finding:
    if is_server and error.reason == "ledger_unavailable":
        problem = f"the database at {place_of(url)} cannot be reached: {error.detail}"
        return ours("ledger", problem, _REACH)
    to_do = _TO_DO.get(error.reason, "see docs/runbook.md, A process does not start")
    return ours("ledger", f"cannot be opened: {error.reason}. {sentence_of(error)}", to_do)
