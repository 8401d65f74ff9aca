"""What must happen when the ledger's clock went back.

On one machine the ledger's clock is the machine's, which somebody sets. Whatever was put off by a
clock that ran ahead would lie still until the right one has caught up: an hour, or a year.
"""

from __future__ import annotations

import logging

from services.shared.ledger import notes
from services.shared.ledger.engine import Ledger, statement
from services.shared.runtime.logging import Action

_LOG = logging.getLogger(__name__)
_NOTE = "clock"
# What clocks are corrected by every day; put off by so much nobody notices.
_UNNOTICED_MS = 60_000
# No claim and no suspicion lasts longer.
_LATEST = "{now} + 60000"

_NOW = statement("SELECT {now} AS moment")
_REPAIRS = tuple(
    statement(sql)
    for sql in (
        "UPDATE quota SET next_slot = 0, next_reserved = 0, spent_until = 0",
        # One who still holds it is refused, and begins anew.
        "UPDATE leases SET until = 0",
        f"UPDATE claims SET until = {_LATEST} WHERE until > {_LATEST}",
        "UPDATE sources SET due_at = {now} WHERE due_at > {now}",
        "UPDATE sources SET waiting_since = {now} WHERE waiting_since > {now}",
        f"UPDATE sources SET suspect_until = {_LATEST} WHERE suspect_until > {_LATEST}",
        f"UPDATE targets SET suspect_until = {_LATEST} WHERE suspect_until > {_LATEST}",
        "UPDATE links SET due_at = {now} WHERE due_at > {now}",
        "UPDATE causes SET probe_at = {now} WHERE probe_at > {now}",
        # Else what one scanned then would pass for fresh to all others until the clock is there.
        "UPDATE windows SET ended_at = {now} WHERE ended_at > {now}",
    )
)


async def repair(ledger: Ledger) -> int:
    """Let nothing wait for the moments of a clock that has gone back since the last call.

    What is made due too early is looked at, and waits again. Returns the milliseconds it went back;
    0 if it did not, or by less than a minute.

    Raises:
        WorldAtFaultError: the ledger is not there.
    """
    async with ledger.transaction() as tx:
        now = int((await tx.run(_NOW))[0].moment)
        went_back = int(await notes.get(tx, _NOTE) or now) - now
        await notes.put(tx, _NOTE, str(now))
        if went_back <= _UNNOTICED_MS:
            return 0
        for each in _REPAIRS:
            await tx.run(each)
    extra = {"action": Action.REPAIR, "went_back_seconds": went_back // 1000}
    _LOG.warning("the ledger's clock went back", extra=extra)
    return went_back
