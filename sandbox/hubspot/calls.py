"""A call as handlers see it, and the answer they give: values between the web and the state."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

import orjson

from sandbox.hubspot.objects import PATH_NAMES
from sandbox.hubspot.problems import Json, invalid

MAX_INPUTS = 100

# HubSpot has these too; the simulator does not.
NOT_SERVED = frozenset({"companies", "deals", "tickets", "quotes", "0-2", "0-3", "0-5", "0-14"})


@dataclass(slots=True, kw_only=True)
class Call:
    """One request; ``params`` are the path's variables, ``version`` the API's (``2026-09``)."""

    method: str
    path: str
    query_string: str
    headers: dict[str, str]
    body: bytes
    now: datetime
    version: str = ""
    params: dict[str, str] = field(default_factory=dict)

    @property
    def query(self) -> dict[str, list[str]]:
        """The query's values by name; lists may be repeated or joined by commas."""
        return parse_qs(self.query_string, keep_blank_values=True)

    def one(self, name: str) -> str:
        """A single value of the query; empty if it is not there."""
        return self.query.get(name, [""])[0]

    def several(self, name: str) -> list[str]:
        """A list in the query, ``?a=1&a=2`` or ``?a=1,2``."""
        return [part for each in self.query.get(name, []) for part in each.split(",") if part]

    def is_true(self, name: str) -> bool:
        """A flag in the query; anything but a truth value is a 400."""
        said = self.one(name).lower()
        if said not in ("", "true", "false"):
            raise invalid(f"{name} must be true or false")
        return said == "true"

    def integer(self, name: str, default: int) -> int:
        """A whole number of the query; anything else is a 400."""
        said = self.one(name)
        if not said:
            return default
        if not said.isdecimal():
            raise invalid(f"{name} must be an integer")
        return int(said)

    def parsed(self) -> Any:
        """The body's JSON; 400 when it is none."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise invalid(f"Invalid input JSON: {error}") from error

    def json(self) -> Json:
        """The body, a JSON object; anything else is a 400."""
        body = self.parsed()
        if not isinstance(body, dict):
            raise invalid("Invalid input JSON: an object is expected")
        return body

    def inputs(self, body: Json, most: int = MAX_INPUTS) -> list[Json]:
        """The inputs of a batch, within the limit HubSpot's schema does not state."""
        inputs = body.get("inputs")
        if not isinstance(inputs, list) or not all(isinstance(each, dict) for each in inputs):
            raise invalid("inputs must be a list of objects")
        if not inputs:
            raise invalid("inputs must not be empty")
        if len(inputs) > most:
            raise invalid(
                f"The maximum number of inputs supported in a batch request is {most}. "
                f"The request contained {len(inputs)} inputs."
            )
        return inputs

    def object_type(self, name: str = "objectType") -> str:
        """The object type a path variable names: plural, singular or type id."""
        said = self.params[name]
        known = PATH_NAMES.get(said)
        if known is not None:
            return known
        if said in NOT_SERVED:
            raise NotImplementedError(f"the object type {said}")
        raise invalid(f"Unable to infer object type from: {said}")


@dataclass(slots=True)
class Answer:
    """A status with a body: JSON to be, or bytes as they are."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def content(self) -> bytes:
        """The body's bytes."""
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else orjson.dumps(self.body)


def properties_in(body: Json) -> Json:
    """The properties object of an input; 400 without one."""
    properties = body.get("properties")
    if not isinstance(properties, dict):
        raise invalid("properties must be an object")
    return properties


def text_in(body: Json, name: str) -> str:
    """A required text of an input; numbers are taken as texts, as HubSpot does."""
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise invalid(f"{name} is required")
    return str(value)


def object_in(body: Json, name: str) -> Json:
    """An object of an input, empty when it is not there."""
    value = body.get(name)
    if value is not None and not isinstance(value, dict):
        raise invalid(f"{name} must be an object")
    return value or {}


def objects_in(body: Json, name: str) -> list[Json]:
    """A list of objects of an input, empty when it is not there."""
    value = body.get(name)
    if value is not None and not (
        isinstance(value, list) and all(isinstance(each, dict) for each in value)
    ):
        raise invalid(f"{name} must be a list of objects")
    return value or []


def texts_in(body: Json, name: str) -> list[str]:
    """A list of texts of an input, empty when it is not there."""
    value = body.get(name)
    if value is not None and not (
        isinstance(value, list) and all(isinstance(each, str) for each in value)
    ):
        raise invalid(f"{name} must be a list of strings")
    return value or []


def optional_in(body: Json, name: str) -> str | None:
    """A text of an input, None when it is not there."""
    return text_in(body, name) if body.get(name) not in (None, "") else None


def integer_in(body: Json, name: str, default: int) -> int:
    """A whole number of an input."""
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid(f"{name} must be an integer")
    return value


def not_served(**said: object) -> None:
    """501 where a call asks for what HubSpot has and the simulator has not."""
    for name, value in said.items():
        if value:
            raise NotImplementedError(f"{name} in the body")
