"""Which values a property takes, and the form HubSpot keeps them in.

Codes and messages as HubSpot sends them: a number is plain digits (``1e-14`` is refused with
``INVALID_INTEGER``), and values of typed properties are not trimmed.
"""

import re
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sandbox.hubspot.clock import stamp
from sandbox.hubspot.problems import Problem

_NUMBER = re.compile(r"-?(\d+(\.\d*)?|\.\d+)\Z", re.ASCII)
_EPOCH_MS = re.compile(r"-?\d{1,15}\Z", re.ASCII)
_EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s.,;<>\"]{2,}\Z")
_DAY_MS = 86_400_000


@dataclass(slots=True, kw_only=True)
class Definition:
    """A property as an account defines it; ``type`` and ``field_type`` are HubSpot's words."""

    name: str
    label: str
    type: str
    field_type: str
    group: str
    read_only: bool = False
    calculated: bool = False
    unique: bool = False
    hubspot_defined: bool = True
    description: str = ""
    display_order: int = -1
    hidden: bool = False
    form_field: bool = False
    external_options: bool = False
    options: dict[str, dict[str, Any]]
    archived_at: str | None = None
    created_at: str
    updated_at: str
    formula: str | None = None


Check = Callable[[Definition, str], str | Problem]


def checked(definition: Definition, value: str) -> str | Problem:
    """The value as HubSpot keeps it, or why it is refused; the empty text clears."""
    if not value:
        return value
    check = _CHECKS.get(definition.type)
    return value if check is None else check(definition, value)


def _problem(definition: Definition, code: str, message: str) -> Problem:
    return Problem(message=message, code=code, property_name=definition.name)


def _number(definition: Definition, value: str) -> str | Problem:
    if _NUMBER.match(value):
        return value
    return _problem(definition, "INVALID_INTEGER", f"{value} was not a valid number.")


def _bool(definition: Definition, value: str) -> str | Problem:
    lowered = value.lower()
    if lowered in {"true", "false"}:
        return lowered
    return _not_an_option(definition, value, ("true", "false"))


def _enumeration(definition: Definition, value: str) -> str | Problem:
    if definition.external_options:
        return value
    chosen = value.split(";") if definition.field_type == "checkbox" else [value]
    for each in chosen:
        if each not in definition.options and each:
            return _not_an_option(definition, each, tuple(definition.options))
    return value


def _not_an_option(definition: Definition, value: str, options: tuple[str, ...]) -> Problem:
    listed = ", ".join(options)
    return _problem(
        definition, "INVALID_OPTION", f"{value} was not one of the allowed options: [{listed}]"
    )


def _datetime(definition: Definition, value: str) -> str | Problem:
    moment = _moment(value)
    if moment is None:
        return _problem(definition, "INVALID_LONG", f"{value} was not a valid long.")
    return stamp(moment)


def _date(definition: Definition, value: str) -> str | Problem:
    moment = _moment(value)
    if moment is None:
        return _problem(definition, "INVALID_DATE", f"{value} was not a valid date.")
    if int(moment.timestamp() * 1000) % _DAY_MS:
        return _problem(
            definition, "INVALID_DATE", f"{value} is at {moment:%H:%M:%S} UTC, not midnight!"
        )
    return moment.date().isoformat()


def _moment(value: str) -> datetime | None:
    """ISO 8601 (a bare day is midnight UTC) or milliseconds since 1970; None for anything else."""
    try:
        if _EPOCH_MS.match(value):
            return datetime.fromtimestamp(int(value) / 1000, UTC)
        moment = datetime.fromisoformat(value)
    except (ValueError, OverflowError, OSError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


_CHECKS: dict[str, Check] = {
    "number": _number,
    "bool": _bool,
    "enumeration": _enumeration,
    "datetime": _datetime,
    "date": _date,
}


def is_email(value: str) -> bool:
    """Whether HubSpot takes this for an address."""
    return _EMAIL.match(value) is not None


def is_iso(value: str) -> bool:
    """Whether a time is written in ISO 8601 rather than in milliseconds."""
    return _EPOCH_MS.match(value) is None


def unknown(name: str) -> Problem:
    """The refusal of a property the account does not have."""
    return Problem(
        message=f'Property "{name}" does not exist',
        code="PROPERTY_DOESNT_EXIST",
        property_name=name,
    )


def read_only(name: str) -> Problem:
    """The refusal of a property only HubSpot may set."""
    message = f'"{name}" is a read only property; its value cannot be set.'
    return Problem(message=message, code="READ_ONLY_VALUE", property_name=name)


def members(names: AbstractSet[str] | tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Options of an enumeration whose labels are its values."""
    return {
        each: {
            "label": each,
            "value": each,
            "displayOrder": place,
            "hidden": False,
            "description": "",
        }
        for place, each in enumerate(names)
    }
