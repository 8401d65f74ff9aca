"""The GraphQL documents we send to Shopify, made from the catalogue.

A query may ask for at most 1,000 points: an object costs 1, a connection its ``first`` times a
node, scalars nothing. The sizes below keep every document under it, with room for
what Shopify may count besides. https://shopify.dev/docs/api/usage/limits
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from services.shared.contract.topics import ObjectType
from services.shared.shopify.catalogue.fields import Field, Selection, selection_of, written
from services.shared.shopify.catalogue.kinds import CATALOGUE, Kind, Parts

API_VERSION: Final = "2026-10"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much of a kind one call asks for: records, parts of each, parts of a further page."""

    ids_per_call: int
    parts: int = 0
    further_parts: int = 0


SIZES: Final[Mapping[str, Sizes]] = MappingProxyType(
    {
        ObjectType.CUSTOMERS: Sizes(ids_per_call=100),
        ObjectType.PRODUCTS: Sizes(ids_per_call=10, parts=15, further_parts=150),
        ObjectType.ORDERS: Sizes(ids_per_call=8, parts=6, further_parts=60),
        ObjectType.CHECKOUTS: Sizes(ids_per_call=6, parts=8, further_parts=50),
    }
)
IDS_PER_CALL: Final[Mapping[str, int]] = MappingProxyType(
    {kind: sizes.ids_per_call for kind, sizes in SIZES.items()}
)
"""How many ids fit into one call of ``HYDRATE``."""


def query_for(kind: str, since: datetime) -> str | None:
    """The search that finds what changed since ``since``, for ``LIST``'s variable ``query``.

    ``None`` for customers: their filter knows whole days only, so they are read newest first down
    to the watermark. Times are quoted, in UTC, in whole seconds rounded down: unquoted ones lose
    their time. Products hide what is not active unless asked.
    https://shopify.dev/docs/api/admin-graphql/latest/queries/customers
    https://shopify.dev/changelog/exclusive-timestamp-filters
    """
    if kind == ObjectType.CUSTOMERS:
        return None
    moment = since.astimezone(UTC).replace(microsecond=0)
    changed = f"updated_at:>='{moment:%Y-%m-%dT%H:%M:%SZ}'"
    if kind == ObjectType.PRODUCTS:
        return f"{changed} AND status:active,archived,draft,unlisted"
    return changed


def gid_of(kind: str, record_id: str) -> str:
    """Shopify's global id of a record: ``gid://shopify/Order/123``."""
    return f"gid://shopify/{CATALOGUE[kind].graphql_type}/{record_id}"


def _selection(fields: Iterable[Field]) -> Selection:
    return selection_of(field.node for field in fields if field.node)


def _page(parts: Parts, first: str) -> str:
    nodes = written({"id": {}, **_selection(parts.fields)})
    return (
        f"{parts.connection}({first}) {{ nodes {{ {nodes} }} "
        "pageInfo { hasNextPage endCursor } }"
    )


def _hydrate(kind: Kind) -> str:
    """``$ids``: global ids; answers ``nodes``, ``null`` for what we can't see."""
    selected = written({"id": {}, **_selection(kind.fields)})
    page = _page(kind.parts, f"first: {SIZES[kind.name].parts}") if kind.parts else ""
    return (
        f"query Hydrate{kind.graphql_type}($ids: [ID!]!) "
        f"{{ nodes(ids: $ids) {{ ... on {kind.graphql_type} {{ {selected} {page} }} }} }}"
    )


def _further(kind: Kind, parts: Parts) -> str:
    """``$id`` and ``$after``, a cursor of ``nodes.cursor_after``; answers ``node``."""
    page = _page(parts, f"first: {SIZES[kind.name].further_parts}, after: $after")
    return (
        f"query Further{kind.graphql_type}($id: ID!, $after: String!) "
        f"{{ node(id: $id) {{ ... on {kind.graphql_type} {{ id updatedAt {page} }} }} }}"
    )


def _list(name: str, arguments: str, nodes: str) -> str:
    declared = "$first: Int!, $after: String" + (
        ", $query: String" if "$query" in arguments else ""
    )
    return (
        f"query Changed{name[0].upper()}{name[1:]}({declared}) "
        f"{{ {name}(first: $first, after: $after, {arguments}) "
        f"{{ nodes {{ {nodes} }} pageInfo {{ hasNextPage endCursor }} }} }}"
    )


HYDRATE: Final[Mapping[str, str]] = MappingProxyType(
    {name: _hydrate(kind) for name, kind in CATALOGUE.items()}
)
"""Reads up to ``IDS_PER_CALL`` records by their global ids."""

FURTHER: Final[Mapping[str, str]] = MappingProxyType(
    {name: _further(kind, kind.parts) for name, kind in CATALOGUE.items() if kind.parts}
)
"""Reads a further page of one record's parts."""

CONNECTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        ObjectType.CUSTOMERS: "customers",
        ObjectType.PRODUCTS: "products",
        ObjectType.ORDERS: "orders",
        ObjectType.CHECKOUTS: "abandonedCheckouts",
    }
)
"""The name under which the answer to ``LIST`` has its page."""

_ARGUMENTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        ObjectType.CUSTOMERS: "sortKey: UPDATED_AT, reverse: true",
        ObjectType.PRODUCTS: "query: $query, sortKey: UPDATED_AT",
        ObjectType.ORDERS: "query: $query, sortKey: UPDATED_AT",
        # No order by time here: page through all that the filter finds.
        ObjectType.CHECKOUTS: "query: $query, sortKey: ID",
    }
)
_LISTED: Final[Mapping[str, str]] = MappingProxyType(
    {ObjectType.CHECKOUTS: "id updatedAt completedAt"}
)
LIST: Final[Mapping[str, str]] = MappingProxyType(
    {
        kind: _list(CONNECTIONS[kind], arguments, _LISTED.get(kind, "id updatedAt"))
        for kind, arguments in _ARGUMENTS.items()
    }
)
"""Lists what changed, a page at a time; ``after`` and, but for customers, ``query``."""

_SURVEYED_PARTS = 100
_PLANNED: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        ObjectType.CUSTOMERS: frozenset({"updated_at", "email"}),
        ObjectType.PRODUCTS: frozenset({"updated_at"}),
        ObjectType.ORDERS: frozenset({"updated_at", "email", "customer_id", "customer_email"}),
        ObjectType.CHECKOUTS: frozenset(
            {"updated_at", "completed_at", "customer_id", "customer_email", "customer_phone"}
        ),
    }
)


def _survey(kind: Kind) -> str:
    """What planning looks at, and no more: a few points a record instead of a hundred."""
    fields = [each for each in kind.fields if each.name in _PLANNED[kind.name]]
    nodes = written({"id": {}, **_selection(fields)})
    if kind.parts and kind.name == ObjectType.PRODUCTS:
        ids_only = Parts(name=kind.parts.name, connection=kind.parts.connection, fields=())
        nodes = f"{nodes} {_page(ids_only, f'first: {_SURVEYED_PARTS}')}"
    return _list(CONNECTIONS[kind.name], _ARGUMENTS[kind.name], nodes)


SURVEY: Final[Mapping[str, str]] = MappingProxyType(
    {name: _survey(kind) for name, kind in CATALOGUE.items()}
)
"""Lists like ``LIST`` with what decides whether and as what a record is written."""
