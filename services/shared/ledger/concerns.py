"""Which records a compliance request concerns, and which contacts they are in HubSpot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.shared.contract.keys import SourceKey
from services.shared.ledger import identities
from services.shared.ledger.engine import Transaction, statement
from services.shared.ledger.identities import EMAIL
from services.shared.ledger.sources import Status
from services.shared.ledger.stores import ACCOUNT
from services.shared.shopify.compliance import Asked

if TYPE_CHECKING:
    from sqlalchemy import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Concerned:
    """A record that a request concerns; one that was never seen has no status."""

    key: SourceKey
    label: str = ""
    status: Status | None = None
    target_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """The ids of the HubSpot contacts that a request is about, and the records of Shopify's."""

    contacts: Sequence[str]
    records: Sequence[Concerned]


_SEEN = "s.shop, s.kind, s.id, s.label, s.status, s.target_id"
_NAMED = statement(
    f"""SELECT {_SEEN} FROM {{rows}} AS b
    JOIN sources AS s ON s.shop = b.shop AND s.kind = b.kind AND s.id = b.id""",
    shop="text",
    kind="text",
    id="text",
)
_OF_CONTACTS = statement(
    f"""SELECT {_SEEN} FROM {{rows}} AS b JOIN sources AS s ON s.target_id = b.target_id
    WHERE s.kind IN ('customers', 'guests')""",
    target_id="text",
)
_LINKED = statement(
    f"""SELECT {_SEEN} FROM {{rows}} AS b
    JOIN links AS l ON l.shop = b.shop AND l.to_kind = b.kind AND l.to_id = b.id
      AND l.state <> 'unwanted'
    JOIN sources AS s ON s.shop = l.shop AND s.kind = l.from_kind AND s.id = l.from_id""",
    shop="text",
    kind="text",
    id="text",
)


async def concern_of(tx: Transaction, shop: str, asked: Asked) -> Concern:
    """What a request of ``shop`` is about, its records in order of their keys.

    The customer; whoever else is the same contact in HubSpot, of whatever store; the orders it
    names; and what else of the store is linked with those people.
    """
    customer = [SourceKey(shop, "customers", asked.customer_id)] if asked.customer_id else []
    named = [*customer, *(SourceKey(shop, "orders", each) for each in asked.order_ids)]
    found = {key: Concerned(key=key) for key in named}
    found |= _seen(await tx.run_batch(_NAMED, _rows(named)))
    by_email = await identities.look(tx, ACCOUNT, [(EMAIL, asked.email.strip().lower())])
    contacts = {found[key].target_id for key in customer}
    contacts |= {each.target_id for each in by_email.values()}
    ids = sorted(each for each in contacts if each)
    people = _seen(await tx.run_batch(_OF_CONTACTS, [[each] for each in ids]))
    theirs = [key for key in {*customer, *people} if key.shop == shop]
    found |= people | _seen(await tx.run_batch(_LINKED, _rows(theirs)))
    return Concern(contacts=ids, records=[found[key] for key in sorted(found)])


def _rows(keys: Iterable[SourceKey]) -> list[list[str]]:
    return [[key.shop, key.kind, key.id] for key in keys]


def _seen(rows: Iterable[Row[Any]]) -> dict[SourceKey, Concerned]:
    found = [
        Concerned(
            key=SourceKey(row.shop, row.kind, row.id),
            label=row.label,
            status=Status(row.status),
            target_id=row.target_id,
        )
        for row in rows
    ]
    return {each.key: each for each in found}
