from __future__ import annotations

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLSchema,
    NoDeprecatedCustomRule,
    build_client_schema,
    parse,
    specified_rules,
    validate,
)

from services.cli.examining_shopify import PROTECTED_DOCUMENT
from services.shared.shopify.admin import API_VERSION
from services.shared.shopify.selections import LIST, SURVEY
from services.shared.shopify.shops import SHOP_DOCUMENT
from services.shared.shopify.subscriptions import (
    CREATE_DOCUMENT,
    SUBSCRIPTIONS_DOCUMENT,
    WANTED_TOPICS,
)
from tests.support import npm

pytestmark = [pytest.mark.node, pytest.mark.xdist_group("shopify_schema")]


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_client_schema(npm.admin_schema(API_VERSION), assume_valid=True)


@pytest.mark.parametrize(
    "document",
    [
        SHOP_DOCUMENT,
        SUBSCRIPTIONS_DOCUMENT,
        CREATE_DOCUMENT,
        PROTECTED_DOCUMENT,
        *LIST.values(),
        *SURVEY.values(),
    ],
)
def test_our_documents_are_valid_in_the_version_we_ask_for(
    schema: GraphQLSchema, document: str
) -> None:
    rules = [*specified_rules, NoDeprecatedCustomRule]

    assert validate(schema, parse(document), rules) == []


def test_every_topic_we_want_can_be_subscribed(schema: GraphQLSchema) -> None:
    topics = schema.type_map["WebhookSubscriptionTopic"]

    assert isinstance(topics, GraphQLEnumType)
    assert {topic.name for topic in WANTED_TOPICS} <= set(topics.values)
