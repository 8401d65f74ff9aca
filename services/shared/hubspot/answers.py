"""What HubSpot's answers say: of each row of a batch call, and of records read or listed. Pure.

https://developers.hubspot.com/docs/api-reference/error-handling
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from services.shared.contract.errors import OutcomeUnknownError
from services.shared.hubspot.refusals import Refusal, refusal_in
from services.shared.hubspot.rows import (
    NOT_FOUND,
    CrmRecord,
    Page,
    Reading,
    Refused,
    Result,
    Row,
    Unknown,
    Written,
    refused,
)
from services.shared.hubspot.values import mappings_in, text_in

_OUTAGES = frozenset({"INTERNAL_ERROR", "RATE_LIMITS", "LOCKED"})
_UNANSWERED = OutcomeUnknownError("row_unanswered")


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
    for entry in mappings_in(answer.get("errors")):
        refusal = refusal_in(entry)
        for trace in _named(refusal, open_rows):
            verdicts[trace] = verdict_of(trace, refusal)
            del open_rows[trace]
    left_over = [
        entry
        for entry in mappings_in(answer.get("results"))
        if not _settle(entry, open_rows, verdicts) and not text_in(entry.get("objectWriteTraceId"))
    ]
    verdicts.update(_last_one(open_rows, left_over, answer))
    unanswered = {t: Unknown(trace=t, cause=_UNANSWERED) for t in open_rows if t not in verdicts}
    return verdicts | unanswered


def record_in(entry: Mapping[str, Any]) -> CrmRecord:
    """One record of a read or a list. What is not there is empty. Total."""
    properties = entry.get("properties")
    return CrmRecord(
        id=text_in(entry.get("id")),
        properties={
            name: None if value is None else _spoken(value)
            for name, value in (properties.items() if isinstance(properties, dict) else ())
        },
        is_archived=entry.get("archived") is True,
    )


def reading_in(ids: Iterable[str], id_property: str, answer: Mapping[str, Any]) -> Reading:
    """The records asked for by ``ids``. Total.

    A record counts for the id asked if it is its own id, its unique value, or, after a merge, one
    of ``hs_merged_object_ids`` where that property was asked for.
    """
    open_ids = set(ids)
    found: dict[str, CrmRecord] = {}
    for record in map(record_in, mappings_in(answer.get("results"))):
        for name in _names_of(record, id_property) & open_ids:
            found[name] = record
    open_ids -= found.keys()
    refusals = [refusal_in(entry) for entry in mappings_in(answer.get("errors"))]
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
    records = [record_in(entry) for entry in mappings_in(answer.get("results"))]
    return Page(records=records, after=text_in(after))


def _named(refusal: Refusal, open_rows: Mapping[str, Row]) -> list[str]:
    if refusal.traces:
        return [trace for trace in open_rows if trace in refusal.traces]
    return [trace for trace, row in open_rows.items() if row.id and row.id in refusal.ids]


def _settle(
    entry: Mapping[str, Any], open_rows: dict[str, Row], verdicts: dict[str, Result]
) -> bool:
    trace = text_in(entry.get("objectWriteTraceId"))
    if not trace:
        trace = next((t for t, row in open_rows.items() if _is_for(entry, row)), "")
    written_id = text_in(entry.get("id"))
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
    return text_in(entry.get("id")) == row.id


def _last_one(
    open_rows: Mapping[str, Row],
    left_over: Sequence[Mapping[str, Any]],
    answer: Mapping[str, Any],
) -> dict[str, Result]:
    nameless = [
        refusal
        for refusal in map(refusal_in, mappings_in(answer.get("errors")))
        if not refusal.traces and not refusal.ids
    ]
    if len(open_rows) != 1 or len(left_over) + len(nameless) != 1:
        return {}
    (trace,) = open_rows
    if nameless:
        return {trace: verdict_of(trace, nameless[0])}
    written_id = text_in(left_over[0].get("id"))
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


def _spoken(value: Any) -> str:
    """A value as HubSpot says it, which is always text: a flag is ``true`` or ``false``."""
    return str(value).lower() if isinstance(value, bool) else str(value)
