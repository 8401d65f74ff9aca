"""By what a record is found: emails and native keys lead to targets, tokens to sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from services.shared.contract.keys import SourceKey
from services.shared.ledger.engine import Transaction, statement

if TYPE_CHECKING:
    from sqlalchemy import Row

EMAIL = "email"
EMAIL_WANTED = "email_wanted"
"""Leads from a source that cannot have an email to the target that holds it."""
CHECKOUT_TOKEN = "checkout_token"  # noqa: S105 - Shopify's name of a checkout's id in addresses
ORDER_OF_CHECKOUT = "order_of_checkout"
SKU = "sku"
"""Leads to the one HubSpot product that has it; to none where several do, or it is taken."""


def native(object_type: str) -> str:
    """The kind under which records of ``object_type`` are found by Shopify's own id."""
    return f"native:{object_type}"


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """``value`` of ``kind`` leads to a target, to a source, or to both."""

    kind: str
    value: str
    target_id: str | None = None
    source: SourceKey | None = None


_LOOK = statement(
    """SELECT i.kind, i.value, i.target_id, i.shop, i.source_kind, i.source_id FROM {rows} AS b
    JOIN identities AS i ON i.account_id = :account AND i.kind = b.kind AND i.value = b.value""",
    kind="text",
    value="text",
)
_RECORD = statement(
    """
    INSERT INTO identities (account_id, kind, value, target_id, shop, source_kind, source_id)
    SELECT :account, b.kind, b.value, b.target_id, b.shop, b.source_kind, b.source_id
    FROM {rows} AS b WHERE true
    ON CONFLICT (account_id, kind, value) DO UPDATE SET target_id = excluded.target_id,
      shop = excluded.shop, source_kind = excluded.source_kind, source_id = excluded.source_id
    """,
    keyed=2,
    kind="text",
    value="text",
    target_id="text",
    shop="text",
    source_kind="text",
    source_id="text",
)
_FORGET = statement(
    """DELETE FROM identities WHERE account_id = :account AND (kind, target_id) IN
    (SELECT b.kind, b.target_id FROM {rows} AS b) AND (kind, value) NOT IN
    (SELECT b.kind, b.value FROM {rows} AS b)""",
    kind="text",
    target_id="text",
    value="text",
)
_LEADING_TO = statement(
    """SELECT i.target_id, i.value FROM {rows} AS b
    JOIN identities AS i ON i.account_id = :account AND i.kind = b.kind
      AND i.target_id = b.target_id ORDER BY i.value""",
    kind="text",
    target_id="text",
)
_RETARGET = statement(
    """UPDATE identities SET target_id = b.new_id FROM {rows} AS b
    WHERE identities.account_id = :account AND identities.kind = b.kind
      AND identities.target_id = b.old_id""",
    keyed=2,
    kind="text",
    old_id="text",
    new_id="text",
)


async def look(
    tx: Transaction, account: int, wanted: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], Identity]:
    """What ``(kind, value)`` pairs lead to; unknown ones are absent."""
    found = await tx.run_batch(_LOOK, [list(each) for each in set(wanted)], account=account)
    return {(row.kind, row.value): _identity(row) for row in found}


async def leading_to(
    tx: Transaction, account: int, kind: str, targets: Iterable[str]
) -> dict[str, list[str]]:
    """The values of ``kind`` that lead to each target; absent where none does."""
    rows = [[kind, each] for each in set(targets)]
    found: dict[str, list[str]] = {}
    for row in await tx.run_batch(_LEADING_TO, rows, account=account):
        found.setdefault(row.target_id, []).append(row.value)
    return found


async def retarget(tx: Transaction, account: int, kind: str, moved: Mapping[str, str]) -> None:
    """Follow records that became others in HubSpot, old id to new."""
    rows = [[kind, old, new] for old, new in moved.items()]
    await tx.run_batch(_RETARGET, rows, account=account)


async def record(tx: Transaction, account: int, identities: Sequence[Identity]) -> None:
    """Remember what leads where; the latest word on a value stands."""
    await tx.run_batch(_RECORD, [_written(each) for each in identities], account=account)


async def forget_others(tx: Transaction, account: int, kept: Sequence[Identity]) -> None:
    """Of each target named in ``kept``, forget the other values of that kind."""
    rows = [[each.kind, each.target_id, each.value] for each in kept if each.target_id]
    await tx.run_batch(_FORGET, rows, account=account)


def _identity(row: Row[Any]) -> Identity:
    source = SourceKey(row.shop, row.source_kind, row.source_id) if row.shop else None
    return Identity(kind=row.kind, value=row.value, target_id=row.target_id, source=source)


def _written(each: Identity) -> list[Any]:
    source = each.source
    return [
        each.kind,
        each.value,
        each.target_id,
        source.shop if source else None,
        source.kind if source else None,
        source.id if source else None,
    ]
