"""What a story looks at: HubSpot as people see it, and where the ledger says records stand."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.hubspot.account import Account
from services.shared.ledger.engine import Ledger, statement

_STANDINGS = statement(
    "SELECT shop, kind, id, status, reason, detail FROM sources ORDER BY shop, kind, id"
)
_STANDING = statement("SELECT * FROM sources WHERE kind = :kind AND id = :id")


@dataclass(slots=True, kw_only=True)
class Shown:
    """An account and a ledger, to be looked at."""

    hubspot: Account
    ledger: Ledger = field(init=False)

    def shown(self, object_type: str) -> list[dict[str, str]]:
        """The properties of HubSpot's live records of a type, in order of creation."""
        return [
            dict(record.properties)
            for record in self.hubspot.records[object_type].by_id.values()
            if not record.archived
        ]

    def only(self, object_type: str) -> dict[str, str]:
        """The properties of the one live record of a type."""
        (record,) = self.shown(object_type)
        return record

    def linked(self, from_type: str, from_id: str, to_type: str) -> set[str]:
        """The ids of the live records a record is associated with."""
        return {
            each
            for each in self.hubspot.associations.of(from_type, from_id, to_type)
            if not self.hubspot.records[to_type].by_id[each].archived
        }

    def buyers(self) -> list[str]:
        """The email of each contact that the one order is linked to."""
        order = self.only("orders")["hs_object_id"]
        by_id = {each["hs_object_id"]: each["email"] for each in self.shown("contacts")}
        return [by_id[each] for each in self.hubspot.associations.of("orders", order, "contacts")]

    async def standings(self) -> dict[str, tuple[str, str]]:
        """Status and reason of everything the ledger knows, by ``kind/id``."""
        async with self.ledger.transaction() as tx:
            rows = await tx.run(_STANDINGS)
        return {f"{row.kind}/{row.id}": (row.status, row.reason) for row in rows}

    async def standing(self, kind: str, record: Mapping[str, Any]) -> tuple[str, str]:
        """Status and reason of one Shopify record."""
        return (await self.standings())[f"{kind}/{record['id']}"]

    async def row(self, kind: str, record: Mapping[str, Any]) -> Mapping[str, Any]:
        """The ledger's whole row of one Shopify record."""
        async with self.ledger.transaction() as tx:
            (row,) = await tx.run(_STANDING, kind=kind, id=str(record["id"]))
        return dict(row._asdict())

    async def not_in_sync(self) -> dict[str, tuple[str, str]]:
        """Everything that is neither in sync nor deleted."""
        found = await self.standings()
        return {key: each for key, each in found.items() if each[0] not in ("in_sync", "deleted")}
