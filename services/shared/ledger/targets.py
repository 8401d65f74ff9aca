"""What we last wrote to each HubSpot record, and whose values those were."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from services.shared.contract.keys import SourceKey
from services.shared.ledger.engine import Transaction, statement
from services.shared.ledger.moments import read, written

if TYPE_CHECKING:
    from sqlalchemy import Row


class TargetRow(msgspec.Struct, frozen=True, kw_only=True):
    """One HubSpot record as we last wrote it."""

    object_type: str
    id: str
    fingerprint: bytes
    winner: SourceKey | None = None
    winner_updated_at: datetime | None = None
    suspect_until: datetime | None = None


_LOOK = statement(
    """SELECT t.object_type, t.id, t.fingerprint, t.winner_shop, t.winner_kind, t.winner_id,
      t.winner_updated_at, t.suspect_until
    FROM {rows} AS b JOIN targets AS t
      ON t.account_id = :account AND t.object_type = b.object_type AND t.id = b.id""",
    object_type="text",
    id="text",
)
_RECORD = statement(
    """
    INSERT INTO targets (account_id, object_type, id, fingerprint, winner_shop, winner_kind,
      winner_id, winner_updated_at, suspect_until)
    SELECT :account, b.object_type, b.id, b.fingerprint, b.shop, b.kind, b.source_id, b.updated_at,
      b.suspect_until FROM {rows} AS b WHERE true
    ON CONFLICT (account_id, object_type, id) DO UPDATE SET
      fingerprint = excluded.fingerprint, winner_shop = excluded.winner_shop,
      winner_kind = excluded.winner_kind, winner_id = excluded.winner_id,
      winner_updated_at = excluded.winner_updated_at, suspect_until = excluded.suspect_until
    """,
    keyed=2,
    object_type="text",
    id="text",
    fingerprint="text",
    shop="text",
    kind="text",
    source_id="text",
    updated_at="bigint",
    suspect_until="bigint",
)
_FORGET = statement(
    """DELETE FROM targets WHERE account_id = :account AND (object_type, id) IN
    (SELECT b.object_type, b.id FROM {rows} AS b)""",
    object_type="text",
    id="text",
)


async def look(
    tx: Transaction, account: int, ids: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], TargetRow]:
    """The rows of ``(object type, HubSpot id)`` pairs; unknown ones are absent."""
    found = await tx.run_batch(_LOOK, [list(each) for each in set(ids)], account=account)
    return {(row.object_type, row.id): row for row in map(_row, found)}


async def record(tx: Transaction, account: int, rows: Sequence[TargetRow]) -> None:
    """Remember what was written."""
    await tx.run_batch(_RECORD, [_written(row) for row in rows], account=account)


async def forget(tx: Transaction, account: int, ids: Iterable[tuple[str, str]]) -> None:
    """Drop the memory of records that are no longer ours to write."""
    await tx.run_batch(_FORGET, [list(each) for each in set(ids)], account=account)


def _row(row: Row[Any]) -> TargetRow:
    winner = SourceKey(row.winner_shop, row.winner_kind, row.winner_id) if row.winner_shop else None
    return TargetRow(
        object_type=row.object_type,
        id=row.id,
        fingerprint=base64.b64decode(row.fingerprint),
        winner=winner,
        winner_updated_at=read(row.winner_updated_at),
        suspect_until=read(row.suspect_until),
    )


def _written(row: TargetRow) -> list[Any]:
    winner = row.winner
    return [
        row.object_type,
        row.id,
        base64.b64encode(row.fingerprint).decode(),
        winner.shop if winner else None,
        winner.kind if winner else None,
        winner.id if winner else None,
        written(row.winner_updated_at),
        written(row.suspect_until),
    ]
