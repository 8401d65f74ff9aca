"""Which stores' first syncs were agreed to, and how far back they go; kept in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time

from services.shared.ledger import measures, notes
from services.shared.ledger.engine import Ledger

_EVERYTHING = "everything"


async def unconfirmed(ledger: Ledger, shops: Sequence[str]) -> list[str]:
    """Those of ``shops`` whose first sync nobody has agreed to, and that never had one."""
    async with ledger.transaction() as tx:
        scanned = {each.shop for each in await measures.last_scans(tx)}
        return [
            shop for shop in shops if shop not in scanned and not await notes.get(tx, _note(shop))
        ]


async def record_agreement(ledger: Ledger, shops: Sequence[str], since: date | None) -> None:
    """Remember that the first sync of ``shops``, from ``since`` on, was agreed to."""
    async with ledger.transaction() as tx:
        for shop in shops:
            await notes.put(tx, _note(shop), since.isoformat() if since else _EVERYTHING)
            await notes.audit(tx, "first_sync_confirmed", shop)


async def agreed_since(ledger: Ledger, shops: Sequence[str]) -> date | None:
    """How far back the agreements go; None is everything. A restart need not repeat it."""
    async with ledger.transaction() as tx:
        kept = [await notes.get(tx, _note(shop)) for shop in shops]
    days = [each for each in kept if each and each != _EVERYTHING]
    if not days or _EVERYTHING in kept:
        return None
    return min(map(date.fromisoformat, days))


def floor_of(since: date | None) -> datetime | None:
    """The moment a day begins, in UTC."""
    return datetime.combine(since, time(), tzinfo=UTC) if since else None


def _note(shop: str) -> str:
    return f"first_sync:{shop}"
