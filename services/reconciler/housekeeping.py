"""Lets the ledger forget what is old: by one reconciler of all, every hour."""

from __future__ import annotations

import logging

from services.shared.contract.errors import SyncError
from services.shared.ledger import leases, setbacks
from services.shared.ledger.engine import Ledger
from services.shared.ledger.pruning import prune
from services.shared.runtime.logging import Action

_LOG = logging.getLogger(__name__)
_NAME = "housekeeping"
_EVERY_MS = 3_600_000


async def keep_time(ledger: Ledger) -> None:
    """Notice that the ledger's clock went back, and let nothing wait for the moments it had."""
    try:
        await setbacks.repair(ledger)
    except SyncError as problem:
        _LOG.warning("clock not read", extra={"action": Action.WAIT, "reason": problem.reason})


async def keep_house(ledger: Ledger, instance: str) -> bool:
    """Prune if nobody has within the hour; whether it was us."""
    try:
        # The lease is not given back: while it lasts, it is done.
        async with ledger.transaction() as tx:
            if not await leases.take_anew(tx, _NAME, instance, _EVERY_MS):
                return False
        forgotten = await prune(ledger)
    except SyncError as problem:
        _LOG.warning("not pruned", extra={"action": Action.PRUNE, "reason": problem.reason})
        return False
    for what, rows in forgotten.items():
        _LOG.info("pruned", extra={"action": Action.PRUNE, "what": what, "rows": rows})
    return True
