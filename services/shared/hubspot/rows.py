"""Rows of HubSpot's batch calls, and what became of each. Pure.

Every row carries a ``trace`` of its own (``objectWriteTraceId``): only then does batch create
report per-row errors, and only by it is every result matched for sure.
https://developers.hubspot.com/docs/api-reference/error-handling
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.shared.contract.errors import OutcomeUnknownError, SyncError
from services.shared.hubspot.refusals import Refusal, refusal_in

ROWS_PER_CALL = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class InlineAssociation:
    """A link made together with the record; it may only point at an existing one."""

    to_id: str
    type_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One input of a batch call.

    ``trace`` is unique within the call. ``id`` is HubSpot's record id, or the value of
    ``id_property`` where that is given; it is empty for a create. ``associations`` are for create.
    """

    trace: str
    id: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)
    id_property: str = ""
    associations: Sequence[InlineAssociation] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The row is in HubSpot, in the record ``id`` (after a merge by people: not the one asked)."""

    trace: str
    id: str
    is_new: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """HubSpot refuses this row. Nothing here quotes a value; ``detail`` has them masked.

    ``existing_id`` is the record that already holds the unique value, where HubSpot says so.
    """

    trace: str
    code: str = ""
    field: str = ""
    category: str = ""
    existing_id: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """No verdict. ``cause`` says why, by its class what to do, and when (``retry_after``).

    ``may_be_applied`` is false only when the row surely did not reach HubSpot's records.
    """

    trace: str
    cause: SyncError
    may_be_applied: bool = True


Result = Written | Refused | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmRecord:
    """One record as HubSpot gives it. ``associations`` holds ids by the other object's name."""

    id: str
    properties: Mapping[str, str | None]
    is_archived: bool = False
    associations: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a batch read brought, by the id asked for.

    ``found`` may hold a record whose own id differs (merged). ``missing`` HubSpot says it has not;
    ``unanswered`` got neither record nor error, and proves nothing.
    """

    found: Mapping[str, CrmRecord]
    missing: frozenset[str] = frozenset()
    unanswered: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a list; ``after`` is the next page's cursor, empty at the end."""

    records: Sequence[CrmRecord]
    after: str = ""


def input_of(row: Row) -> dict[str, Any]:
    """``row`` as it stands in the call's ``inputs``.

    Of a create (no ``id``) HubSpot's schema requires ``associations``, be there none.
    """
    written: dict[str, Any] = {"objectWriteTraceId": row.trace, "properties": dict(row.properties)}
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


def verdict_of(trace: str, refusal: Refusal) -> Refused | Unknown:
    """What an error entry for one row means: HubSpot's own trouble is no verdict on the row."""
    if refusal.category in _OUTAGES:
        return Unknown(
            trace=trace, cause=OutcomeUnknownError("row_failed", detail=refusal.category)
        )
    return refused(trace, refusal)


def results_in(rows: Sequence[Row], answer: Mapping[str, Any]) -> dict[str, Result]:
    """What became of each of ``rows``, by trace: exactly one result for every row. Total.

    Results and errors are matched by trace, else by id; what bears another row's trace is never
    ours. A row that neither names is Unknown, unless a single one is left and a single answer with
    it that names nobody.
    """
    open_rows = {row.trace: row for row in rows}
    verdicts: dict[str, Result] = {}
    for entry in _mappings(answer.get("errors")):
        refusal = refusal_in(entry)
        for trace in _named(refusal, open_rows):
            verdicts[trace] = verdict_of(trace, refusal)
            del open_rows[trace]
    left_over = [
        entry
        for entry in _mappings(answer.get("results"))
        if not _settle(entry, open_rows, verdicts) and not _text(entry.get("objectWriteTraceId"))
    ]
    verdicts.update(_last_one(open_rows, left_over, answer))
    unanswered = {t: Unknown(trace=t, cause=_UNANSWERED) for t in open_rows if t not in verdicts}
    return verdicts | unanswered


def record_in(entry: Mapping[str, Any]) -> CrmRecord:
    """One record of a read or a list. What is not there is empty. Total."""
    properties = entry.get("properties")
    return CrmRecord(
        id=_text(entry.get("id")),
        properties={
            name: None if value is None else _spoken(value)
            for name, value in (properties.items() if isinstance(properties, dict) else ())
        },
        is_archived=entry.get("archived") is True,
        associations=_associations_in(entry.get("associations")),
    )


