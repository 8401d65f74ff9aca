"""The id is found in every sample Shopify's topics are published with."""

from __future__ import annotations

import json

import pytest

from services.shared.contract.topics import UNKNOWN, topic_for
from services.shared.shopify.ids import record_id_in
from tests.support.npm import WEBHOOKS

VERSIONS = (
    *("2023-07", "2023-10", "2024-01", "2024-04", "2024-07", "2024-10"),
    *("2025-01", "2025-04", "2025-07", "2025-10", "2026-01", "2026-04", "2026-07"),
)
CUSTOMER, PRODUCT, ORDER = "706405506930370000", "788032119674292900", "820982911946154500"
CHECKOUT, SHOP = "981820079255243500", "548380009"
EXPECTED = {
    **{f"customers/{each}": CUSTOMER for each in ("create", "update", "enable", "disable")},
    "customers/delete": CUSTOMER,
    "customers/merge": "1",
    "customers/purchasing_summary": "1",
    "customer.tags_added": "1",
    "customer.tags_removed": "1",
    "customers_email_marketing_consent/update": CUSTOMER,
    "customers_marketing_consent/update": CUSTOMER,
    "customers_whats_app_marketing_consent/update": CUSTOMER,
    **{f"products/{each}": PRODUCT for each in ("create", "update", "delete")},
    **{f"orders/{each}": ORDER for each in ("create", "updated", "cancelled", "paid", "delete")},
    **{f"orders/{each}": ORDER for each in ("fulfilled", "partially_fulfilled", "link_requested")},
    "orders/edited": ORDER,
    "order_transactions/create": ORDER,
    "refunds/create": ORDER,
    "fulfillments/create": ORDER,
    "fulfillments/update": ORDER,
    "checkouts/delete": CHECKOUT,
    "app/uninstalled": SHOP,
    "app/scopes_update": SHOP,
    "shop/update": SHOP,
    "customers/data_request": "954889",
    "customers/redact": "954889",
    "shop/redact": "954889",
}
# The id, where there still is one; then the number in the name (whose last digits the samples'
# ids have lost to JavaScript).
WITHOUT_ID, NAMED = "2026-04", "981820079255243537"

pytestmark = pytest.mark.node


def sample(version: str, topic: str) -> bytes | None:
    file = WEBHOOKS / "metadatas" / version / f"{topic}.json"
    return json.dumps(json.loads(file.read_bytes())["response"]).encode() if file.exists() else None


@pytest.mark.parametrize("topic", EXPECTED)
def test_the_id_is_found_in_the_published_sample(topic: str) -> None:
    bodies = [body for version in VERSIONS if (body := sample(version, topic))]

    assert bodies
    assert topic_for(topic) != UNKNOWN
    assert {record_id_in(topic, body) for body in bodies} == {EXPECTED[topic]}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("topic", ["checkouts/create", "checkouts/update"])
def test_a_checkout_is_known_by_its_id_or_the_number_in_its_name(version: str, topic: str) -> None:
    body = sample(version, topic)

    assert body is not None
    assert record_id_in(topic, body) == (NAMED if version >= WITHOUT_ID else CHECKOUT)
