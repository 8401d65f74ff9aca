"""Whether the account can be used: why not is kept in the ledger, what it lacks is named."""

from __future__ import annotations

import contextlib
import logging

from services.shared.contract.errors import SyncError
from services.shared.hubspot.schema import AccountSchema
from services.shared.ledger import causes
from services.shared.ledger.causes import EVERY_STORE, NewCause
from services.shared.ledger.engine import Ledger, Transaction
from services.shared.runtime.logging import Action
from services.syncer.awaiting import is_shared

_LOG = logging.getLogger(__name__)
_PROBE_MS = 30_000


async def note_unusable(ledger: Ledger, problem: SyncError) -> None:
    """Raise a cause over the whole account, if it is not a mere outage; nothing is waited for."""
    if not is_shared(problem):
        return
    cause = NewCause(shop=EVERY_STORE, object_type="", reason=problem.reason, detail=problem.detail)
    # A ledger that is away says so by itself, and the account is tried again in any case.
    with contextlib.suppress(SyncError):
        async with ledger.transaction() as tx:
            await _lift_but(tx, problem.reason)
            await causes.raise_cause(tx, cause, _PROBE_MS)


async def note_usable(ledger: Ledger) -> None:
    """Lift every such cause: the account answers.

    Raises:
        SyncError: the ledger is not there.
    """
    async with ledger.transaction() as tx:
        await _lift_but(tx, "")


def name_shortfalls(schema: AccountSchema) -> None:
    """Say what the account lacks, and that we do without."""
    for shortfall in schema.shortfalls:
        _LOG.warning(
            "the account lacks something",
            extra={
                "action": Action.DO_WITHOUT,
                "object_type": shortfall.object_type,
                "property": shortfall.property,
                "reason": shortfall.reason,
            },
        )


async def _lift_but(tx: Transaction, reason: str) -> None:
    for cause in await causes.open_causes(tx):
        is_ours = (cause.shop, cause.object_type) == (EVERY_STORE, "")
        if is_ours and cause.reason != reason:
            await causes.lift(tx, cause.id)
