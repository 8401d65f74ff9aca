"""``/batch/create``, ``/batch/update`` and ``/batch/upsert`` of objects.

All rows are decided before any is applied, so that a batch that fails whole leaves no trace.
https://developers.hubspot.com/docs/api-reference/latest/crm/objects
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.hubspot.account import Account
from sandbox.hubspot.calls import Answer, Call, optional_in, properties_in, text_in
from sandbox.hubspot.identity import id_property_of, missing, named
from sandbox.hubspot.inline import Link, associated, links_in
from sandbox.hubspot.problems import CONFLICT, Json, RefusedError, RowError, invalid, refusal
from sandbox.hubspot.records import folded
from sandbox.hubspot.shapes import batch_answer, batch_status, record_json, written_json
from sandbox.hubspot.writing import Row, apply, decided, taken


def create_batch(account: Account, call: Call) -> Answer:
    """Create up to 100 records; errors by row only if each input has its own trace id."""
    object_type = call.object_type()
    inputs = call.inputs(call.json())
    rows: list[Row] = []
    links: list[list[Link]] = []
    for each in inputs:
        row = decided(account, object_type, properties_in(each), None, call.version)
        row.trace_id = optional_in(each, "objectWriteTraceId")
        found, problem = links_in(account, object_type, each)
        links.append(found)
        if problem is not None:
            row.problems = (*row.problems, problem)
        rows.append(row)
    _claim(account, object_type, rows)
    traces = {row.trace_id for row in rows if row.trace_id}
    _fail_whole(account, rows, whole=len(traces) < len(rows))
    batch = Batch(call=call, object_type=object_type, rows=rows, success=201, links=links)
    return _carried_out(account, batch)


def update_batch(account: Account, call: Call) -> Answer:
    """Update up to 100 records by id or by a unique property named per input."""
    object_type = call.object_type()
    rows = []
    for each in call.inputs(call.json()):
        said = text_in(each, "id")
        record = named(account, object_type, said, id_property_of(account, object_type, each))
        given = properties_in(each)
        if record is None or record.archived:
            row = Row(record=None, values={}, problems=(missing(object_type, said),))
        else:
            row = decided(account, object_type, given, record, call.version)
        row.trace_id = optional_in(each, "objectWriteTraceId")
        rows.append(row)
    _refuse_doubles(rows)
    _claim(account, object_type, rows)
    _fail_whole(account, rows, whole=account.switches.rows_fail_batches)
    return _carried_out(account, Batch(call=call, object_type=object_type, rows=rows))


def upsert_batch(account: Account, call: Call) -> Answer:
    """Update what is found by the unique property, create what is not; rows say which."""
    object_type = call.object_type()
    rows, keys = [], set()
    for each in call.inputs(call.json()):
        said = text_in(each, "id")
        id_property = id_property_of(account, object_type, each)
        key = (id_property, folded(id_property or "", said))
        if key in keys:
            raise _doubled(said)
        keys.add(key)
        rows.append(_upserted(account, call, object_type, each, (said, id_property)))
    _refuse_doubles(rows)
    _claim(account, object_type, rows)
    _fail_whole(account, rows, whole=account.switches.rows_fail_batches)
    return _carried_out(account, Batch(call=call, object_type=object_type, rows=rows, upsert=True))


def _upserted(
    account: Account, call: Call, object_type: str, each: Json, key: tuple[str, str | None]
) -> Row:
    said, id_property = key
    record = named(account, object_type, said, id_property)
    given = properties_in(each)
    if record is not None and record.archived:
        problem = taken(object_type, id_property or "hs_object_id", said, record.id)
        row = Row(record=None, values={}, problems=(problem,))
    elif record is None and id_property is None:
        row = Row(record=None, values={}, problems=(missing(object_type, said),))
    elif record is None:
        given = {**given, str(id_property): said}
        row = decided(account, object_type, given, None, call.version)
        row.new = True
    else:
        if id_property == "email" and account.switches.partial_email_upserts == "refused":
            _refuse_partial(account, object_type, given, record.properties)
        row = decided(account, object_type, given, record, call.version)
    row.trace_id = optional_in(each, "objectWriteTraceId")
    return row


def _refuse_partial(account: Account, object_type: str, given: Json, held: Json) -> None:
    """Partial upserts are not supported by email: contacts guide, 2026-09."""
    definitions = account.schemas[object_type].properties
    left_out = [
        name
        for name in held
        if name != "email"
        and name not in given
        and name in definitions
        and not definitions[name].read_only
    ]
    if left_out:
        raise invalid(
            "Partial upserts are not supported when using email as the idProperty. Use a custom "
            f"unique identifier property instead. Left out: {', '.join(sorted(left_out))}"
        )


def _refuse_doubles(rows: Sequence[Row]) -> None:
    seen = set()
    for row in rows:
        if row.record is None:
            continue
        if row.record.id in seen:
            raise _doubled(row.record.id)
        seen.add(row.record.id)


def _doubled(said: str) -> RefusedError:
    return invalid(
        f"Duplicate IDs found in batch input: [{said}]. IDs must be unique", context={"ids": [said]}
    )


def _claim(account: Account, object_type: str, rows: Sequence[Row]) -> None:
    """Two rows of one batch cannot both take a unique value; the later one is refused."""
    for name in account.records[object_type].unique:
        claimed: dict[str, Row] = {}
        for row in rows:
            value = row.values.get(name)
            if not value or row.problems:
                continue
            first = claimed.setdefault(folded(name, value), row)
            if first is not row:
                holder = first.record.id if first.record else "another input"
                row.problems = (taken(object_type, name, value, holder),)


def _fail_whole(account: Account, rows: Sequence[Row], *, whole: bool) -> None:
    """One bad row may fail its whole batch; the answer then names only the first."""
    conflicts = account.switches.conflicts_fail_batches
    for row in rows:
        if row.problems and (whole or (conflicts and row.problems[0].category == CONFLICT)):
            raise refusal(row.problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Rows on their way out: where they came from, and what a full success is answered by."""

    call: Call
    object_type: str
    rows: Sequence[Row]
    success: int = 200
    links: Sequence[list[Link]] = ()
    upsert: bool = False


def _carried_out(account: Account, batch: Batch) -> Answer:
    results: list[Json] = []
    errors: list[RowError] = []
    for place, row in enumerate(batch.rows):
        if row.problems:
            errors.append(RowError(problems=row.problems, trace_id=row.trace_id))
            continue
        created = row.record is None
        record = apply(account, batch.object_type, row)
        if batch.links:
            associated(account, batch.object_type, record.id, batch.links[place])
        result = (
            record_json(account, batch.object_type, record)
            if created
            else written_json(account, batch.object_type, record, row.values)
        )
        if batch.upsert:
            result["new"] = row.new
        if row.trace_id is not None:
            result["objectWriteTraceId"] = row.trace_id
        results.append(result)
    status = batch_status(account, batch.call.version, batch.success, failures=bool(errors))
    return Answer(status, batch_answer(account, results, errors))
