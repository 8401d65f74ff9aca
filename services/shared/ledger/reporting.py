"""What operators ask the ledger: how many stand where, what became of one record, try it again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from services.shared.contract.keys import SourceKey
from services.shared.contract.topics import ObjectType
from services.shared.ledger.engine import Transaction, statement
from services.shared.ledger.kinds import PARTS_OF
from services.shared.ledger.moments import read
from services.shared.ledger.sources import Status

if TYPE_CHECKING:
    from sqlalchemy import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many records of one kind of a store stand in one place, for one reason."""

    shop: str
    kind: str
    status: Status
    reason: str
    records: int
    oldest_change_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which records are meant; an empty text means any."""

    shop: str = ""
    kind: str = ""
    status: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where one source stands. ``label`` is what people call it, such as an order's name."""

    key: SourceKey
    parent_id: str | None
    target_id: str | None
    status: Status
    reason: str
    detail: str
    attempts: int
    label: str
    updated_at: datetime | None
    changed_at: datetime | None
    acknowledged_at: datetime | None
    waiting_since: datetime | None
    due_at: datetime | None
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkStanding:
    """An association of a source, wanted or made."""

    from_kind: str
    from_id: str
    to_kind: str
    to_id: str
    state: str
    linked_to: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetStanding:
    """A HubSpot record we write for a source, and whose values it has."""

    object_type: str
    id: str
    winner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """All that is known of one source."""

    standing: Standing
    parts: Sequence[Standing]
    links: Sequence[LinkStanding]
    targets: Sequence[TargetStanding]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What is left to do besides records: associations and compliance requests."""

    open_links: int
    pending_requests: int


_COLUMNS = """
  s.shop, s.kind, s.id, s.parent_id, s.target_id, s.status, s.reason, s.detail, s.attempts,
  s.label, s.updated_at, s.changed_at, s.acknowledged_at, s.waiting_since, s.due_at, s.deleted_at
"""
_CHOSEN = """
  (:shop = '' OR s.shop = :shop) AND (:kind = '' OR s.kind = :kind)
  AND (:status = '' OR s.status = :status) AND (:reason = '' OR s.reason = :reason)
"""
_COUNTS = statement(
    """SELECT shop, kind, status, reason, count(*) AS records, min(changed_at) AS oldest_change_at
    FROM sources GROUP BY shop, kind, status, reason ORDER BY shop, kind, status, reason"""
)
_LISTED = statement(
    f"""SELECT {_COLUMNS} FROM sources AS s WHERE {_CHOSEN}
    ORDER BY s.shop, s.kind, s.id LIMIT :most"""
)
_ONE = statement(
    f"SELECT {_COLUMNS} FROM sources AS s WHERE s.shop = :shop AND s.kind = :kind AND s.id = :id"
)
_LABELLED = statement(
    f"""SELECT {_COLUMNS} FROM sources AS s
    WHERE s.label IN (SELECT b.label FROM {{rows}} AS b) AND (:shop = '' OR s.shop = :shop)
    ORDER BY s.shop, s.kind, s.id""",
    label="text",
)
_PARTS = statement(
    f"""SELECT {_COLUMNS} FROM sources AS s
    WHERE s.shop = :shop AND s.kind IN (SELECT b.kind FROM {{rows}} AS b) AND s.parent_id = :id
    ORDER BY s.kind, s.id""",
    kind="text",
)
_LINKS = statement(
    """SELECT from_kind, from_id, to_kind, to_id, state, linked_to FROM links
    WHERE shop = :shop AND ((from_kind = :kind AND from_id = :id)
      OR (to_kind = :kind AND to_id = :id)) AND (state <> 'done' OR linked_to IS NOT NULL)
    ORDER BY from_kind, from_id, to_kind, to_id"""
)
_TARGETS = statement(
    """SELECT object_type, id, winner_shop, winner_kind, winner_id FROM targets
    WHERE (object_type, id) IN (SELECT b.object_type, b.id FROM {rows} AS b)
    ORDER BY object_type, id""",
    object_type="text",
    id="text",
)
_BACKLOG = statement(
    """SELECT (SELECT count(*) FROM links WHERE state <> 'done') AS open_links,
      (SELECT count(*) FROM requests WHERE state = 'pending') AS pending_requests"""
)
# What people archived in HubSpot is made anew: its old id leads nowhere.
_ARCHIVED = "status = 'excluded' AND reason = 'archived_in_hubspot'"
_FORGOTTEN = f"""
  target_id = CASE WHEN {_ARCHIVED} THEN NULL ELSE target_id END,
  status = 'waiting', reason = 'retried', detail = '', cause_id = NULL, attempts = 0,
  waiting_since = coalesce(waiting_since, {{now}})
