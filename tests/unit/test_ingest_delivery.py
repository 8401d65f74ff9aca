from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.delivery import Accepted, Refused, claim_in, event_for, is_proven
from services.ingest.outcomes import Outcome
from services.ingest.stores import StoresInMemory
from services.shared.contract import topics
from services.shared.contract.events import Change, Origin, provenance_in
from services.shared.contract.keys import SourceKey, source_key_in
from tests.support.deliveries import (
    PREVIOUS_SECRET,
    SHOP,
    as_asgi,
    signature,
    signed_headers,
)
from tests.support.running_ingest import ACME

NOW = datetime(2026, 11, 23, 18, 0, 28, 123456, tzinfo=UTC)
BODY = b'{"id": 820982911946154508, "updated_at": "2026-11-23T13:00:27-05:00"}'
SIGNATURE = b"x-shopify-hmac-sha256"

Headers = list[tuple[bytes, bytes]]


def known_stores() -> StoresInMemory:
    stores = StoresInMemory()
    stores.replace([ACME])
    return stores


def decided(headers: Headers, body: bytes, stores: StoresInMemory) -> Accepted | Refused:
    """All steps, one after the other, as ingest takes them."""
    claim = claim_in(headers, stores)
    if isinstance(claim, Refused):
        return claim
    if not is_proven(claim, body):
        return Refused(outcome=Outcome.WRONG_SIGNATURE)
    return event_for(claim, body, NOW)


def accepted(headers: Headers, body: bytes = BODY) -> Accepted:
    decision = decided(headers, body, known_stores())
    assert isinstance(decision, Accepted), decision
    return decision


def refusal(headers: Headers, body: bytes = BODY) -> Outcome:
    decision = decided(headers, body, known_stores())
    assert isinstance(decision, Refused), decision
    return decision.outcome


def with_signature(value: bytes) -> Headers:
    headers = as_asgi(signed_headers(BODY))
    return [(name, value if name == SIGNATURE else given) for name, given in headers]


def test_a_signed_order_becomes_its_event_with_the_body_untouched() -> None:
    event = accepted(as_asgi(signed_headers(BODY))).event

    assert event.topic == "shopify.orders"
    assert source_key_in(event.key) == SourceKey(SHOP, "orders", "820982911946154508")
    assert event.value is BODY
    provenance = provenance_in(event.headers)
    assert provenance.shop == SHOP
    assert provenance.origin is Origin.WEBHOOK
    assert provenance.change is Change.STATE
    assert provenance.shopify_topic == "orders/create"
    assert provenance.api_version == "2026-07"
    assert provenance.webhook_id == "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"
    assert provenance.event_id == "98880550-7158-44d4-b7cd-2c97c8a091b5"
    assert provenance.triggered_at == "2026-11-23T18:00:27.877041743Z"
    assert provenance.received_at == NOW


def test_the_previous_secret_still_counts() -> None:
    headers = signed_headers(BODY, secret=PREVIOUS_SECRET)

    assert accepted(as_asgi(headers)).outcome is Outcome.ACCEPTED


def test_both_families_of_headers_say_the_same() -> None:
    usual = as_asgi(signed_headers(BODY))
    coming = [(name.removeprefix(b"x-"), value) for name, value in usual]

    assert accepted(coming) == accepted(usual)


def test_the_shop_is_known_in_any_case() -> None:
    headers = signed_headers(BODY, shop="ACME.MyShopify.com")

    assert accepted(as_asgi(headers)).event.headers["shop"] == SHOP


@pytest.mark.parametrize(
    ("value", "outcome"),
    [
        (b"", Outcome.EMPTY_SIGNATURE),
        (b"\xc3\xa4" * 22, Outcome.NON_ASCII_SIGNATURE),
        (signature(BODY).encode()[:-4], Outcome.WRONG_LENGTH_SIGNATURE),
        (b"=" * 44, Outcome.MALFORMED_SIGNATURE),
        (signature(b"another body").encode(), Outcome.WRONG_SIGNATURE),
        (signature(BODY, b"another secret").encode(), Outcome.WRONG_SIGNATURE),
    ],
)
def test_a_bad_signature_is_refused_by_its_own_reason(value: bytes, outcome: Outcome) -> None:
    assert refusal(with_signature(value)) is outcome


def test_no_signature_is_refused() -> None:
    headers = [each for each in as_asgi(signed_headers(BODY)) if each[0] != SIGNATURE]

    assert refusal(headers) is Outcome.NO_SIGNATURE


@pytest.mark.parametrize("name", [SIGNATURE, SIGNATURE.removeprefix(b"x-")])
def test_two_signatures_are_refused_even_if_both_are_right(name: bytes) -> None:
    headers = as_asgi(signed_headers(BODY))

    assert refusal([*headers, (name, signature(BODY).encode())]) is Outcome.DOUBLED_SIGNATURE


@pytest.mark.parametrize("shop", ["", "other.myshopify.com", "äcme.myshopify.com", "a/b"])
def test_a_store_we_do_not_know_is_refused_whatever_it_signed(shop: str) -> None:
    assert refusal(as_asgi(signed_headers(BODY, shop=shop))) is Outcome.UNKNOWN_STORE


