"""What we know of each Shopify record, and what is still to be done about it."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row

from services.shared.contract.keys import SourceKey
from services.shared.contract.versions import Version
from services.shared.ledger.engine import Transaction, statement
from services.shared.ledger.moments import read, written


class Status(StrEnum):
    """Where a source stands; every source stands in exactly one place."""

    IN_SYNC = "in_sync"
    WAITING = "waiting"
    FAILING = "failing"
    EXCLUDED = "excluded"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What became of a source. ``seen`` is the ``wanted`` its work began with.

    ``due_in_ms`` makes it due again without its being ``waiting`` (a second look).
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Something to be done about a source later. ``body`` is the event it came with, if a state.

    With a ``cause_id`` it is due when the cause is lifted, otherwise after ``due_in_ms``.
    ``is_news`` says that an event brought it, so that work in progress does not settle it;
    ``suspect_for_ms``, that a write may still be on its way.
    """

    key: SourceKey
    reason: str
    due_in_ms: int = 0
    cause_id: int | None = None
    detail: str = ""
    body: bytes | None = None
    changed_at: datetime | None = None
    claims_deletion: bool = False
    is_news: bool = True
    suspect_for_ms: int | None = None


_COLUMNS = """
  s.shop, s.kind, s.id, s.parent_id, s.target_id, s.updated_at, s.observed_at, s.wanted,
  s.settled, s.deletion_claimed, s.deleted_at, s.status, s.reason, s.detail, s.due_at,
  s.waiting_since, s.attempts, s.body, s.changed_at, s.acknowledged_at, s.suspect_until, s.label,
  s.created_at
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
_SETTLE = statement(
    """
    INSERT INTO sources (shop, kind, id, parent_id, target_id, updated_at, observed_at, settled,
      deleted_at, status, reason, detail, due_at, acknowledged_at, suspect_until, label,
      created_at)
    SELECT b.shop, b.kind, b.id, b.parent_id, b.target_id, b.updated_at, b.observed_at, b.seen,
      b.deleted_at, b.status, b.reason, b.detail, {now} + b.due_in,
      CASE WHEN b.acknowledged = 1 THEN {now} END, {now} + b.suspect_for, b.label,
      b.created_at
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
                              THEN sources.deletion_claimed ELSE 0 END,
      changed_at = CASE WHEN sources.wanted > excluded.settled THEN sources.changed_at END,
      acknowledged_at = coalesce(excluded.acknowledged_at, sources.acknowledged_at),
      suspect_until = excluded.suspect_until,
      label = excluded.label,
      created_at = coalesce(excluded.created_at, sources.created_at)
    """,
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
)
_WAIT = statement(
    """
    INSERT INTO sources (shop, kind, id, status, reason, detail, due_at, cause_id, waiting_since,
      wanted, changed_at, deletion_claimed, suspect_until)
    SELECT b.shop, b.kind, b.id, 'waiting', b.reason, b.detail,
      CASE WHEN b.cause_id IS NULL THEN {now} + b.due_in END, b.cause_id, {now}, 1, b.changed_at,
      b.claims_deletion, {now} + b.suspect_for
    FROM {rows} AS b WHERE true
    ON CONFLICT (shop, kind, id) DO UPDATE SET
      status = 'waiting',
      reason = excluded.reason,
      detail = excluded.detail,
      due_at = excluded.due_at,
      cause_id = excluded.cause_id,
      waiting_since = coalesce(sources.waiting_since, excluded.waiting_since),
      wanted = sources.wanted + :news,
      attempts = sources.attempts + 1,
      changed_at = coalesce(sources.changed_at, excluded.changed_at),
      deletion_claimed = {greatest}(sources.deletion_claimed, excluded.deletion_claimed),
      suspect_until = coalesce(excluded.suspect_until, sources.suspect_until)
    """,
    shop="text",
    kind="text",
    id="text",
    reason="text",
    detail="text",
    due_in="bigint",
    cause_id="int",
    changed_at="bigint",
    claims_deletion="int",
    suspect_for="bigint",
)
_KEEP_BODY = statement(
    "UPDATE sources SET body = :body WHERE shop = :shop AND kind = :kind AND id = :id"
)
_REFER = statement(
    """
    INSERT INTO sources (shop, kind, id, status, reason, due_at, waiting_since, wanted)
    SELECT b.shop, b.kind, b.id, 'waiting', 'referred_to', {now} + b.due_in, {now}, 1
    FROM {rows} AS b WHERE true
    ON CONFLICT (shop, kind, id) DO NOTHING
    """,
    shop="text",
    kind="text",
    id="text",
    due_in="bigint",
)
_DUE = statement(
    f"""SELECT {_COLUMNS} FROM sources AS s
    WHERE s.kind = :kind AND s.due_at <= {{now}} AND NOT EXISTS (
      SELECT 1 FROM claims AS c
      WHERE c.key = s.shop || '/' || s.kind || '/' || s.id AND c.until > {{now}})
    ORDER BY s.due_at LIMIT :most"""
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
_RETARGET = statement(
    """
    UPDATE sources SET due_at = {now}, wanted = wanted + 1, status = 'waiting',
      reason = 'merged_in_hubspot', waiting_since = coalesce(waiting_since, {now}),
      target_id = (SELECT b.new_id FROM {rows} AS b
                   WHERE b.kind = sources.kind AND b.old_id = sources.target_id)
    WHERE status IN ('in_sync', 'waiting', 'failing')
      AND target_id IN (SELECT b.old_id FROM {rows} AS b)
      AND (kind, target_id) IN (SELECT b.kind, b.old_id FROM {rows} AS b)
    """,
    kind="text",
    old_id="text",
    new_id="text",
)
_PUT_OFF = statement(
    """
    UPDATE sources SET due_at = {now} + :due_in WHERE (shop, kind, id) IN
    (SELECT b.shop, b.kind, b.id FROM {rows} AS b)
    """,
    shop="text",
    kind="text",
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


async def settle(tx: Transaction, settlements: Sequence[Settlement]) -> None:
    """Record outcomes. A source that was wanted again meanwhile stays due, at once."""
    await tx.run_batch(_SETTLE, [_settlement_row(each) for each in settlements])
    await _keep_bodies(tx, settlements)


async def wait(tx: Transaction, waits: Sequence[Wait]) -> None:
    """Put work off. The oldest wait and the oldest unacknowledged change are remembered."""
    for is_news in (True, False):
        chosen = [each for each in waits if each.is_news is is_news]
        await tx.run_batch(_WAIT, [_wait_row(each) for each in chosen], news=int(is_news))
    await _keep_bodies(tx, waits)


async def refer(tx: Transaction, keys: Mapping[SourceKey, int]) -> None:
    """Make sources known that others point at; a new one is due after so many milliseconds."""
    await tx.run_batch(
        _REFER, [[key.shop, key.kind, key.id, due_in] for key, due_in in keys.items()]
    )


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


async def retarget(tx: Transaction, kinds: Iterable[str], moved: Mapping[str, str]) -> None:
    """Follow records that became others in HubSpot (old id to new), and look at them again."""
    rows = [[kind, old, new] for kind in kinds for old, new in moved.items()]
    await tx.run_batch(_RETARGET, rows)


async def put_off(tx: Transaction, keys: Iterable[SourceKey], due_in_ms: int) -> None:
    """Make rows due later without touching anything else."""
    rows = [[key.shop, key.kind, key.id] for key in keys]
    await tx.run_batch(_PUT_OFF, rows, due_in=due_in_ms)


async def _keep_bodies(tx: Transaction, rows: Sequence[Settlement | Wait]) -> None:
    for each in rows:
        if each.body is not None:
            key = each.key
            body = zlib.compress(each.body, level=1)
            await tx.run(_KEEP_BODY, body=body, shop=key.shop, kind=key.kind, id=key.id)


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
        body=zlib.decompress(row.body) if row.body else None,
        changed_at=read(row.changed_at),
        acknowledged_at=read(row.acknowledged_at),
        suspect_until=read(row.suspect_until),
        label=row.label,
        created_at=read(row.created_at),
    )


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
    ]


def _wait_row(each: Wait) -> list[Any]:
    return [
        each.key.shop,
        each.key.kind,
        each.key.id,
        each.reason,
        each.detail,
        each.due_in_ms,
        each.cause_id,
        written(each.changed_at),
        int(each.claims_deletion),
        each.suspect_for_ms,
    ]
