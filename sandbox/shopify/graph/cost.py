"""What a query costs, and the leaky bucket it is paid from.

Scalars and enums cost 0, an object 1, a connection 2 and its ``first`` or ``last`` times a node, a
list of objects its ``first`` (or the number of ``ids``) times one, a mutation 10. Of fragments on
different types the dearest counts. https://shopify.dev/docs/api/usage/limits
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    get_nullable_type,
    value_from_ast_untyped,
)

MAX_QUERY_COST = 1000
MUTATION_COST = 10
_CONNECTION_COST = 2
_FREE = frozenset({"pageInfo"})

BUCKETS: Mapping[str, tuple[float, float]] = {
    "standard": (2_000.0, 100.0),
    "advanced": (4_000.0, 200.0),
    "plus": (20_000.0, 1_000.0),
    "enterprise": (40_000.0, 2_000.0),
}
"""By plan: what the bucket holds, and what flows back each second."""


@dataclass(frozen=True, slots=True)
class Costs:
    """The cost rules, for one document and its variables."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]

    def of(self, chosen: SelectionSetNode | None, parent: GraphQLNamedType) -> int:
        """The cost of a selection on an object of type ``parent``."""
        own, others = 0, [0]
        for each in chosen.selections if chosen else ():
            if isinstance(each, FieldNode):
                own += self._field(each, parent)
                continue
            inner, on = self._fragment(each)
            cost = self.of(inner, on or parent)
            if on is None or on is parent:
                own += cost
            else:
                others.append(cost)
        return own + max(others)

    def _fragment(self, node: Any) -> tuple[SelectionSetNode, GraphQLNamedType | None]:
        definition = self.fragments[node.name.value] if _is_spread(node) else node
        condition = definition.type_condition
        on = self.schema.get_type(condition.name.value) if condition else None
        return definition.selection_set, on

    def _field(self, node: FieldNode, parent: GraphQLNamedType) -> int:
        name = node.name.value
        if name.startswith("__") or name in _FREE or isinstance(parent, GraphQLUnionType):
            return 0
        assert isinstance(parent, GraphQLObjectType | GraphQLInterfaceType)  # noqa: S101 - validated
        field_type = parent.fields[name].type
        named = get_named_type(field_type)
        if not isinstance(named, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType):
            return 0
        size = self._size(node)
        if named.name.endswith("Connection"):
            return _CONNECTION_COST + (size or 0) * self._node(node.selection_set, named)
        inner = 1 + self.of(node.selection_set, named)
        listed = isinstance(get_nullable_type(field_type), GraphQLList)
        return inner * (1 if size is None or not listed else size)

    def _node(self, chosen: SelectionSetNode | None, connection: GraphQLNamedType) -> int:
        """The cost of one object of a connection: that of its ``nodes`` and ``edges``."""
        assert isinstance(connection, GraphQLObjectType)  # noqa: S101 - validated
        cost = 0
        for each in chosen.selections if chosen else ():
            if not isinstance(each, FieldNode):
                cost += self._node(self._fragment(each)[0], connection)
            elif each.name.value == "nodes":
                cost += self._field(each, connection)
            elif each.name.value == "edges":
                edge = get_named_type(connection.fields["edges"].type)
                cost += self.of(each.selection_set, edge)
        return cost

    def _size(self, node: FieldNode) -> int | None:
        for argument in node.arguments:
            if argument.name.value in ("first", "last", "ids"):
                value = value_from_ast_untyped(argument.value, dict(self.variables))
                if value is not None:
                    return len(value) if isinstance(value, list) else int(value)
        return None


def _is_spread(node: FragmentSpreadNode | InlineFragmentNode) -> bool:
    return isinstance(node, FragmentSpreadNode)


def requested_cost(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
) -> int:
    """The cost reserved for an operation before it runs."""
    fragments = {
        each.name.value: each
        for each in document.definitions
        if isinstance(each, FragmentDefinitionNode)
    }
    root = schema.get_root_type(operation.operation)
    if operation.operation.value == "mutation":
        return MUTATION_COST * len(operation.selection_set.selections)
    return Costs(schema, fragments, variables).of(operation.selection_set, root) if root else 0


def actual_cost(data: Any) -> int:
    """The objects there are in an answer; the wrappers of a connection count 2 in all."""
    if isinstance(data, dict):
        own = _CONNECTION_COST if "nodes" in data or "edges" in data else 1
        own = 0 if "cursor" in data or "hasNextPage" in data else own
        return own + sum(actual_cost(each) for each in data.values())
    return sum(_each(data)) if isinstance(data, list) else 0


def _each(items: Iterable[Any]) -> Iterable[int]:
    return (actual_cost(each) for each in items if isinstance(each, dict | list))


class Bucket:
    """The points an app has at one store: reserved at the start, the difference given back."""

    def __init__(self) -> None:
        self._available: float | None = None
        self._at: datetime | None = None

    def available(self, plan: str, now: datetime) -> float:
        """The points there are now."""
        size, restore = BUCKETS[plan]
        if self._available is None or self._at is None:
            self._available = size
        else:
            gained = (now - self._at).total_seconds() * restore
            self._available = min(size, self._available + max(0.0, gained))
        self._at = now
        return self._available

    def reserve(self, cost: float, plan: str, now: datetime) -> bool:
        """Take ``cost`` points if they are there."""
        if self.available(plan, now) < cost:
            return False
        self._available = (self._available or 0.0) - cost
        return True

    def refund(self, points: float) -> None:
        """Give back what was reserved and not used."""
        self._available = (self._available or 0.0) + points

    def status(self, plan: str, now: datetime) -> dict[str, float]:
        """``throttleStatus``."""
        size, restore = BUCKETS[plan]
        left = int(self.available(plan, now))
        return {"maximumAvailable": size, "currentlyAvailable": left, "restoreRate": restore}
