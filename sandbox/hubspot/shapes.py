"""Records in HubSpot's JSON."""

from collections.abc import Iterable, Sequence
from typing import Any

from sandbox.hubspot.account import Account
from sandbox.hubspot.associations import Ends
from sandbox.hubspot.catalogue import ASSOCIATION_TYPES
from sandbox.hubspot.clock import stamp
from sandbox.hubspot.objects import OBJECT_TYPES
from sandbox.hubspot.problems import Json, RowError
from sandbox.hubspot.records import Record

ORDINARY_FROM = "2026-09"


def record_json(
    account: Account, object_type: str, record: Record, names: Iterable[str] | None = None
) -> Json:
    """A ``SimplePublicObject``: with ``names`` those (null where empty), else all it has."""
    held = record.properties
    shown = dict(held) if names is None else {each: held.get(each) for each in names}
    type_id = OBJECT_TYPES[object_type].type_id
    answer: Json = {
        "id": record.id,
        "properties": shown,
        "createdAt": record.created_at,
        "updatedAt": record.updated_at,
        "archived": record.archived_at is not None,
        "url": f"https://app.hubspot.com/contacts/{account.settings.portal_id}"
        f"/record/{type_id}/{record.id}",
    }
    if record.archived_at is not None:
        answer["archivedAt"] = record.archived_at
    return answer


def written_json(
    account: Account, object_type: str, record: Record, written: Iterable[str]
) -> Json:
    """A record as an update answers it: what was written ("" where cleared), and the system's."""
    of_type = OBJECT_TYPES[object_type]
    names = (*written, of_type.created, of_type.modified, "hs_object_id")
    answer = record_json(account, object_type, record, ())
    answer["properties"] = {each: record.properties.get(each, "") for each in names}
    return answer


def asked(object_type: str, names: Sequence[str]) -> list[str]:
    """What a read shows: the usual properties if none are named, else those and the system's."""
    of_type = OBJECT_TYPES[object_type]
    if not names:
        return list(of_type.shown)
    return list(dict.fromkeys((*names, of_type.created, of_type.modified, "hs_object_id")))


def existing(account: Account, object_type: str, names: Iterable[str]) -> list[str]:
    """Reads leave out properties the account does not have, without an error."""
    known = account.schemas[object_type].properties
    return [each for each in names if each in known]


def batch_answer(account: Account, results: list[Json], errors: Sequence[RowError] = ()) -> Json:
    """The envelope of a batch; ``errors`` only where there are some."""
    moment = stamp(account.now())
    answer: Json = {
        "status": "COMPLETE",
        "results": results,
        "startedAt": moment,
        "completedAt": moment,
    }
    if errors:
        answer["numErrors"] = len(errors)
        answer["errors"] = [each.to_json() for each in errors]
    return answer


def batch_status(account: Account, version: str, success: int, *, failures: bool) -> int:
    """207 with row errors, but since 2026-09 the ordinary code; switchable, as nobody knows."""
    if not failures:
        return success
    switched = account.switches.partial_failure_status
    if switched is not None:
        return switched
    return success if version >= ORDINARY_FROM and not version.startswith("v") else 207


def ends_json(account: Account, from_type: str, to_type: str, ends: Ends) -> list[Any]:
    """Live associated records with the string types of v3: ``order_to_contact``."""
    here, there = OBJECT_TYPES[from_type].word, OBJECT_TYPES[to_type].word
    records = account.records[to_type].by_id
    default = ASSOCIATION_TYPES.get((from_type, to_type))
    found = []
    for to_id, types in ends.items():
        record = records.get(to_id)
        if record is None or record.archived:
            continue
        for type_id in types:
            label = account.associations.labels.get(type_id)
            word = f"{here}_to_{there}" if type_id == default or label is None else label.label
            found.append({"id": to_id, "type": word})
    return found