def test_two_shops_are_none() -> None:
    headers = as_asgi(signed_headers(BODY))

    assert refusal([*headers, (b"x-shopify-shop-domain", SHOP.encode())]) is Outcome.UNKNOWN_STORE


def test_before_the_stores_are_loaded_nobody_is_turned_away_for_good() -> None:
    decision = decided(as_asgi(signed_headers(BODY)), BODY, StoresInMemory())

    assert decision == Refused(outcome=Outcome.STORES_NOT_LOADED)


@pytest.mark.parametrize("topic", ["themes/publish", "", "nonsense", "orders\tcreate", "ä" * 9])
def test_an_unknown_topic_is_kept(topic: str) -> None:
    decision = accepted(as_asgi(signed_headers(BODY, topic=topic)))

    assert decision.outcome is Outcome.ACCEPTED_UNKNOWN_TOPIC
    assert decision.event.topic == topics.UNKNOWN
    assert decision.event.key == f"{SHOP}/unknown/b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"


def test_two_topics_are_none() -> None:
    headers = [*as_asgi(signed_headers(BODY)), (b"x-shopify-topic", b"orders/delete")]

    assert accepted(headers).event.topic == topics.UNKNOWN


@pytest.mark.parametrize("body", [b"", b"not json", b'{"id": 1', b"[]", b'{"no": "id"}'])
def test_a_signed_body_nobody_can_read_is_kept_by_the_delivery_s_id(body: bytes) -> None:
    decision = accepted(as_asgi(signed_headers(body)), body)

    assert decision.outcome is Outcome.ACCEPTED_UNREADABLE
    assert decision.event.topic == "shopify.orders"
    assert decision.event.key == f"{SHOP}/orders/b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"
    assert decision.event.value == body


@pytest.mark.parametrize("delivery_id", ["", "a/b", "x" * 300, "ä"])
def test_without_a_usable_delivery_id_the_key_is_the_same_for_every_retry(delivery_id: str) -> None:
    headers = as_asgi(signed_headers(b"{}") | {"X-Shopify-Webhook-Id": delivery_id})

    first, again = accepted(headers, b"{}"), accepted(headers, b"{}")

    assert first.event.key == again.event.key
    assert source_key_in(first.event.key).id.isalnum()


@pytest.mark.parametrize(
    "topic",
    [
        "app/uninstalled",
        "app/scopes_update",
        "shop/update",
        "shop/redact",
        "customers/redact",
        "customers/data_request",
    ],
)
def test_what_concerns_the_shop_itself_goes_to_the_shops_topic(topic: str) -> None:
    body = b'{"shop_id": 954889, "id": 954889, "customer": {"id": 1}}'

    event = accepted(as_asgi(signed_headers(body, topic=topic)), body).event

    assert event.topic == topics.SHOPS
    assert event.key == f"{SHOP}/shops/954889"


@pytest.mark.parametrize(
    ("topic", "change"),
    [
        ("orders/updated", Change.STATE),
        ("products/update", Change.STATE),
        ("checkouts/update", Change.STATE),
        ("customers/update", Change.STATE),
        ("orders/edited", Change.HINT),
        ("orders/delete", Change.HINT),
        ("refunds/create", Change.HINT),
        ("customers/merge", Change.HINT),
        ("customer.tags_added", Change.HINT),
        ("customers_email_marketing_consent/update", Change.HINT),
    ],
)
def test_only_a_body_that_is_the_whole_record_is_a_state(topic: str, change: Change) -> None:
    event = accepted(as_asgi(signed_headers(BODY, topic=topic))).event

    assert provenance_in(event.headers).change is change


def test_only_a_real_trace_is_carried_on() -> None:
    real = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    headers = as_asgi(signed_headers(BODY))

    assert (
        accepted([*headers, (b"traceparent", real.encode())]).event.headers["traceparent"] == real
    )
    assert "traceparent" not in accepted([*headers, (b"traceparent", b"x")]).event.headers


NAMES = st.sampled_from([name for name, _ in as_asgi(signed_headers(BODY))]) | st.binary()
VALUES = st.sampled_from([value for _, value in as_asgi(signed_headers(BODY))]) | st.binary()


@settings(max_examples=300)
@given(headers=st.lists(st.tuples(NAMES, VALUES)), body=st.binary())
def test_any_headers_and_any_body_get_a_decision(headers: Headers, body: bytes) -> None:
    assert isinstance(decided(headers, body, known_stores()).outcome, Outcome)


@settings(max_examples=300)
@given(headers=st.lists(st.tuples(NAMES, VALUES)), body=st.binary())
def test_whatever_else_the_headers_say_what_is_signed_is_kept_whole(
    headers: Headers, body: bytes
) -> None:
    essential = {SIGNATURE, b"x-shopify-shop-domain"}
    others = [
        each
        for each in headers
        if each[0].removeprefix(b"x-") not in {name.removeprefix(b"x-") for name in essential}
    ]
    proof = [(SIGNATURE, signature(body).encode()), (b"x-shopify-shop-domain", SHOP.encode())]

    event = accepted([*others, *proof], body).event

    assert event.value == body
    assert event.topic in topics.TOPICS
    assert source_key_in(event.key).shop == SHOP
    assert provenance_in(event.headers).shop == SHOP
