"""Our GraphQL documents and webhook readers against what Shopify publishes of itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import orjson
import pytest
from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    NoDeprecatedCustomRule,
    OperationDefinitionNode,
    SelectionSetNode,
    build_client_schema,
    parse,
    validate,
)

from services.shared.contract.events import (
    Change,
    Event,
    Origin,
    Partition,
    Position,
    Provenance,
)
from services.shared.contract.records import Observation
from services.shared.contract.topics import topic_for
from services.shared.shopify import selections
from services.shared.shopify.ids import record_id_in
from services.shared.shopify.payloads import TOPICS_READ, observations_in
from services.shared.shopify.reads import MOST_PER_PAGE
from tests.support import npm, published_webhooks

pytestmark = pytest.mark.node

_SHOP = "acme.myshopify.com"
_LIMIT = 1_000
_DOCUMENTS = {
    f"{title}.{kind}": document
    for title, documents in (
        ("HYDRATE", selections.HYDRATE),
        ("FURTHER", selections.FURTHER),
        ("LIST", selections.LIST),
    )
    for kind, document in documents.items()
}
_SINCE = {
    "customers/purchasing_summary": "2025-01",
    "customers_whats_app_marketing_consent/update": "2026-07",
    "orders/link_requested": "2026-04",
}
_VERSIONS = (
    *("2023-07", "2023-10", "2024-01", "2024-04", "2024-07", "2024-10"),
    *("2025-01", "2025-04", "2025-07", "2025-10", "2026-01", "2026-04", "2026-07"),
)


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_client_schema(npm.admin_schema(selections.API_VERSION), assume_valid=True)


def fields_in(selected: SelectionSetNode | None) -> Iterator[FieldNode]:
    for each in selected.selections if selected else ():
        if isinstance(each, FieldNode):
            yield each
        elif isinstance(each, InlineFragmentNode):
            yield from fields_in(each.selection_set)


def points(field: FieldNode, ids: int) -> int:
    """Facts 2.4: an object 1, scalars 0, a connection its size times a node."""
    if field.selection_set is None or field.name.value == "pageInfo":
        return 0
    inner = sum(points(each, ids) for each in fields_in(field.selection_set))
    if field.name.value == "nodes" and field.arguments:
        return ids * (1 + inner)
    for argument in field.arguments:
        if argument.name.value == "first":
            # A variable is the size of a page, at most Shopify's 250.
            fixed = argument.value if isinstance(argument.value, IntValueNode) else None
            return 2 + (int(fixed.value) if fixed else MOST_PER_PAGE) * inner
    return 1 + inner


def requested(document: DocumentNode, ids: int) -> int:
    (operation,) = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    return sum(points(each, ids) for each in fields_in(operation.selection_set))


@pytest.mark.parametrize("name", _DOCUMENTS)
def test_a_document_is_valid_in_the_published_schema(schema: GraphQLSchema, name: str) -> None:
    assert validate(schema, parse(_DOCUMENTS[name])) == []


@pytest.mark.parametrize("name", _DOCUMENTS)
def test_a_document_uses_no_deprecated_field(schema: GraphQLSchema, name: str) -> None:
    found = validate(schema, parse(_DOCUMENTS[name]), [NoDeprecatedCustomRule])

    fields = {each.message.split()[2] for each in found}
    # Its successor is a connection of its own for each variant: see the catalogue.
    assert fields <= {"ProductVariant.image"}


@pytest.mark.parametrize("name", _DOCUMENTS)
def test_a_document_asks_for_no_more_than_shopify_allows(name: str) -> None:
    kind = name.partition(".")[2]

    cost = requested(parse(_DOCUMENTS[name]), selections.IDS_PER_CALL[kind])

    assert cost <= 0.95 * _LIMIT, cost


def test_the_cost_counts_what_is_nested() -> None:
    document = parse("query Q($ids: [ID!]!) { nodes(ids: $ids) { ... on Order "
                     "{ id a { b { c } } l(first: 3) { nodes { id p { q } } } } } }")  # fmt: skip

    assert requested(document, 10) == 10 * (1 + 2 + 2 + 3 * 2)


def said_of(topic: str, value: bytes) -> Sequence[Observation]:
    """What the syncer observes in a body, under the key that ingest gives it."""
    place = topic_for(topic)
    event = Event(
        position=Position(Partition(place, 0), 0),
        key=f"{_SHOP}/{place.removeprefix('shopify.')}/{record_id_in(topic, value)}",
        value=value,
        headers={},
        appended_at=datetime(2026, 11, 24, tzinfo=UTC),
    )
    provenance = Provenance(
        shop=_SHOP, origin=Origin.WEBHOOK, change=Change.STATE, shopify_topic=topic
    )
    return observations_in(event, provenance)


@pytest.mark.parametrize(
    ("version", "topic"),
    [
        (version, topic)
        for version in _VERSIONS
        for topic in sorted(TOPICS_READ)
        if version >= _SINCE.get(topic, "")
    ],
)
def test_a_published_sample_is_understood(version: str, topic: str) -> None:
    body = published_webhooks.sample(version, topic)

    observed = said_of(topic, orjson.dumps(body))

    if topic in _STATES:
        assert [each.change for each in observed] == [Change.STATE]
        assert observed[0].updated_at is not None
        assert observed[0].record is not None
        assert observed[0].record.complete_parts
    else:
        assert {each.change for each in observed} == {Change.HINT}
    assert any(each.claims_deletion for each in observed) == topic.endswith(("/delete", "/merge"))


_STATES = frozenset(
    {
        "products/create",
        "products/update",
        "orders/create",
        "orders/updated",
        "orders/paid",
        "orders/fulfilled",
        "orders/partially_fulfilled",
        "orders/cancelled",
        "orders/link_requested",
        "checkouts/create",
        "checkouts/update",
    }
)
