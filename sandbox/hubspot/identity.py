"""Which record an id in a request means: a record id, a merged one, or a unique value."""

from sandbox.hubspot.account import Account
from sandbox.hubspot.calls import optional_in
from sandbox.hubspot.objects import OBJECT_TYPES
from sandbox.hubspot.problems import NOT_FOUND, Json, Problem, invalid
from sandbox.hubspot.records import Record


def id_property_of(account: Account, object_type: str, given: Json) -> str | None:
    """The input's ``idProperty``, checked; None for record ids."""
    name = optional_in(given, "idProperty")
    return unique_property(account, object_type, name) if name else None


def unique_property(account: Account, object_type: str, name: str) -> str:
    """``name`` if it identifies records of the type; else the whole request is refused."""
    definition = account.schemas[object_type].properties.get(name)
    usable = definition is not None and definition.unique
    if usable and name != "email":
        usable = object_type in account.switches.custom_id_properties
    if not usable:
        type_id = OBJECT_TYPES[object_type].type_id
        raise invalid(f"Unable to perform update/upsert by non-unique {type_id} property {name}")
    return name


def named(account: Account, object_type: str, said: str, id_property: str | None) -> Record | None:
    """The record meant, in the recycle bin or not; None if there is none."""
    records = account.records[object_type]
    if id_property is None:
        return records.found(said)
    return records.holder(id_property, said)


def missing(object_type: str, *ids: str) -> Problem:
    """What a batch says of ids it cannot find: one error for all of them."""
    word = OBJECT_TYPES[object_type].word.upper()
    return Problem(
        message=f"Could not get some {word} objects, they may be deleted or not exist. "
        "Check that ids are valid.",
        category=NOT_FOUND,
        status=404,
        ids=ids,
    )
