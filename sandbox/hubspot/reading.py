"""Reads and the single forms of objects, and the batches that only read or archive."""

from sandbox.hubspot.account import Account
from sandbox.hubspot.calls import (
    Answer,
    Call,
    not_served,
    optional_in,
    properties_in,
    text_in,
    texts_in,
)
from sandbox.hubspot.identity import missing, named, unique_property
from sandbox.hubspot.inline import associated, links_in
from sandbox.hubspot.objects import OBJECT_TYPES, PATH_NAMES
from sandbox.hubspot.problems import Json, RowError, invalid, not_found, refusal
from sandbox.hubspot.records import Record
from sandbox.hubspot.shapes import (
    asked,
    batch_answer,
    batch_status,
    ends_json,
    existing,
    record_json,
    written_json,
)
from sandbox.hubspot.writing import apply, decided

LIST_DEFAULT = 10
LIST_MOST = 100


def read_batch(account: Account, call: Call) -> Answer:
    """Up to 100 records; what is not found is one error naming all their ids."""
    object_type = call.object_type()
    body = call.json()
    not_served(propertiesWithHistory=texts_in(body, "propertiesWithHistory"))
    id_property = optional_in(body, "idProperty")
    if id_property is not None:
        unique_property(account, object_type, id_property)
    wanted = [*texts_in(body, "properties"), *([id_property] if id_property else ())]
    names = existing(account, object_type, asked(object_type, wanted))
    archived = call.is_true("archived")
    results: dict[str, Json] = {}
    lost = []
    for each in call.inputs(body):
        said = text_in(each, "id")
        record = named(account, object_type, said, id_property)
        if record is None or record.archived != archived:
            lost.append(said)
        else:
            results[record.id] = record_json(account, object_type, record, names)
    errors = [RowError(problems=(missing(object_type, *lost),))] if lost else []
    status = batch_status(account, call.version, 200, failures=bool(lost))
    return Answer(status, batch_answer(account, list(results.values()), errors))


def archive_batch(account: Account, call: Call) -> Answer:
    """Archive up to 100 records; unknown and archived ones are passed over."""
    object_type = call.object_type()
    for each in call.inputs(call.json()):
        record = account.records[object_type].found(text_in(each, "id"))
        if record is not None:
            account.archive(object_type, record)
    return Answer(204)


def read_one(account: Account, call: Call) -> Answer:
    """One record by id or unique property, with associations if asked for."""
    object_type = call.object_type()
    record = _the_record(account, call, object_type, archived=call.is_true("archived"))
    return Answer(200, _whole(account, call, object_type, record))


def list_page(account: Account, call: Call) -> Answer:
    """A page of records by growing id; ``paging.next.after`` leads on."""
    object_type = call.object_type()
    limit = call.integer("limit", LIST_DEFAULT)
    if not 0 < limit <= LIST_MOST:
        raise invalid(f"limit must be between 1 and {LIST_MOST}")
    after = call.integer("after", 0)
    found, more = account.records[object_type].page(after, limit, archived=call.is_true("archived"))
    body: Json = {"results": [_whole(account, call, object_type, each) for each in found]}
    if more:
        last = found[-1].id
        body["paging"] = {"next": {"after": last, "link": f"{call.path}?after={last}"}}
    return Answer(200, body)


def create_one(account: Account, call: Call) -> Answer:
    """Create one record, with associations given inline."""
    object_type = call.object_type()
    body = call.json()
    row = decided(account, object_type, properties_in(body), None, call.version)
    links, problem = links_in(account, object_type, body)
    problems = row.problems or ((problem,) if problem else ())
    if problems:
        raise refusal(problems)
    record = apply(account, object_type, row)
    associated(account, object_type, record.id, links)
    return Answer(201, record_json(account, object_type, record))


def update_one(account: Account, call: Call) -> Answer:
    """Update one record by id or, with ``?idProperty=``, by a unique property."""
    object_type = call.object_type()
    record = _the_record(account, call, object_type, archived=False)
    row = decided(account, object_type, properties_in(call.json()), record, call.version)
    if row.problems:
        raise refusal(row.problems)
    apply(account, object_type, row)
    return Answer(200, written_json(account, object_type, record, row.values))


def archive_one(account: Account, call: Call) -> Answer:
    """Archive one record; again is harmless, an id that never was is 404."""
    object_type = call.object_type()
    record = account.records[object_type].found(call.params["objectId"])
    if record is None:
        raise not_found("resource not found")
    account.archive(object_type, record)
    return Answer(204)


def _the_record(account: Account, call: Call, object_type: str, *, archived: bool) -> Record:
    id_property = call.one("idProperty") or None
    if id_property is not None:
        unique_property(account, object_type, id_property)
    record = named(account, object_type, call.params["objectId"], id_property)
    if record is None or record.archived != archived:
        raise not_found("resource not found")
    return record


def _whole(account: Account, call: Call, object_type: str, record: Record) -> Json:
    names = existing(account, object_type, asked(object_type, call.several("properties")))
    answer = record_json(account, object_type, record, names)
    found = {}
    for said in call.several("associations"):
        to_type = PATH_NAMES.get(said)
        if to_type is None:
            raise invalid(f"{said} is not a valid object type")
        ends = account.associations.of(object_type, record.id, to_type)
        if results := ends_json(account, object_type, to_type, ends):
            found[OBJECT_TYPES[to_type].plural.lower()] = {"results": results}
    if found:
        answer["associations"] = found
    return answer
