"""Why many records wait for one thing: a frozen store, a revoked token, a missing scope."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from services.shared.ledger.engine import Transaction, statement
from services.shared.ledger.moments import read

if TYPE_CHECKING:
    from sqlalchemy import Row

EVERY_STORE = "*"
"""The shop of a cause that is about the HubSpot account, whichever store it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCause:
    """What stands in the way. No ``object_type``: all of the store; ``EVERY_STORE``: all."""

    shop: str
    object_type: str
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause(NewCause):
    """A cause that is open."""

    id: int
    since: datetime


_COLUMNS = "id, shop, object_type, reason, detail, since"
_OPEN = statement(f"SELECT {_COLUMNS} FROM causes WHERE lifted_at IS NULL ORDER BY id")
_FIND = statement(
    """SELECT id FROM causes WHERE lifted_at IS NULL AND shop = :shop
    AND object_type = :object_type AND reason = :reason"""
)
_ADD = statement(
    """INSERT INTO causes (shop, object_type, reason, detail, since, probe_at)
    VALUES (:shop, :object_type, :reason, :detail, {now}, {now} + :probe_in) RETURNING id"""
)
_PROBE = statement(
    f"""UPDATE causes SET probes = probes + 1, probe_at = {{now}} + :again_in
    WHERE lifted_at IS NULL AND probe_at <= {{now}} RETURNING {_COLUMNS}"""
)
_LIFT = statement("UPDATE causes SET lifted_at = {now} WHERE id = :id AND lifted_at IS NULL")
_FREE = statement(
    "UPDATE sources SET cause_id = NULL, due_at = {now} WHERE status = 'waiting' AND cause_id = :id"
)


async def open_causes(tx: Transaction) -> list[Cause]:
    """All causes not lifted, oldest first."""
    return [_cause(row) for row in await tx.run(_OPEN)]


async def raise_cause(tx: Transaction, new: NewCause, probe_in_ms: int) -> int:
    """The id of this cause, open from now on if it was not."""
    named = {"shop": new.shop, "object_type": new.object_type, "reason": new.reason}
    found = await tx.run(_FIND, **named)
    if found:
        return int(found[0].id)
    added = await tx.run(_ADD, **named, detail=new.detail, probe_in=probe_in_ms)
    return int(added[0].id)


async def to_probe(tx: Transaction, again_in_ms: int) -> list[Cause]:
    """The causes whose probe is due; each is given to one caller, and again later."""
    return [_cause(row) for row in await tx.run(_PROBE, again_in=again_in_ms)]


async def lift(tx: Transaction, cause_id: int) -> None:
    """The cause is gone: everything that waited for it is due now."""
    await tx.run(_LIFT, id=cause_id)
    await tx.run(_FREE, id=cause_id)


def _cause(row: Row[Any]) -> Cause:
    return Cause(
        id=row.id,
        shop=row.shop,
        object_type=row.object_type,
        reason=row.reason,
        detail=row.detail,
        since=read(row.since),
    )
