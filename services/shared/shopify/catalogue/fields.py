"""What a line of the catalogue says, and what is derived from it: readers and selections."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from services.shared.contract.errors import EventAtFaultError
from services.shared.contract.records import Value
from services.shared.shopify.catalogue.reading import ABSENT, ABSURD, READERS, Absent, FieldType

Read = Callable[[Any], Value | Absent]
"""From the JSON value at a path (never ``null``) to the field's value, or to "not there"."""

Selection = dict[str, "Selection"]
"""A GraphQL selection set: each field's name, with what is selected inside it."""

_TOKENS = re.compile(r"\w+(?:\([^)]*\))?|[{}]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a field stands: a dotted path from the record, ``""`` being the record itself.

    A ``null`` or ``[]`` anywhere on the path is a known emptiness; a missing key is an unknown
    value. ``read`` makes the value of what is there; without it the field's type does. ``inside``
    is what GraphQL must select below the path's last name.
    """

    path: str
    read: Read | None = None
    inside: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One Shopify field: its name with us, its label, its type, and where the two forms have it.

    ``body`` is its place in a webhook's body, ``node`` in a GraphQL node; ``None``: not there.
    """

    name: str
    label: str
    type: FieldType
    body: Place | None
    node: Place | None


Reader = Callable[[Mapping[str, Any]], dict[str, Value]]
_Row = tuple[str, str, Read]
_WHOLE = "*"


def reader_for(
    kind: str, fields: Iterable[Field], place: Callable[[Field], Place | None]
) -> Reader:
    """A function from one JSON object to its known fields, in the catalogue's order by object.

    Compiled once: rows are grouped by the object they stand in, so that a body is walked once.

    Raises (the returned function):
        EventAtFaultError: ``absurd_value``, naming kind and field, never the value.
    """
    groups = _grouped(fields, place)

    def read(source: Mapping[str, Any]) -> dict[str, Value]:
        values: dict[str, Value] = {}
        name = ""
        try:
            for path, rows in groups:
                inner = _descended(source, path)
                if inner is None:
                    values.update(dict.fromkeys([row[0] for row in rows]))
                    continue
                if inner is ABSENT:
                    continue
                for name, key, convert in rows:
                    value = inner if key == _WHOLE else inner.get(key, ABSENT)
                    if value is None:
                        values[name] = None
                    elif value is not ABSENT:
                        converted = convert(value)
                        if converted is not ABSENT:
                            values[name] = converted
        except ABSURD as problem:
            raise EventAtFaultError("absurd_value", detail=f"{kind}.{name}") from problem
        return values

    return read


def selection_of(places: Iterable[Place]) -> Selection:
    """All that GraphQL must select to find ``places``, each field once."""
    merged: Selection = {}
    for place in places:
        inner = merged
        for name in filter(None, place.path.split(".")):
            inner = inner.setdefault(name, {})
        _merge(inner, _parsed(iter(_TOKENS.findall(place.inside))))
    return merged


def written(selection: Selection) -> str:
    """``selection`` as GraphQL text, without the outer braces."""
    return " ".join(
        f"{name} {{ {written(inner)} }}" if inner else name for name, inner in selection.items()
    )


def _grouped(
    fields: Iterable[Field], place: Callable[[Field], Place | None]
) -> tuple[tuple[tuple[str, ...], tuple[_Row, ...]], ...]:
    groups: dict[tuple[str, ...], list[_Row]] = {}
    for field in fields:
        found = place(field)
        if found is None:
            continue
        *path, key = _keys(found.path)
        groups.setdefault(tuple(path), []).append(
            (field.name, key, found.read or READERS[field.type])
        )
    return tuple((path, tuple(rows)) for path, rows in groups.items())


def _keys(path: str) -> list[str]:
    """The keys on a path; GraphQL's arguments are asked with, not answered."""
    return [name.partition("(")[0] for name in path.split(".")] if path else [_WHOLE]


def _descended(source: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    """The object at ``path``, ``None`` where a ``null`` is on the way, else ``ABSENT``.

    Live stores say ``[]`` of a checkout that has no shipping address.
    """
    inner: Any = source
    for key in path:
        inner = inner.get(key, ABSENT)
        if inner is None or inner is ABSENT:
            return inner
        if inner == []:
            return None
    return inner


def _merge(into: Selection, other: Selection) -> None:
    for name, inner in other.items():
        _merge(into.setdefault(name, {}), inner)


def _parsed(tokens: Iterator[str]) -> Selection:
    found: Selection = {}
    last = found
    for token in tokens:
        if token == "}":  # noqa: S105  # a brace, not a password
            break
        if token == "{":  # noqa: S105  # the same
            last.update(_parsed(tokens))
        else:
            last = found.setdefault(token, {})
    return found


def field(
    name: str, kind: FieldType, label: str, body: str | Place | None, node: str | Place | None
) -> Field:
    """A line of a table; a bare path stands for a place that the field's type can read."""
    return Field(name=name, type=kind, label=label, body=_place(body), node=_place(node))


def _place(where: str | Place | None) -> Place | None:
    return Place(path=where) if isinstance(where, str) else where