def reading_in(ids: Iterable[str], id_property: str, answer: Mapping[str, Any]) -> Reading:
    """The records asked for by ``ids``. Total.

    A record counts for the id asked if it is its own id, its unique value, or, after a merge, one
    of ``hs_merged_object_ids`` where that property was asked for.
    """
    open_ids = set(ids)
    found: dict[str, CrmRecord] = {}
    for record in map(record_in, _mappings(answer.get("results"))):
        for name in _names_of(record, id_property) & open_ids:
            found[name] = record
    open_ids -= found.keys()
    refusals = [refusal_in(entry) for entry in _mappings(answer.get("errors"))]
    gone = {
        each for refusal in refusals if refusal.category == NOT_FOUND for each in refusal.ids
    } & open_ids
    return Reading(found=found, missing=frozenset(gone), unanswered=frozenset(open_ids - gone))


def page_in(answer: Mapping[str, Any]) -> Page:
    """One page of a list.

    Raises:
        OutcomeUnknownError: the answer has no list; it must not pass for the end of one.
    """
    if not isinstance(answer.get("results"), list):
        raise OutcomeUnknownError("garbled_answer")
    paging = answer.get("paging")
    following = paging.get("next") if isinstance(paging, dict) else None
    after = following.get("after") if isinstance(following, dict) else None
    records = [record_in(entry) for entry in _mappings(answer.get("results"))]
    return Page(records=records, after=_text(after))


NOT_FOUND = "OBJECT_NOT_FOUND"
_OUTAGES = frozenset({"INTERNAL_ERROR", "RATE_LIMITS", "LOCKED"})
_UNANSWERED = OutcomeUnknownError("row_unanswered")


def _inline(association: InlineAssociation) -> dict[str, Any]:
    kind = {
        "associationCategory": "HUBSPOT_DEFINED",
        "associationTypeId": association.type_id,
    }
    return {"to": {"id": association.to_id}, "types": [kind]}


def _named(refusal: Refusal, open_rows: Mapping[str, Row]) -> list[str]:
    if refusal.traces:
        return [trace for trace in open_rows if trace in refusal.traces]
    return [trace for trace, row in open_rows.items() if row.id and row.id in refusal.ids]


def _settle(
    entry: Mapping[str, Any], open_rows: dict[str, Row], verdicts: dict[str, Result]
) -> bool:
    trace = _text(entry.get("objectWriteTraceId"))
    if not trace:
        trace = next((t for t, row in open_rows.items() if _is_for(entry, row)), "")
    written_id = _text(entry.get("id"))
    if trace not in open_rows or not written_id:
        return False
    verdicts[trace] = Written(trace=trace, id=written_id, is_new=entry.get("new") is True)
    del open_rows[trace]
    return True


def _is_for(entry: Mapping[str, Any], row: Row) -> bool:
    if not row.id:
        return False
    properties = entry.get("properties")
    if row.id_property:
        return isinstance(properties, dict) and properties.get(row.id_property) == row.id
    return _text(entry.get("id")) == row.id


def _last_one(
    open_rows: Mapping[str, Row],
    left_over: Sequence[Mapping[str, Any]],
    answer: Mapping[str, Any],
) -> dict[str, Result]:
    nameless = [
        refusal
        for refusal in map(refusal_in, _mappings(answer.get("errors")))
        if not refusal.traces and not refusal.ids
    ]
    if len(open_rows) != 1 or len(left_over) + len(nameless) != 1:
        return {}
    (trace,) = open_rows
    if nameless:
        return {trace: verdict_of(trace, nameless[0])}
    written_id = _text(left_over[0].get("id"))
    if not written_id:
        return {}
    is_new = left_over[0].get("new") is True
    return {trace: Written(trace=trace, id=written_id, is_new=is_new)}


def _names_of(record: CrmRecord, id_property: str) -> set[str]:
    if id_property:
        value = record.properties.get(id_property)
        return {value} if value else set()
    merged = record.properties.get("hs_merged_object_ids") or ""
    return {record.id, *merged.split(";")}


def _associations_in(value: Any) -> dict[str, Sequence[str]]:
    if not isinstance(value, dict):
        return {}
    return {
        name: tuple(dict.fromkeys(_text(each.get("id")) for each in _mappings(held.get("results"))))
        for name, held in value.items()
        if isinstance(held, dict)
    }


def _spoken(value: Any) -> str:
    """A value as HubSpot says it, which is always text: a flag is ``true`` or ``false``."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
