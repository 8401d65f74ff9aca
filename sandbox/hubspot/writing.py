"""One row of a write: decided first, without touching anything, and applied afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.hubspot.account import Account
from sandbox.hubspot.problems import CONFLICT, Problem, invalid
from sandbox.hubspot.records import MadeBy, Record
from sandbox.hubspot.rules import RULED_CURRENCIES, RULES
from sandbox.hubspot.values import Definition, checked, is_iso, read_only, unknown

STRICT_VERSION = "2026-09"
_NOTHING: dict[str, str] = {}


@dataclass(slots=True, kw_only=True)
class Row:
    """What would become of one input: ``record`` is None when it is to be created."""

    record: Record | None
    values: dict[str, str]
    problems: tuple[Problem, ...] = ()
    trace_id: str | None = None
    new: bool = False


def text_of(value: Any) -> str:
    """A property value as text: HubSpot takes JSON numbers and booleans too; null clears."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    raise invalid("Invalid input JSON: property values must be strings")


def decided(
    account: Account,
    object_type: str,
    given: Mapping[str, Any],
    record: Record | None,
    version: str,
) -> Row:
    """The checked values of a row, completed by what HubSpot computes, or its problems."""
    values, problems = _typed(account, object_type, given)
    before = record.properties if record else _NOTHING
    if not problems:
        for rule in RULES[object_type]:
            problem = rule(account, values, before)
            if problem is not None:
                problems.append(problem)
                break
    if version == STRICT_VERSION and not problems:
        problems += _missing(account, object_type, values, before)
    if not problems:
        problems += _taken(account, object_type, values, record)
    return Row(record=record, values=values, problems=tuple(problems))


def _typed(
    account: Account, object_type: str, given: Mapping[str, Any]
) -> tuple[dict[str, str], list[Problem]]:
    definitions = account.schemas[object_type].properties
    epoch_only = account.switches.epoch_only
    values: dict[str, str] = {}
    problems: list[Problem] = []
    for name, raw in given.items():
        definition = definitions.get(name)
        if definition is None:
            problems.append(unknown(name))
        elif definition.read_only:
            problems.append(read_only(name))
        elif definition.type == "string" or name in RULED_CURRENCIES:
            values[name] = text_of(raw)
        elif name in epoch_only and is_iso(text_of(raw)):
            problems.append(_not_a_long(definition, text_of(raw)))
        else:
            value = checked(definition, text_of(raw))
            if isinstance(value, Problem):
                problems.append(value)
            else:
                values[name] = value
    return values, problems


def _not_a_long(definition: Definition, value: str) -> Problem:
    message = f"{value} was not a valid long."
    return Problem(message=message, code="INVALID_LONG", property_name=definition.name)


def _missing(
    account: Account, object_type: str, values: Mapping[str, str], before: Mapping[str, str]
) -> list[Problem]:
    """An admin's rules: /changelog/crm-api-write-validation-enforcement."""
    rules = account.switches
    found = []
    after = {**before, **values}
    if not before:
        for name in rules.required_on_create.get(object_type, ()):
            if not after.get(name):
                message = f'Property "{name}" is required on create'
                code = "MISSING_REQUIRED_PROPERTY"
                found.append(Problem(message=message, code=code, property_name=name))
    for name, value, wanted in rules.required_when.get(object_type, ()):
        if after.get(name) == value and not after.get(wanted):
            message = f'Property "{wanted}" is required when "{name}" is "{value}"'
            code = "MISSING_CONDITIONAL_REQUIRED_PROPERTY"
            found.append(Problem(message=message, code=code, property_name=wanted))
    return found


def _taken(
    account: Account, object_type: str, values: Mapping[str, str], record: Record | None
) -> list[Problem]:
    records = account.records[object_type]
    for name in records.unique:
        value = values.get(name)
        holder = records.holder(name, value) if value else None
        if holder is not None and holder is not record:
            return [taken(object_type, name, str(value), holder.id)]
    return []


def taken(object_type: str, name: str, value: str, holder_id: str) -> Problem:
    """The refusal of a unique value another record holds; a contact's email has its own words."""
    if object_type == "contacts" and name == "email":
        message = f"Contact already exists. Existing ID: {holder_id}"
        return Problem(message=message, category=CONFLICT, status=409)
    message = f"Cannot set {name} to {value}. {holder_id} already has that value."
    return Problem(message=message, code="CONFLICTING_UNIQUE_VALUE", property_name=name)


def apply(account: Account, object_type: str, row: Row, made_by: MadeBy = "api") -> Record:
    """Carry out a row that has no problems."""
    if row.record is None:
        return account.add_record(object_type, row.values, made_by)
    account.change_record(object_type, row.record, row.values)
    return row.record
