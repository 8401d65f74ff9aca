"""Scans: what was read of a store, from when to when, and whether to the end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.shared.ledger.engine import Transaction, statement
from services.shared.ledger.moments import read, written


class WindowState(StrEnum):
    """How a scan ended, or that it has not."""

    RUNNING = "running"
    COMPLETE = "complete"
    BROKEN = "broken"
    VOID = "void"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWindow:
    """A scan that begins: everything changed after ``since``, or everything there is."""

    shop: str
    kind: str
    mode: str
    since: datetime | None
    started_at: datetime
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The last complete scan of one object type of one store; its times are Shopify's."""

    id: int
    since: datetime | None
    started_at: datetime


_LAST = statement(
    """SELECT id, since, started_at FROM windows
    WHERE shop = :shop AND kind = :kind AND state = 'complete'
    ORDER BY started_at DESC LIMIT 1"""
)
_BEGIN = statement(
    """INSERT INTO windows (shop, kind, mode, since, started_at, state, owner)
    VALUES (:shop, :kind, :mode, :since, :started_at, 'running', :owner) RETURNING id"""
)
_END = statement(
    """UPDATE windows SET state = :state, ended_at = {now}, read = :read, appended = :appended
    WHERE id = :id AND state = 'running' RETURNING id"""
)
# Whoever begins a scan may: a running one of the same is of a process that is gone, or fenced out.
_BREAK_BEFORE = statement(
    """UPDATE windows SET state = 'broken', ended_at = {now}
    WHERE state = 'running' AND shop = :shop AND kind = :kind"""
)
_RECENT = statement(
    """SELECT count(DISTINCT kind) AS kinds FROM windows WHERE shop = :shop AND owner <> :owner
    AND state = 'complete' AND ended_at > {now} - :within AND ended_at <= {now}"""
)
_BEGUN = statement("SELECT DISTINCT shop FROM windows")
_VOID = statement(
    """UPDATE windows SET state = CASE state WHEN 'complete' THEN 'void' ELSE 'broken' END
    WHERE kind = :kind AND state IN ('complete', 'running')"""
)


async def last_complete(tx: Transaction, shop: str, kind: str) -> Window | None:
    """The latest scan that was read to its end, if there is one."""
    found = await tx.run(_LAST, shop=shop, kind=kind)
    if not found:
        return None
    row = found[0]
    return Window(id=row.id, since=read(row.since), started_at=read(row.started_at))


async def begin(tx: Transaction, new: NewWindow) -> int:
    """A new running scan's id; one of the same that is still running is broken."""
    await tx.run(_BREAK_BEFORE, shop=new.shop, kind=new.kind)
    added = await tx.run(
        _BEGIN,
        shop=new.shop,
        kind=new.kind,
        mode=new.mode,
        since=written(new.since),
        started_at=written(new.started_at),
        owner=new.owner,
    )
    return int(added[0].id)


async def end(
    tx: Transaction, window: int, state: WindowState, *, read_: int, appended: int
) -> bool:
    """Close a running scan; whether it was still ours to close."""
    closed = await tx.run(_END, id=window, state=state.value, read=read_, appended=appended)
    return bool(closed)


async def scanned_by_others(tx: Transaction, shop: str, owner: str, within_ms: int) -> int:
    """How many object types of a store others have scanned to their end just now."""
    return int((await tx.run(_RECENT, shop=shop, owner=owner, within=within_ms))[0].kinds)


async def begun(tx: Transaction) -> frozenset[str]:
    """The stores of which a scan ever began."""
    return frozenset(row.shop for row in await tx.run(_BEGUN))


async def void(tx: Transaction, kind: str) -> None:
    """Nothing scanned of this kind counts any more: the log lost what scans had appended."""
    await tx.run(_VOID, kind=kind)
