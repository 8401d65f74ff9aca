"""What we know of each Shopify record, and what is still to be done about it."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec

from services.shared.contract.keys import SourceKey
from services.shared.contract.versions import Version
from services.shared.ledger.engine import Transaction, statement
from services.shared.ledger.moments import read

if TYPE_CHECKING:
    from sqlalchemy import Row


class Status(StrEnum):
    """Where a source stands; every source stands in exactly one place."""

    IN_SYNC = "in_sync"
    WAITING = "waiting"
    FAILING = "failing"
    EXCLUDED = "excluded"
    DELETED = "deleted"


class SourceRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of ``sources``."""

    key: SourceKey
    parent_id: str | None
    target_id: str | None
    version: Version | None
    wanted: int
    settled: int
    deletion_claimed: bool
    deleted_at: datetime | None
    status: Status
    reason: str
    detail: str
    due_at: datetime | None
    waiting_since: datetime | None
    attempts: int
    body: bytes | None
    changed_at: datetime | None
    acknowledged_at: datetime | None
    suspect_until: datetime | None
    label: str
    created_at: datetime | None
    heard_at: datetime | None = None


_DRAWN_MS = 15_000

_COLUMNS = """
  s.shop, s.kind, s.id, s.parent_id, s.target_id, s.updated_at, s.observed_at, s.wanted,
  s.settled, s.deletion_claimed, s.deleted_at, s.status, s.reason, s.detail, s.due_at,
  s.waiting_since, s.attempts, {base64:s.body} AS body, s.changed_at, s.acknowledged_at,
  s.suspect_until, s.label, s.created_at, s.heard_at
"""

_LOOK = statement(
    f"""SELECT {_COLUMNS} FROM {{rows}} AS b
    JOIN sources AS s ON s.shop = b.shop AND s.kind = b.kind AND s.id = b.id""",
    shop="text",
    kind="text",
    id="text",
)
_PARTS = statement(
    f"""SELECT {_COLUMNS} FROM {{rows}} AS b
    JOIN sources AS s ON s.shop = b.shop AND s.kind = b.kind AND s.parent_id = b.id""",
    shop="text",
    kind="text",
    id="text",
)
_IS_DUE = """
  s.kind = :kind AND s.due_at <= {now} AND NOT EXISTS (
    SELECT 1 FROM claims AS c
    WHERE c.key = s.shop || '/' || s.kind || '/' || s.id AND c.until > {now})
  ORDER BY s.due_at LIMIT :most
"""
# Where many processes draw, what one has drawn is due later for the others; should it die before it
# claims, the row is due again. From an embedded ledger one process draws.
_DUE = statement(
    f"SELECT {_COLUMNS} FROM sources AS s WHERE {_IS_DUE}",
    postgresql=f"""
    WITH drawn AS (SELECT s.shop, s.kind, s.id FROM sources AS s
      WHERE {_IS_DUE} FOR UPDATE OF s SKIP LOCKED)
    UPDATE sources AS s SET due_at = {{now}} + {_DRAWN_MS} FROM drawn AS d
    WHERE s.shop = d.shop AND s.kind = d.kind AND s.id = d.id RETURNING {_COLUMNS}
    """,
)
_NEXT_DUE = statement(
    "SELECT min(due_at) - {now} AS due_in FROM sources WHERE kind = :kind AND due_at IS NOT NULL"
)
_SHARING = statement(
    f"""SELECT {_COLUMNS} FROM {{rows}} AS b JOIN sources AS s ON s.target_id = b.id
    WHERE s.kind = :kind AND s.status IN ('in_sync', 'waiting', 'failing')
    ORDER BY s.updated_at DESC, s.shop, s.id""",
    id="text",
)


async def look(tx: Transaction, keys: Iterable[SourceKey]) -> dict[SourceKey, SourceRow]:
    """The rows of ``keys``; those never seen are absent."""
    found = await tx.run_batch(_LOOK, [[key.shop, key.kind, key.id] for key in set(keys)])
    return {row.key: row for row in map(_row, found)}


async def parts(
    tx: Transaction, parents: Iterable[SourceKey], kind: str
) -> dict[SourceKey, list[SourceRow]]:
    """The rows of ``kind`` that belong to each of ``parents``."""
    kinds = {(key.shop, key.id): key for key in parents}
    found = await tx.run_batch(_PARTS, [[shop, kind, parent] for shop, parent in kinds])
    grouped: dict[SourceKey, list[SourceRow]] = {}
    for row in map(_row, found):
        grouped.setdefault(kinds[row.key.shop, row.parent_id or ""], []).append(row)
    return grouped


async def due(tx: Transaction, kind: str, most: int) -> list[SourceRow]:
    """Up to ``most`` rows whose time has come and that nobody holds a claim on, oldest first."""
    return [_row(row) for row in await tx.run(_DUE, kind=kind, most=most)]


async def next_due_ms(tx: Transaction, kind: str) -> int | None:
    """In how many milliseconds the next row of ``kind`` is due; negative if one is overdue."""
    due_in = (await tx.run(_NEXT_DUE, kind=kind))[0].due_in
    return None if due_in is None else int(due_in)


async def sharing(
    tx: Transaction, kind: str, target_ids: Iterable[str]
) -> dict[str, list[SourceRow]]:
    """The live sources of ``kind`` behind each target, newest version first."""
    found = await tx.run_batch(_SHARING, [[each] for each in set(target_ids)], kind=kind)
    grouped: dict[str, list[SourceRow]] = {}
    for row in map(_row, found):
        grouped.setdefault(row.target_id or "", []).append(row)
    return grouped


def _row(row: Row[Any]) -> SourceRow:
    updated_at = read(row.updated_at)
    return SourceRow(
        key=SourceKey(row.shop, row.kind, row.id),
        parent_id=row.parent_id,
        target_id=row.target_id,
        version=Version(updated_at=updated_at, observed_at=read(row.observed_at))
        if updated_at
        else None,
        wanted=row.wanted,
        settled=row.settled,
        deletion_claimed=bool(row.deletion_claimed),
        deleted_at=read(row.deleted_at),
        status=Status(row.status),
        reason=row.reason,
        detail=row.detail,
        due_at=read(row.due_at),
        waiting_since=read(row.waiting_since),
        attempts=row.attempts,
        body=zlib.decompress(base64.b64decode(row.body)) if row.body else None,
        changed_at=read(row.changed_at),
        acknowledged_at=read(row.acknowledged_at),
        suspect_until=read(row.suspect_until),
        label=row.label,
        created_at=read(row.created_at),
        heard_at=read(row.heard_at),
    )