"""
_RETRY_PARTS = statement(
    f"""UPDATE sources SET {_FORGOTTEN}
    WHERE (status = 'failing' OR {_ARCHIVED}) AND (shop, kind, parent_id) IN
      (SELECT b.shop, b.part_kind, b.id FROM {{rows}} AS b)""",
    shop="text",
    part_kind="text",
    id="text",
)
_RETRY = statement(
    f"""UPDATE sources SET {_FORGOTTEN}, wanted = wanted + 1, due_at = {{now}}
    WHERE status <> 'deleted' AND (shop, kind, id) IN
      (SELECT b.shop, b.kind, b.id FROM {{rows}} AS b)
    RETURNING shop, kind, id""",
    shop="text",
    kind="text",
    id="text",
)

_OBJECT_TYPES = ("contacts", "products", "orders", "line_items", "carts")


async def counts(tx: Transaction) -> list[Count]:
    """How many records stand where, by store, kind, status and reason."""
    return [
        Count(
            shop=row.shop,
            kind=row.kind,
            status=Status(row.status),
            reason=row.reason,
            records=row.records,
            oldest_change_at=read(row.oldest_change_at),
        )
        for row in await tx.run(_COUNTS)
    ]


async def backlog(tx: Transaction) -> Backlog:
    """What else is open."""
    row = (await tx.run(_BACKLOG))[0]
    return Backlog(open_links=row.open_links, pending_requests=row.pending_requests)


async def listed(tx: Transaction, chosen: Chosen, most: int) -> list[Standing]:
    """Up to ``most`` of the chosen records, in order of their keys."""
    return [_standing(row) for row in await tx.run(_LISTED, **_named(chosen), most=most)]


async def labelled(tx: Transaction, labels: Sequence[str], shop: str = "") -> list[Standing]:
    """The records that people call one of ``labels``, such as an order's name."""
    rows = [[each] for each in labels]
    return [_standing(row) for row in await tx.run_batch(_LABELLED, rows, shop=shop)]


async def story(tx: Transaction, key: SourceKey) -> Story | None:
    """All about one record; None if it was never seen."""
    named = {"shop": key.shop, "kind": key.kind, "id": key.id}
    found = await tx.run(_ONE, **named)
    if not found:
        return None
    standing = _standing(found[0])
    parts = await _parts(tx, key)
    ids = {each.target_id for each in (standing, *parts) if each.target_id}
    pairs = [[object_type, each] for object_type in _OBJECT_TYPES for each in ids]
    return Story(
        standing=standing,
        parts=parts,
        links=[LinkStanding(**row._mapping) for row in await tx.run(_LINKS, **named)],  # noqa: SLF001 - SQLAlchemy's public name
        targets=[_target(row) for row in await tx.run_batch(_TARGETS, pairs)],
    )


async def retry(tx: Transaction, keys: Iterable[SourceKey]) -> list[SourceKey]:
    """Make these due now, and forget that people archived them; those it could be done for.

    A part is tried again with the record it belongs to. What was deleted in Shopify stays so.
    """
    chosen = {await _whole(tx, key) for key in keys}
    parts = [
        [key.shop, part, key.id] for key in sorted(chosen) for part in PARTS_OF.get(key.kind, ())
    ]
    await tx.run_batch(_RETRY_PARTS, parts)
    rows = [[key.shop, key.kind, key.id] for key in sorted(chosen)]
    found = await tx.run_batch(_RETRY, rows)
    return sorted(SourceKey(row.shop, row.kind, row.id) for row in found)


async def _parts(tx: Transaction, key: SourceKey) -> list[Standing]:
    kinds = [[each] for each in PARTS_OF.get(key.kind, ())]
    found = await tx.run_batch(_PARTS, kinds, shop=key.shop, id=key.id)
    return [_standing(row) for row in found]


async def _whole(tx: Transaction, key: SourceKey) -> SourceKey:
    """The record that ``key`` is a part of, or itself."""
    if key.kind in {each.value for each in ObjectType}:
        return key
    found = await tx.run(_ONE, shop=key.shop, kind=key.kind, id=key.id)
    parent = found[0].parent_id if found else None
    if parent is None:
        return key
    for kind in (each for each, parts in PARTS_OF.items() if key.kind in parts):
        if await tx.run(_ONE, shop=key.shop, kind=kind, id=parent):
            return SourceKey(key.shop, kind, parent)
    return key


def _named(chosen: Chosen) -> dict[str, str]:
    return {
        "shop": chosen.shop,
        "kind": chosen.kind,
        "status": chosen.status,
        "reason": chosen.reason,
    }


def _standing(row: Row[Any]) -> Standing:
    return Standing(
        key=SourceKey(row.shop, row.kind, row.id),
        parent_id=row.parent_id,
        target_id=row.target_id,
        status=Status(row.status),
        reason=row.reason,
        detail=row.detail,
        attempts=row.attempts,
        label=row.label,
        updated_at=read(row.updated_at),
        changed_at=read(row.changed_at),
        acknowledged_at=read(row.acknowledged_at),
        waiting_since=read(row.waiting_since),
        due_at=read(row.due_at),
        deleted_at=read(row.deleted_at),
    )


def _target(row: Row[Any]) -> TargetStanding:
    winner = (row.winner_shop, row.winner_kind, row.winner_id)
    return TargetStanding(
        object_type=row.object_type, id=row.id, winner="/".join(each or "" for each in winner)
    )
