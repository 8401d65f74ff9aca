"""What HubSpot refuses, in HubSpot's own shapes.

Whole requests are refused by raising :class:`RefusedError`; rows of a batch by a :class:`Problem`.
Envelope and codes: https://developers.hubspot.com/docs/api-reference/error-handling
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

Json = dict[str, Any]

VALIDATION = "VALIDATION_ERROR"
NOT_FOUND = "OBJECT_NOT_FOUND"
CONFLICT = "CONFLICT"
EXISTS = "OBJECT_ALREADY_EXISTS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One reason why a row is refused: what HubSpot puts into ``errors[]``."""

    message: str
    code: str | None = None
    property_name: str | None = None
    category: str = VALIDATION
    status: int = 400
    ids: tuple[str, ...] = ()

    @property
    def detail(self) -> Json:
        """The ``ErrorDetail`` of HubSpot's schema."""
        detail: Json = {"message": self.message}
        if self.code is not None:
            detail["code"] = self.code
        if self.property_name is not None:
            detail["context"] = {"propertyName": [self.property_name]}
        return detail


class RefusedError(Exception):
    """The whole request is refused; carries the answer's status, body and headers."""

    def __init__(
        self,
        status: int,
        category: str,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})
        self.body: Json = {"status": "error", "message": message, "category": category, **more}


def invalid(message: str, **more: Any) -> RefusedError:
    """A 400 with the category every validation failure has."""
    return RefusedError(400, VALIDATION, message, **more)


def not_found(message: str) -> RefusedError:
    """A 404 with HubSpot's category."""
    return RefusedError(404, NOT_FOUND, message)


def message_of(problems: Sequence[Problem]) -> str:
    """HubSpot's one-line message; it quotes results as JSON when properties are at fault."""
    if problems[0].property_name is None:
        return problems[0].message
    results = [
        {
            "isValid": False,
            "message": each.message,
            "error": each.code or VALIDATION,
            "name": each.property_name,
            "localizedErrorMessage": each.message,
        }
        for each in problems
    ]
    return f"Property values were not valid: {orjson.dumps(results).decode()}"


def refusal(problems: Sequence[Problem]) -> RefusedError:
    """The answer to a request, or to a whole batch, that fails by one row's problems."""
    first = problems[0]
    more: Json = {}
    if any(each.code or each.property_name for each in problems):
        more["errors"] = [each.detail for each in problems]
    if first.ids:
        more["context"] = {"ids": list(first.ids)}
    return RefusedError(first.status, first.category, message_of(problems), **more)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowError:
    """One entry of a batch answer's ``errors``: the problems of one input."""

    problems: tuple[Problem, ...]
    trace_id: str | None = None
    context: Mapping[str, list[str]] = field(default_factory=dict)

    def to_json(self) -> Json:
        """The ``StandardError`` of HubSpot's schema, all of its required fields present."""
        first = self.problems[0]
        context = dict(self.context)
        if first.ids:
            context["ids"] = list(first.ids)
        if self.trace_id is not None:
            context["objectWriteTraceId"] = [self.trace_id]
        return {
            "status": "error",
            "category": first.category,
            "message": message_of(self.problems),
            "context": context,
            "errors": [each.detail for each in self.problems if each.code or each.property_name],
            "links": {},
        }
