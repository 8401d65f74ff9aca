"""Which parts of a record are written."""

from __future__ import annotations

from collections.abc import Sequence

from services.shared.contract.records import Record
from services.shared.shopify.catalogue.kinds import CATALOGUE


def parts_to_write(record: Record) -> Sequence[Record]:
    """A record's line items or variants that HubSpot should have.

    An order keeps lines that were removed or returned, with nothing left of them: HubSpot doesn't.
    """
    described = CATALOGUE[record.kind].parts
    parts = record.parts.get(described.name, ()) if described else ()
    return [each for each in parts if each.fields.get("current_quantity") != 0]
