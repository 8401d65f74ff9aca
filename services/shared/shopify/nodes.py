"""From a GraphQL node to a record: the same fields as from a webhook's body."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, Final

from services.shared.contract.errors import EventAtFaultError
from services.shared.contract.records import Record
from services.shared.contract.topics import ObjectType
from services.shared.shopify.bodies import line_keys
from services.shared.shopify.catalogue.fields import Field, Reader, reader_for
from services.shared.shopify.catalogue.kinds import CATALOGUE, Kind
from services.shared.shopify.catalogue.reading import ABSURD, id_in


def record_from_node(
    kind: str, node: Mapping[str, Any], denied: Collection[str] = frozenset()
) -> Record:
    """The record a node shows, as asked for by ``selections``.

    Its parts are complete when the node's page is the last one; otherwise read the further pages
    and put them in with ``joined``. ``denied`` are the paths below the node that the answer's
    ``errors`` name (``email``, ``customer.firstName``): Shopify answers ``null`` for fields the
    app may not see, and those are unknown, not empty.
    https://shopify.dev/docs/apps/launch/protected-customer-data

    Raises:
        EventAtFaultError: an id is missing, or a value is nothing such a field can hold.
    """
    described = CATALOGUE[kind]
    fields = _READERS[kind](node)
    for name in _hidden(described.fields, denied):
        fields.pop(name, None)
    parts, complete = _parts_in(described, node)
    return Record(
        kind=kind, id=_id_of(kind, node), fields=fields, parts=parts, complete_parts=complete
    )


def cursor_after(kind: str, node: Mapping[str, Any]) -> str | None:
    """Where the node's parts go on, for ``selections.FURTHER``; ``None`` when all are there."""
    parts = CATALOGUE[kind].parts
    if parts is None:
        return None
    page = (node.get(parts.connection) or {}).get("pageInfo") or {}
    cursor = page.get("endCursor")
    return cursor if page.get("hasNextPage") is True and isinstance(cursor, str) else None


def joined(
    kind: str, node: Mapping[str, Any], further: Mapping[str, Any] | None
) -> dict[str, Any] | None:
    """``node`` with a further page of its parts put behind those it has.

    ``None`` when the record changed between the two reads, or is gone: read it anew. Only pages
    that show one ``updatedAt`` make a complete list.
    """
    parts = CATALOGUE[kind].parts
    if parts is None or further is None or further.get("updatedAt") != node.get("updatedAt"):
        return None
    connection, more = node[parts.connection], further[parts.connection]
    both = {**more, "nodes": [*connection["nodes"], *more["nodes"]]}
    return {**node, parts.connection: both}


def _id_of(kind: str, node: Mapping[str, Any]) -> str:
    try:
        return id_in(node["id"])
    except ABSURD as problem:
        raise EventAtFaultError("missing_id", detail=kind) from problem


def _parts_in(
    kind: Kind, node: Mapping[str, Any]
) -> tuple[dict[str, tuple[Record, ...]], frozenset[str]]:
    if kind.parts is None or node.get(kind.parts.connection) is None:
        return {}, frozenset()
    name = kind.parts.name
    try:
        connection = node[kind.parts.connection]
        rows = connection["nodes"]
        ids = tuple(_id_of(name, row) for row in rows)
        is_last = connection["pageInfo"]["hasNextPage"] is False
    except ABSURD as problem:
        raise EventAtFaultError("absurd_value", detail=f"{kind.name}.{name}") from problem
    if kind.name == ObjectType.CHECKOUTS:
        ids = line_keys(ids)
    read = _PART_READERS[kind.name]
    records = tuple(
        Record(kind=name, id=each, fields={**read(row), "id": each})
        for each, row in zip(ids, rows, strict=True)
    )
    return {name: records}, frozenset({name}) if is_last else frozenset()


def _hidden(fields: tuple[Field, ...], denied: Collection[str]) -> set[str]:
    """The fields that stand at, below or above a denied path."""
    return {
        field.name
        for field in fields
        for path in denied
        if field.node and _overlap(_plain(field.node.path), path)
    }


def _overlap(one: str, other: str) -> bool:
    return f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")


def _plain(path: str) -> str:
    return ".".join(name.partition("(")[0] for name in path.split("."))


_READERS: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        name: reader_for(name, kind.fields, lambda field: field.node)
        for name, kind in CATALOGUE.items()
    }
)
_PART_READERS: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        name: reader_for(kind.parts.name, kind.parts.fields, lambda field: field.node)
        for name, kind in CATALOGUE.items()
        if kind.parts
    }
)
