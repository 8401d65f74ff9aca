"""From a webhook's body to a record, for versions 2025-10 to 2026-07 alike: by what is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from services.shared.contract.errors import EventAtFaultError
from services.shared.contract.records import Record, Value
from services.shared.contract.topics import ObjectType
from services.shared.shopify.catalogue.checkouts import id_in_body
from services.shared.shopify.catalogue.fields import Reader, reader_for
from services.shared.shopify.catalogue.kinds import CATALOGUE, Kind
from services.shared.shopify.catalogue.products import with_images
from services.shared.shopify.catalogue.reading import ABSURD, id_in


def record_from_body(kind: str, body: Mapping[str, Any]) -> Record:
    """The record a webhook's full body shows.

    Its parts are complete when the body lists them all; Shopify cuts variants at 100 and names the
    rest only in ``variant_gids``, as its published samples show.

    Raises:
        EventAtFaultError: an id is missing, or a value is nothing such a field can hold.
    """
    described = CATALOGUE[kind]
    parts, complete = _parts_in(described, body)
    return Record(
        kind=kind,
        id=id_of(kind, body),
        fields=_READERS[kind](body),
        parts=parts,
        complete_parts=complete,
    )


def id_of(kind: str, body: Mapping[str, Any]) -> str:
    """The record's id in a body: its number, for checkouts else the name's, else the token.

    The number goes before the gid, as it does in ``ids``, which makes the log's key: refunds and
    deletions have the number alone, and published samples round it, so that the two differ there.

    Raises:
        EventAtFaultError: there is none.
    """
    try:
        if kind == ObjectType.CHECKOUTS:
            return id_in_body(body)
        for name in ("id", "admin_graphql_api_id"):
            if body.get(name) is not None:
                return id_in(body[name])
    except ABSURD as problem:
        raise EventAtFaultError("absurd_id", detail=kind) from problem
    raise EventAtFaultError("missing_id", detail=kind)


def line_keys(keys: Sequence[str]) -> tuple[str, ...]:
    """``keys`` made distinct: the second line with one key becomes ``<key>-2``.

    A line without any key is known by its place among such lines, which edits rarely move.
    """
    seen: Counter[str] = Counter()
    distinct: dict[str, None] = {}
    for key in keys:
        found = key
        while not found or found in distinct:
            seen[key] += 1
            found = f"{key or 'line'}-{seen[key] + bool(key)}"
        distinct[found] = None
    return tuple(distinct)


def _parts_in(
    kind: Kind, body: Mapping[str, Any]
) -> tuple[dict[str, tuple[Record, ...]], frozenset[str]]:
    if kind.parts is None:
        return {}, frozenset()
    name = kind.parts.name
    rows = body.get(name)
    if rows is None:
        return {}, frozenset()
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise EventAtFaultError("absurd_value", detail=f"{kind.name}.{name}")
    if kind.name == ObjectType.PRODUCTS:
        rows = with_images(body, rows)
    read = _PART_READERS[kind.name]
    ids = _keys(rows, name) if kind.name == ObjectType.CHECKOUTS else _ids(rows, name)
    records = tuple([_part(name, each, read(row)) for each, row in zip(ids, rows, strict=True)])
    listed = body.get("variant_gids")
    cut = isinstance(listed, list) and len(listed) > len(rows)
    return {name: records}, frozenset() if cut else frozenset({name})


def _part(name: str, part_id: str, fields: dict[str, Value]) -> Record:
    fields["id"] = part_id
    return Record(kind=name, id=part_id, fields=fields)


def _ids(rows: Sequence[Mapping[str, Any]], name: str) -> tuple[str, ...]:
    return tuple(id_of(name, row) for row in rows)


def _keys(rows: Sequence[Mapping[str, Any]], name: str) -> tuple[str, ...]:
    keys = [row.get("key") or "" for row in rows]
    if not all(isinstance(key, str) for key in keys):
        raise EventAtFaultError("absurd_id", detail=name)
    return line_keys(keys)


_READERS: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        name: reader_for(name, kind.fields, lambda field: field.body)
        for name, kind in CATALOGUE.items()
    }
)
_PART_READERS: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        name: reader_for(kind.parts.name, kind.parts.fields, lambda field: field.body)
        for name, kind in CATALOGUE.items()
        if kind.parts
    }
)
