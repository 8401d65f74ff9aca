"""What became of sources: each settlement is the last word on what its work began with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from services.shared.contract.keys import SourceKey
from services.shared.contract.versions import Version
from services.shared.ledger.engine import Transaction, statement
from services.shared.ledger.moments import written
from services.shared.ledger.sources import Status
from services.shared.ledger.waits import keep_bodies


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a source. ``seen`` is the ``wanted`` its work began with.

    ``due_in_ms`` makes it due again without its being ``waiting`` (a second look).
    ``deletion_claimed`` keeps a claim that this settlement could not decide. ``heard_at`` is the
    ``updated_at`` of the latest webhook whose values were written.
    """

    key: SourceKey
    status: Status
    seen: int = 0
    reason: str = ""
    detail: str = ""
    parent_id: str | None = None
    target_id: str | None = None
    version: Version | None = None
    deleted_at: datetime | None = None
    due_in_ms: int | None = None
    suspect_for_ms: int | None = None
    is_acknowledged: bool = False
    label: str = ""
    created_at: datetime | None = None
    body: bytes | None = None
    deletion_claimed: bool = False
    heard_at: datetime | None = None


_SETTLE = statement(
    """
    INSERT INTO sources (shop, kind, id, parent_id, target_id, updated_at, observed_at, settled,
      deleted_at, status, reason, detail, due_at, acknowledged_at, suspect_until, label,
      created_at, deletion_claimed, heard_at)
    SELECT b.shop, b.kind, b.id, b.parent_id, b.target_id, b.updated_at, b.observed_at, b.seen,
      b.deleted_at, b.status, b.reason, b.detail, {now} + b.due_in,
      CASE WHEN b.acknowledged = 1 THEN {now} END, {now} + b.suspect_for, b.label,
      b.created_at, b.deletion_claimed, b.heard_at
    FROM {rows} AS b WHERE true
    ON CONFLICT (shop, kind, id) DO UPDATE SET
      parent_id = excluded.parent_id,
      target_id = excluded.target_id,
      updated_at = excluded.updated_at,
      observed_at = excluded.observed_at,
      settled = excluded.settled,
      deleted_at = excluded.deleted_at,
      status = CASE WHEN sources.wanted > excluded.settled THEN 'waiting' ELSE excluded.status END,
      reason = CASE WHEN sources.wanted > excluded.settled THEN 'changed_meanwhile'
                    ELSE excluded.reason END,
      detail = excluded.detail,
      due_at = CASE WHEN sources.wanted > excluded.settled THEN {now} ELSE excluded.due_at END,
      cause_id = NULL,
      waiting_since = CASE WHEN sources.wanted > excluded.settled THEN {now} END,
      attempts = 0,
      body = CASE WHEN sources.wanted > excluded.settled THEN sources.body END,
      deletion_claimed = CASE WHEN sources.wanted > excluded.settled
                              THEN sources.deletion_claimed ELSE excluded.deletion_claimed END,
      changed_at = CASE WHEN sources.wanted > excluded.settled THEN sources.changed_at END,
      acknowledged_at = coalesce(excluded.acknowledged_at, sources.acknowledged_at),
      suspect_until = CASE WHEN sources.wanted > excluded.settled
                           THEN coalesce(excluded.suspect_until, sources.suspect_until)
                           ELSE excluded.suspect_until END,
      label = excluded.label,
      created_at = coalesce(excluded.created_at, sources.created_at),
      heard_at = CASE WHEN sources.heard_at > excluded.heard_at THEN sources.heard_at
                      ELSE coalesce(excluded.heard_at, sources.heard_at) END
    """,
    keyed=3,
    shop="text",
    kind="text",
    id="text",
    parent_id="text",
    target_id="text",
    updated_at="bigint",
    observed_at="bigint",
    seen="bigint",
    deleted_at="bigint",
    status="text",
    reason="text",
    detail="text",
    due_in="bigint",
    acknowledged="int",
    suspect_for="bigint",
    label="text",
    created_at="bigint",
    deletion_claimed="int",
    heard_at="bigint",
)


async def settle(tx: Transaction, settlements: Sequence[Settlement]) -> None:
    """Record outcomes. A source that was wanted again meanwhile stays due, at once."""
    await tx.run_batch(_SETTLE, [_settlement_row(each) for each in settlements])
    await keep_bodies(tx, {each.key: each.body for each in settlements})


def _settlement_row(each: Settlement) -> list[Any]:
    version = each.version
    return [
        each.key.shop,
        each.key.kind,
        each.key.id,
        each.parent_id,
        each.target_id,
        written(version.updated_at) if version else None,
        written(version.observed_at) if version else None,
        each.seen,
        written(each.deleted_at),
        each.status.value,
        each.reason,
        each.detail,
        each.due_in_ms,
        int(each.is_acknowledged),
        each.suspect_for_ms,
        each.label,
        written(each.created_at),
        int(each.deletion_claimed),
        written(each.heard_at),
    ]
