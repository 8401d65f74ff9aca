"""A request to the Admin API becomes an answer; every answer here is an HTTP 200."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    build_schema,
    execute,
    get_operation_ast,
    parse,
    validate,
)

from sandbox.shopify.graph.cost import MAX_QUERY_COST, Bucket, actual_cost, requested_cost
from sandbox.shopify.graph.lists import Lists
from sandbox.shopify.graph.roots import mutation_root, query_root
from sandbox.shopify.store import Store

LIMITS = "https://shopify.dev/api/usage/rate-limits"
Answer = dict[str, Any]


@lru_cache(maxsize=1)
def schema() -> GraphQLSchema:
    """The subset of the Admin schema that is served."""
    text = files("sandbox.shopify").joinpath("schema.graphql").read_text("utf-8")
    built = build_schema(text)
    decimal = built.type_map["Decimal"]
    if not isinstance(decimal, GraphQLScalarType):
        raise TypeError("Decimal is a scalar")
    decimal.serialize = decimal_text  # type: ignore[method-assign]  # graphql-core's own way
    return built


def decimal_text(value: Any) -> str:
    """An amount as the API writes it: ``"10.0"`` where webhooks say ``"10.00"``.

    https://shopify.dev/docs/api/admin-graphql/latest/objects/MoneyV2
    """
    digits = format(Decimal(str(value)), "f")
    if "." not in digits:
        return f"{digits}.0"
    whole, _, fraction = digits.partition(".")
    return f"{whole}.{fraction.rstrip('0') or '0'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The body of a call to the API, and the version it is answered in."""

    query: str
    variables: Mapping[str, Any]
    operation_name: str | None
    api_version: str
    supported: Sequence[str]


@lru_cache(maxsize=256)
def _checked(query: str) -> tuple[DocumentNode | None, tuple[Any, ...]]:
    """A document that is valid, or its errors as the API writes them."""
    try:
        document = parse(query)
    except GraphQLSyntaxError as error:
        return None, (_problem(error, "parseError"),)
    errors = validate(schema(), document)
    return (None, tuple(_problem(each, "invalid") for each in errors)) if errors else (document, ())


def _problem(error: GraphQLError, code: str) -> Answer:
    places = [{"line": each.line, "column": each.column} for each in error.locations or ()]
    return {"message": error.message, "locations": places, "extensions": {"code": code}}


def _resolve(source: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:
    value = source[info.field_name]
    return value(**arguments) if callable(value) else value


def _awaits_nothing(_: Any) -> bool:
    return False


class Executor:
    """Executes requests to one store, with its bucket and its sorted lists."""

    def __init__(self, store: Store) -> None:
        self.bucket = Bucket()
        self._store = store
        self._lists = Lists(store)

    def answer(self, request: Request, *, throttled: bool = False) -> Answer:
        """The body of the answer; ``throttled`` has it refused as if the bucket were empty."""
        document, errors = _checked(request.query)
        operation = get_operation_ast(document, request.operation_name) if document else None
        if document is None or operation is None:
            unnamed = {"message": "An operation name is required"}
            return {"errors": list(errors) or [unnamed]}
        try:
            cost = requested_cost(schema(), document, operation, request.variables)
        except (TypeError, ValueError):
            cost = 0  # variables of wrong types: execution says so
        if cost > MAX_QUERY_COST:
            return {"errors": [_too_dear(cost)]}
        now, plan = self._store.now(), self._store.plan
        if throttled or not self.bucket.reserve(cost, plan, now):
            return {"errors": [THROTTLED], "extensions": self._cost(cost, None)}
        answer = self._execute(document, operation, request)
        spent = min(cost, actual_cost(list((answer.get("data") or {}).values())))
        if operation.operation is OperationType.MUTATION:
            spent = cost
        self.bucket.refund(cost - spent)
        return {**answer, "extensions": self._cost(cost, spent)}

    def _execute(
        self, document: DocumentNode, operation: OperationDefinitionNode, request: Request
    ) -> Answer:
        version = request.api_version
        if operation.operation is OperationType.MUTATION:
            root = mutation_root(self._store, version)
        else:
            root = query_root(self._store, self._lists, version, request.supported)
        result = execute(
            schema(),
            document,
            root,
            variable_values=dict(request.variables),
            operation_name=request.operation_name,
            field_resolver=_resolve,
            is_awaitable=_awaits_nothing,
        )
        assert isinstance(result, ExecutionResult)  # noqa: S101 - nothing awaits
        answer: Answer = {"data": result.data}
        if result.errors:
            answer["errors"] = [each.formatted for each in result.errors]
        return answer

    def _cost(self, requested: int, actual: int | None) -> Answer:
        status = self.bucket.status(self._store.plan, self._store.now())
        return {
            "cost": {
                "requestedQueryCost": requested,
                "actualQueryCost": actual,
                "throttleStatus": status,
            }
        }


THROTTLED: Mapping[str, Any] = {
    "message": "Throttled",
    "extensions": {"code": "THROTTLED", "documentation": LIMITS},
}


def _too_dear(cost: int) -> Answer:
    return {
        "message": f"Query cost is {cost}, which exceeds the single query max cost limit "
        f"({MAX_QUERY_COST}).\n\nSee {LIMITS} for more information on how the\ncost of a query is"
        " calculated.",
        "extensions": {
            "code": "MAX_COST_EXCEEDED",
            "cost": cost,
            "maxCost": MAX_QUERY_COST,
            "documentation": LIMITS,
        },
    }
