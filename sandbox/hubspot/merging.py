"""Merging two records into one, and forgetting a person for good."""

from sandbox.hubspot.account import Account
from sandbox.hubspot.calls import Answer, Call, optional_in, text_in
from sandbox.hubspot.identity import named, unique_property
from sandbox.hubspot.objects import OBJECT_TYPES
from sandbox.hubspot.problems import invalid, not_found
from sandbox.hubspot.records import Record, Records
from sandbox.hubspot.shapes import record_json


def merge(account: Account, object_type: str, primary_id: str, other_id: str) -> Record:
    """Merge ``other`` into ``primary``; its id and its email keep leading to what remains.

    By a switch what remains gets a third id.
    """
    records = account.records[object_type]
    primary, other = records.found(primary_id), records.found(other_id)
    for said, record in ((primary_id, primary), (other_id, other)):
        if record is None or record.archived:
            raise not_found(f"No {object_type} with ID {said} exists")
    if primary is None or other is None or primary is other:
        raise invalid("Cannot merge a record with itself")
    if account.switches.merge_makes_new_id:
        primary = _renamed(account, object_type, primary)
    _absorb(account, object_type, primary, other)
    return primary


def _absorb(account: Account, object_type: str, primary: Record, other: Record) -> None:
    records = account.records[object_type]
    filled = {k: v for k, v in other.properties.items() if k not in primary.properties}
    ids = [*primary.properties.get("hs_merged_object_ids", "").split(";"), other.id]
    filled["hs_merged_object_ids"] = ";".join(each for each in ids if each)
    if object_type == "contacts":
        emails = [primary.properties.get("hs_additional_emails", "")]
        emails += [other.properties.get("email", "")] if "email" not in filled else []
        emails += [other.properties.get("hs_additional_emails", "")]
        filled["hs_additional_emails"] = ";".join(each for each in emails if each)
    held = _held(records, other)
    account.associations.move((object_type, other.id), (object_type, primary.id))
    account.archive(object_type, other)
    records.forget(other.id)
    records.merged[other.id] = primary.id
    account.change_record(object_type, primary, filled)
    for name, value in held:
        records.unique[name].setdefault(value, primary.id)


def _renamed(account: Account, object_type: str, record: Record) -> Record:
    records = account.records[object_type]
    held = _held(records, record)
    records.forget(record.id)
    renamed = account.add_record(object_type, record.properties, record.made_by)
    records.merged[record.id] = renamed.id
    ids = record.properties.get("hs_merged_object_ids", "")
    merged = {"hs_merged_object_ids": f"{ids};{record.id}".strip(";")}
    account.change_record(object_type, renamed, merged)
    for name, value in held:
        records.unique[name].setdefault(value, renamed.id)
    account.associations.move((object_type, record.id), (object_type, renamed.id))
    return renamed


def _held(records: Records, record: Record) -> list[tuple[str, str]]:
    """Every unique value that leads to a record, a contact's further emails among them."""
    return [
        (name, value)
        for name, holders in records.unique.items()
        for value, holder in holders.items()
        if holder == record.id
    ]


def merge_call(account: Account, call: Call) -> Answer:
    """``POST /merge``: the record that remains. Orders have it since the dated versions."""
    object_type = call.object_type()
    if object_type != "contacts" and (object_type != "orders" or call.version == "v3"):
        raise NotImplementedError(f"merges of {object_type}")
    body = call.json()
    primary, other = text_in(body, "primaryObjectId"), text_in(body, "objectIdToMerge")
    record = merge(account, object_type, primary, other)
    return Answer(200, record_json(account, object_type, record, OBJECT_TYPES[object_type].shown))


def gdpr_delete(account: Account, call: Call) -> Answer:
    """Forget a contact for good; an email nobody has is put on the blocklist."""
    object_type = call.object_type()
    if object_type != "contacts":
        raise NotImplementedError(f"gdpr-delete of {object_type}")
    body = call.json()
    said = text_in(body, "objectId")
    name = optional_in(body, "idProperty")
    if name is not None:
        unique_property(account, object_type, name)
    record = named(account, object_type, said, name)
    if record is None:
        if name != "email":
            raise not_found("resource not found")
        account.blocklist.add(said.lower())
        return Answer(204)
    account.archive(object_type, record)
    account.records[object_type].forget(record.id)
    for to_type in OBJECT_TYPES:
        for to_id in list(account.associations.of(object_type, record.id, to_type)):
            account.associations.dissociate((object_type, record.id), (to_type, to_id))
    return Answer(204)
