"""Every body the simulator renders, held against what Shopify publishes about it.

The schemas were inferred from samples and from some hundred recorded bodies: what those never
showed, a schema forbids. Such cases are named below, each with its reason, and nothing else.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from sandbox.shopify.model import Change
from sandbox.shopify.payloads import BODIES, encoded, payload_of
from sandbox.shopify.store import Store
from tests.support import published_webhooks, shop_life

pytestmark = pytest.mark.node
VERSIONS = ("2025-10", "2026-07")
FULL_ORDER = r"orders/(create|updated|paid|cancelled|fulfilled|partially_fulfilled)"
CUSTOMER = r"customers/(create|update|enable|disable)"
CHECKOUT = r"checkouts/(create|update)"

NO_EXAMPLE = "no sample or recorded body has one, so the schema was inferred without it"
SELF_CONTRADICTION = "the published sample of this very topic breaks the schema in this place"
NOT_GIVEN = "people leave it out; every recorded body happens to have it"
NO_PERSON = "an order or a checkout without a customer, an email or an address"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exempt:
    """A place (regular expressions, matched whole) where a body may differ, and why."""

    topic: str
    path: str
    reason: str
    versions: tuple[str, ...] = VERSIONS

    def covers(self, topic: str, path: str) -> bool:
        return bool(re.fullmatch(self.topic, topic) and re.fullmatch(self.path, path))


SCHEMA_EXEMPTIONS = (
    Exempt(topic=FULL_ORDER, path=r"\(company\)", reason=SELF_CONTRADICTION, versions=("2025-10",)),
    Exempt(topic=r"checkouts/\w+", path="total_duties", reason=SELF_CONTRADICTION),
    Exempt(topic="order_transactions/create", path="device_id", reason=SELF_CONTRADICTION),
    Exempt(topic=FULL_ORDER, path="refunds", reason=NO_EXAMPLE),
    Exempt(topic="refunds/create", path="refund_shipping_lines", reason=NO_EXAMPLE),
    Exempt(
        topic=FULL_ORDER,
        path=r"fulfillments\[\]\.line_items\[\]\.tax_lines\[\]\.rate",
        reason="inferred as integer from one example at a rate of zero",
    ),
    Exempt(topic="refunds/create", path="note|user_id", reason=NOT_GIVEN),
    Exempt(topic=CUSTOMER, path=r"addresses\[\]\.(address2|company)", reason=NOT_GIVEN),
    Exempt(
        topic=f"{CUSTOMER}|{FULL_ORDER}|{CHECKOUT}",
        path=r".*address(es\[\])?\.(phone|province|province_code)",
        reason=NOT_GIVEN,
    ),
    Exempt(topic=CUSTOMER, path="email|first_name|last_name|note", reason=NOT_GIVEN),
    Exempt(topic=FULL_ORDER, path=r"customer\.(email|first_name|last_name)", reason=NOT_GIVEN),
    Exempt(topic=CUSTOMER, path=r"\(default_address\)", reason=NO_PERSON),
    Exempt(topic=FULL_ORDER, path=r"customer\.\(default_address\)", reason=NO_PERSON),
    Exempt(topic=FULL_ORDER, path="customer|email|contact_email", reason=NO_PERSON),
    Exempt(topic=FULL_ORDER, path="(billing|shipping)_address", reason=NO_PERSON),
    Exempt(topic=CHECKOUT, path=r"\((customer|(billing|shipping)_address)\)", reason=NO_PERSON),
    Exempt(
        topic=FULL_ORDER,
        path=r"line_items\[\]\.(product_id|sku)",
        reason="a custom item is no product; some topics' recorded bodies have none",
    ),
    Exempt(topic="products/(create|update)", path="image", reason="a product without an image"),
)
SAMPLE_EXEMPTIONS = (
    Exempt(topic=CUSTOMER, path=r"default_address", reason=NO_PERSON),
    Exempt(topic=FULL_ORDER, path=r"customer\.default_address", reason=NO_PERSON),
    Exempt(topic=CHECKOUT, path="customer|(billing|shipping)_address", reason=NO_PERSON),
)


@pytest.fixture(scope="module", params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def bodies(version: str) -> list[tuple[str, Any]]:
    """Topic and body of everything that happens in two shop lives."""
    made: list[tuple[str, Any]] = []

    def render(store: Store, change: Change) -> None:
        payload = payload_of(change, store, version)
        made.append((change.topic, json.loads(encoded(payload, store.utc_offset))))

    shop_life.ordinary(render)
    shop_life.awkward(render)
    return made


Findings = set[tuple[str, str, str]]


def unexplained(found: Findings, exemptions: tuple[Exempt, ...]) -> Findings:
    return {
        (topic, path, message)
        for topic, path, message in found
        if not any(
            re.fullmatch(each.topic, topic) and re.fullmatch(each.path, path) for each in exemptions
        )
    }


def schema_findings(bodies: list[tuple[str, Any]], version: str) -> Findings:
    return {
        (topic, path, message)
        for topic, body in bodies
        for path, message in published_webhooks.schema_errors(version, topic, body)
    }


def sample_findings(bodies: list[tuple[str, Any]], version: str) -> Findings:
    return {
        (topic, path, message)
        for topic, body in bodies
        for path, message in published_webhooks.differences(
            body, published_webhooks.sample(version, topic)
        )
    }


def test_a_shop_life_raises_every_topic_the_simulator_knows(
    bodies: list[tuple[str, Any]],
) -> None:
    assert {topic for topic, _ in bodies} == set(BODIES)


def test_every_body_satisfies_the_published_schema(
    bodies: list[tuple[str, Any]], version: str
) -> None:
    assert unexplained(schema_findings(bodies, version), SCHEMA_EXEMPTIONS) == set()


def test_every_body_has_the_keys_and_types_of_the_published_sample(
    bodies: list[tuple[str, Any]], version: str
) -> None:
    assert unexplained(sample_findings(bodies, version), SAMPLE_EXEMPTIONS) == set()


@pytest.mark.parametrize(
    ("findings", "exemptions"),
    [(schema_findings, SCHEMA_EXEMPTIONS), (sample_findings, SAMPLE_EXEMPTIONS)],
)
def test_every_exemption_is_needed(
    bodies: list[tuple[str, Any]],
    version: str,
    findings: Callable[[list[tuple[str, Any]], str], Findings],
    exemptions: tuple[Exempt, ...],
) -> None:
    found = findings(bodies, version)
    asked = [each for each in exemptions if version in each.versions]
    idle = [each for each in asked if unexplained(found, (each,)) == found]
    assert idle == []


def test_where_a_schema_is_said_to_contradict_its_sample_it_does(version: str) -> None:
    samples = [(topic, published_webhooks.sample(version, topic)) for topic in sorted(BODIES)]
    found = schema_findings(samples, version)
    claimed = [each for each in SCHEMA_EXEMPTIONS if each.reason == SELF_CONTRADICTION]
    honest = [
        each
        for each in claimed
        if version not in each.versions or unexplained(found, (each,)) != found
    ]
    assert honest == claimed


def test_orders_have_93_keys_in_the_samples_order_and_checkout_id_only_before_2026_04(
    bodies: list[tuple[str, Any]], version: str
) -> None:
    for topic, body in bodies:
        if re.fullmatch(FULL_ORDER, topic):
            assert list(body) == list(published_webhooks.sample(version, topic))
            assert len(body) == (94 if version == "2025-10" else 93)
            assert ("checkout_id" in body) is (version == "2025-10")


def test_checkouts_have_an_id_only_before_2026_04_and_deleted_ones_never_a_token(
    bodies: list[tuple[str, Any]], version: str
) -> None:
    by_topic = {topic: body for topic, body in bodies if topic.startswith("checkouts/")}

    assert ("id" in by_topic["checkouts/update"]) is (version == "2025-10")
    assert by_topic["checkouts/update"]["token"]
    assert "id" in by_topic["checkouts/delete"]
    assert "token" not in by_topic["checkouts/delete"]


def test_refunds_inside_orders_look_like_refunds_of_their_own(
    bodies: list[tuple[str, Any]], version: str
) -> None:
    refunds = [
        each
        for topic, body in bodies
        if re.fullmatch(FULL_ORDER, topic)
        for each in body["refunds"]
    ]
    sample = published_webhooks.sample(version, "refunds/create")

    assert refunds
    assert [
        each for refund in refunds for each in published_webhooks.differences(refund, sample)
    ] == []


def test_times_carry_the_shops_utc_offset_in_whole_seconds(
    bodies: list[tuple[str, Any]],
) -> None:
    texts = {
        body[name]
        for topic, body in bodies
        if topic.startswith(("orders/", "products/", "checkouts/", "customers/"))
        for name in ("created_at", "updated_at", "processed_at")
        if body.get(name)
    }

    assert texts
    assert {datetime.fromisoformat(each).utcoffset() for each in texts} == {timedelta(hours=-5)}
    assert all(re.fullmatch(r"[\d-]{10}T[\d:]{8}-05:00", each) for each in texts)


def test_the_newer_topics_tell_utc_with_milliseconds(bodies: list[tuple[str, Any]]) -> None:
    texts = {body["occurredAt"] for _, body in bodies if "occurredAt" in body}

    assert texts
    assert all(re.fullmatch(r"[\d-]{10}T[\d:]{8}\.\d{3}Z", each) for each in texts)


def test_customers_carry_no_tags_consents_or_totals(bodies: list[tuple[str, Any]]) -> None:
    gone = {
        "tags",
        "email_marketing_consent",
        "sms_marketing_consent",
        "orders_count",
        "total_spent",
        "last_order_id",
        "last_order_name",
    }
    people = [body for topic, body in bodies if re.fullmatch(CUSTOMER, topic)]
    people += [body["customer"] for _, body in bodies if body.get("customer")]

    assert people
    assert not any(gone & set(each) for each in people)


def test_only_the_first_100_variants_are_sent_in_full(bodies: list[tuple[str, Any]]) -> None:
    *_, body = (
        body for topic, body in bodies if topic == "products/update" and len(body["variants"]) > 3
    )
    gids = body["variant_gids"]
    changed = "changed last, so first in variant_gids, though not among the full ones"

    assert len(body["variants"]) == 100
    assert len(gids) == 150
    assert gids == sorted(gids, key=lambda each: each["updated_at"], reverse=True)
    full = {each["admin_graphql_api_id"] for each in body["variants"]}
    assert gids[0]["admin_graphql_api_id"] not in full, changed
