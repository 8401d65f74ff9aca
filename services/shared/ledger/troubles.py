"""What keeps stores from being scanned, and since when.

A cause (``causes``) is what records wait for. This is said of a store, or of one object type of
it, also when no record waits.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import msgspec

from services.shared.ledger import stores
from services.shared.ledger.engine import Transaction, statement
from services.shared.ledger.moments import read
from services.shared.ledger.stores import StoreState

EVERY_KIND = ""
"""The object type of a trouble that all of a store has."""

_PREFIX = "trouble:"
# Its moment is that of the last change: the same trouble met again is as old as before.
_NOTE = statement(
    """
    INSERT INTO settings (name, value, changed_at) VALUES (:name, :value, {now})
    ON CONFLICT (name) DO UPDATE SET value = excluded.value,
      revision = settings.revision + 1, changed_at = {now}
    WHERE settings.value <> excluded.value
    """
)
_CLEAR = statement("DELETE FROM settings WHERE name = :name")
_STANDING = statement(
    """SELECT name, value, changed_at, {now} - changed_at AS age FROM settings
    WHERE name LIKE :pattern ORDER BY name"""
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTrouble:
    """Why a store, or one object type of it, cannot be scanned.

    ``is_ours``: only a person ends it, such as a refused token. Else it may be over by itself.
    """

    shop: str
    kind: str = EVERY_KIND
    reason: str
    detail: str = ""
    is_ours: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble(NewTrouble):
    """A trouble that stands, since when, and for how long."""

    since: datetime
    age_seconds: float


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    reason: str
    detail: str
    is_ours: bool


async def note(tx: Transaction, new: NewTrouble) -> None:
    """Keep ``new`` in place of what stood there; the same one is as old as it was."""
    kept = _Kept(reason=new.reason, detail=new.detail, is_ours=new.is_ours)
    value = msgspec.json.encode(kept).decode()
    await tx.run(_NOTE, name=_name(new.shop, new.kind), value=value)


async def clear(tx: Transaction, shop: str, kinds: Iterable[str]) -> None:
    """``shop`` got on with ``kinds``, of which one may be ``EVERY_KIND``."""
    for kind in kinds:
        await tx.run(_CLEAR, name=_name(shop, kind))


async def standing(tx: Transaction) -> list[Trouble]:
    """What stands in the way of the stores that are switched on, by their names."""
    found = await tx.run(_STANDING, pattern=f"{_PREFIX}%")
    states = await stores.states(tx) if found else {}
    return [
        _trouble(row.name, row.value, read(row.changed_at), max(row.age, 0) / 1000)
        for row in found
        if states.get(_place(row.name)[0]) is StoreState.ACTIVE
    ]


def _trouble(name: str, value: str, since: datetime, age_seconds: float) -> Trouble:
    shop, kind = _place(name)
    kept = msgspec.json.decode(value, type=_Kept)
    return Trouble(
        shop=shop,
        kind=kind,
        reason=kept.reason,
        detail=kept.detail,
        is_ours=kept.is_ours,
        since=since,
        age_seconds=age_seconds,
    )


def _name(shop: str, kind: str) -> str:
    return f"{_PREFIX}{shop}/{kind}"


def _place(name: str) -> tuple[str, str]:
    shop, _, kind = name.removeprefix(_PREFIX).partition("/")
    return shop, kind
