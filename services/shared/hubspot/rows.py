"""Rows of HubSpot's batch calls, and what may become of each, as values.

Every row carries a ``trace`` of its own (``objectWriteTraceId``): only then does batch create
report per-row errors, and only by it is every result matched for sure.
https://developers.hubspot.com/docs/api-reference/error-handling
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from services.shared.contract.errors import SyncError
from services.shared.hubspot.refusals import Refusal

ROWS_PER_CALL = 100
NOT_FOUND = "OBJECT_NOT_FOUND"


class InlineAssociation(msgspec.Struct, frozen=True, kw_only=True):
    """A link made together with the record; it may only point at an existing one."""

    to_id: str
    type_id: int


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One input of a batch call.

    ``trace`` is unique within the call. ``id`` is HubSpot's record id, or the value of
    ``id_property`` where that is given; it is empty for a create. ``associations`` are for create.
    """

    trace: str
    id: str = ""
    properties: Mapping[str, str] = msgspec.field(default_factory=dict)
    id_property: str = ""
    associations: Sequence[InlineAssociation] = ()


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """The row is in HubSpot, in the record ``id`` (after a merge by people: not the one asked).

    ``may_come_again``: an earlier call with it got no answer, and may be carried out yet, over
    whatever is written meanwhile.
    """

    trace: str
    id: str
    is_new: bool = False
    may_come_again: bool = False


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """HubSpot refuses this row. Nothing here quotes a value; ``detail`` has them masked.

    ``existing_id`` is the record that already holds the unique value, where HubSpot says so.
    """

    trace: str
    code: str = ""
    field: str = ""
    category: str = ""
    existing_id: str = ""
    detail: str = ""


class Unknown(msgspec.Struct, frozen=True, kw_only=True):
    """No verdict. ``cause`` says why, by its class what to do, and when (``retry_after``).

    ``may_be_applied`` is false only when the row surely did not reach HubSpot's records.
    """

    trace: str
    cause: SyncError
    may_be_applied: bool = True


Result = Written | Refused | Unknown


class CrmRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One record as HubSpot gives it."""

    id: str
    properties: Mapping[str, str | None]
    is_archived: bool = False


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What a batch read brought, by the id asked for.

    ``found`` may hold a record whose own id differs (merged). ``missing`` HubSpot says it has not;
    ``unanswered`` got neither record nor error, and proves nothing.
    """

    found: Mapping[str, CrmRecord]
    missing: frozenset[str] = frozenset()
    unanswered: frozenset[str] = frozenset()


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a list; ``after`` is the next page's cursor, empty at the end."""

    records: Sequence[CrmRecord]
    after: str = ""


def input_of(row: Row) -> dict[str, Any]:
    """``row`` as it stands in the call's ``inputs``.

    Of a create (no ``id``) HubSpot's schema requires ``associations``, be there none.
    """
    written: dict[str, Any] = {"objectWriteTraceId": row.trace, "properties": row.properties}
    if row.id:
        written["id"] = row.id
    else:
        written["associations"] = [_inline(each) for each in row.associations]
    if row.id_property:
        written["idProperty"] = row.id_property
    return written


def refused(trace: str, refusal: Refusal) -> Refused:
    """``refusal`` as the verdict on one row."""
    return Refused(
        trace=trace,
        code=refusal.code,
        field=refusal.field,
        category=refusal.category,
        existing_id=refusal.existing_id,
        detail=refusal.detail,
    )


def _inline(association: InlineAssociation) -> dict[str, Any]:
    kind = {
        "associationCategory": "HUBSPOT_DEFINED",
        "associationTypeId": association.type_id,
    }
    return {"to": {"id": association.to_id}, "types": [kind]}
