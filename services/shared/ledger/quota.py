"""One account's schedule of HubSpot calls, which every process that calls HubSpot draws from."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from services.shared.hubspot.pacing import (
    DEFAULT_LIMIT,
    Correction,
    Granted,
    Lane,
    NotYet,
    Schedule,
    corrected,
    drawn_together,
)
from services.shared.ledger.engine import Ledger, Transaction, statement

Work = Callable[[Transaction], Awaitable[None]]

_MICROSECONDS = 1_000_000
_READ = statement(
    """SELECT calls_per_window, next_slot, next_reserved, spent_until, {now} AS moment
    FROM quota WHERE account_id = :account {locked}"""
)
_OPEN = statement(
    """INSERT INTO quota (account_id, calls_per_window, next_slot, next_reserved)
    VALUES (:account, :limit, 0, 0) ON CONFLICT (account_id) DO NOTHING"""
)
_WRITE = statement(
    """UPDATE quota SET calls_per_window = :limit, next_slot = :next_slot,
      next_reserved = :next_reserved, spent_until = :spent_until WHERE account_id = :account"""
)


async def _nothing(_: Transaction) -> None:
    """Most who draw have nothing else to do."""


class LedgerQuota:
    """A ``Quota`` in the ledger, on the ledger's clock.

    ``beside`` is done in the transaction of every draw, before it; if it fails nothing is drawn.
    """

    def __init__(self, ledger: Ledger, account: int, *, beside: Work = _nothing) -> None:
        self._ledger = ledger
        self._account = account
        self._beside = beside

    async def draw(self, lane: Lane, most: int = 1) -> Sequence[Granted] | NotYet:
        """See ``Quota``."""
        async with self._ledger.transaction() as tx:
            await self._beside(tx)
            before, now = await self._read(tx)
            after, verdict = drawn_together(before, lane, now, most)
            if after != before:
                await self._write(tx, after)
        return verdict

    async def correct(self, correction: Correction) -> None:
        """See ``Quota``."""
        async with self._ledger.transaction() as tx:
            before, now = await self._read(tx)
            await self._write(tx, corrected(before, correction, now))

    async def schedule(self) -> tuple[Schedule, float]:
        """The schedule as it stands, and the quota's time."""
        async with self._ledger.transaction() as tx:
            return await self._read(tx)

    async def _read(self, tx: Transaction) -> tuple[Schedule, float]:
        found = await tx.run(_READ, account=self._account)
        if not found:
            await tx.run(_OPEN, account=self._account, limit=DEFAULT_LIMIT)
            found = await tx.run(_READ, account=self._account)
        row: Any = found[0]
        schedule = Schedule(
            next_slot=row.next_slot / _MICROSECONDS,
            next_reserved=row.next_reserved / _MICROSECONDS,
            spent_until=row.spent_until / _MICROSECONDS,
            limit=row.calls_per_window,
        )
        return schedule, row.moment / 1000

    async def _write(self, tx: Transaction, schedule: Schedule) -> None:
        # Rounded up: a slot must never come nearer by being written down.
        await tx.run(
            _WRITE,
            account=self._account,
            limit=schedule.limit,
            next_slot=math.ceil(schedule.next_slot * _MICROSECONDS),
            next_reserved=math.ceil(schedule.next_reserved * _MICROSECONDS),
            spent_until=math.ceil(schedule.spent_until * _MICROSECONDS),
        )
