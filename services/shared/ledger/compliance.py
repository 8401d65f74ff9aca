"""Compliance requests: kept sealed until people have carried them out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from services.shared.ledger.engine import Transaction, statement
from services.shared.ledger.moments import read
from services.shared.ledger.notes import audit
from services.shared.ledger.vault import Vault
from services.shared.shopify.compliance import DAYS_GIVEN

if TYPE_CHECKING:
    from sqlalchemy import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplianceRequest:
    """What Shopify asks us to disclose or erase, as it was delivered."""

    shop: str
    shopify_topic: str
    delivery_id: str
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingRequest:
    """A compliance request as it stands, without its body.

    ``days_left`` are whole days, fewer than 0 once it is overdue; None when it is done.
    """

    id: int
    shop: str
    shopify_topic: str
    received_at: datetime
    days_left: int | None
    done_at: datetime | None


_KEEP = statement(
    """
    INSERT INTO requests (shop, shopify_topic, delivery_id, body, received_at)
    VALUES (:shop, :shopify_topic, :delivery_id, :body, {now})
    ON CONFLICT (delivery_id) DO NOTHING
    """
)
_COLUMNS = "id, shop, shopify_topic, received_at, {now} AS moment"
# Whoever looks while the processes are still an older version's may have no other column.
_PENDING = statement(
    f"SELECT {_COLUMNS}, NULL AS done_at FROM requests WHERE state = 'pending' ORDER BY id"
)
_ALL = statement(f"SELECT {_COLUMNS}, done_at FROM requests ORDER BY id")
_ONE = statement(f"SELECT {_COLUMNS}, done_at, body FROM requests WHERE id = :id")
_FINISH = statement(
    """UPDATE requests SET state = 'done', done_at = {now} WHERE id = :id AND state = 'pending'
    RETURNING id"""
)


async def keep(tx: Transaction, vault: Vault, new: ComplianceRequest) -> None:
    """Keep a request as pending, its body sealed; the same delivery is kept once."""
    await tx.run(
        _KEEP,
        shop=new.shop,
        shopify_topic=new.shopify_topic,
        delivery_id=new.delivery_id,
        body=vault.seal(new.body.decode("utf-8", "replace")),
    )


async def standing(tx: Transaction, *, done_too: bool = False) -> list[StandingRequest]:
    """The requests that are pending, or all there are; the oldest first."""
    return [_standing(row) for row in await tx.run(_ALL if done_too else _PENDING)]


async def opened(
    tx: Transaction, vault: Vault, request_id: int
) -> tuple[StandingRequest, str] | None:
    """A request and its body, empty once that is forgotten; None if there is no such request.

    Raises:
        OursToFixError: it was sealed with a key that ``vault`` does not have.
    """
    found = await tx.run(_ONE, id=request_id)
    if not found:
        return None
    return _standing(found[0]), vault.open(found[0].body)


async def finish(tx: Transaction, request_id: int) -> tuple[StandingRequest, bool] | None:
    """Mark a request as carried out, and whether it was not before; None if there is none."""
    is_new = bool(await tx.run(_FINISH, id=request_id))
    found = await tx.run(_ONE, id=request_id)
    if not found:
        return None
    request = _standing(found[0])
    if is_new:
        await audit(tx, "request_done", request.shop, f"{request.shopify_topic} {request.id}")
    return request, is_new


def _standing(row: Row[Any]) -> StandingRequest:
    received, done = read(row.received_at), read(row.done_at)
    left = received + timedelta(days=DAYS_GIVEN) - read(row.moment)
    return StandingRequest(
        id=row.id,
        shop=row.shop,
        shopify_topic=row.shopify_topic,
        received_at=received,
        days_left=left // timedelta(days=1) if done is None else None,
        done_at=done,
    )
