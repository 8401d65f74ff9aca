import base64
import hashlib
import hmac
import re

import pytest

from sandbox.shopify import given
from sandbox.shopify.actions.customers import (
    change_customer,
    change_tags,
    create_customer,
    delete_customer,
)
from sandbox.shopify.actions.metafields import set_metafield
from sandbox.shopify.actions.shops import uninstall
from sandbox.shopify.compliance import compliance_change
from sandbox.shopify.subscriptions import UnsupportedFilterError, UnsupportedFormatError
from tests.support.virtual_time import in_virtual_time
from tests.support.webhook_receiver import URL
from tests.support.webhook_world import SHOP, world


def test_a_delivery_carries_every_header_shopify_documents() -> None:
    async def story() -> None:
        async with world() as it:
            it.subscribe("customers/create", name="crm-sync", api_version="2025-10")
            create_customer(it.store, email="ana@example.com")
            await it.deliveries.idle()

            (request,) = it.receiver.requests
            assert request.headers["x-shopify-topic"] == "customers/create"
            assert request.headers["x-shopify-shop-domain"] == SHOP
            assert request.headers["x-shopify-api-version"] == "2025-10"
            assert request.headers["x-shopify-name"] == "crm-sync"
            assert request.headers["content-type"] == "application/json"
            uuid = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
            assert re.fullmatch(uuid, request.headers["x-shopify-webhook-id"])
            assert re.fullmatch(uuid, request.headers["x-shopify-event-id"])
            triggered = request.headers["x-shopify-triggered-at"]
            assert re.fullmatch(r"2026-11-23T10:00:00\.\d{9}Z", triggered)

    in_virtual_time(story())


def test_a_subscription_without_a_name_sends_no_name_header() -> None:
    async def story() -> None:
        async with world("customers/create") as it:
            create_customer(it.store, email="ana@example.com")
            await it.deliveries.idle()

            assert "x-shopify-name" not in it.receiver.requests[0].headers

    in_virtual_time(story())


def test_the_signature_is_over_the_raw_bytes_under_the_apps_secret() -> None:
    async def story() -> None:
        async with world("customers/create") as it:
            create_customer(it.store, email="zoë@example.com", first_name="Zoë")
            await it.deliveries.idle()

            (request,) = it.receiver.requests
            mac = hmac.new(it.store.client_secret.encode(), request.body, hashlib.sha256)
            digest = base64.b64encode(mac.digest()).decode()
            assert request.headers["x-shopify-hmac-sha256"] == digest
            assert "Zoë".encode() in request.body

    in_virtual_time(story())


def test_the_newer_header_family_is_a_switch() -> None:
    async def story() -> None:
        async with world("customers/update") as it:
            it.deliveries.faults.update({"next_generation_headers": True})
            customer = create_customer(it.store, email="ana@example.com")
            change_customer(it.store, customer["id"], note="called")
            await it.deliveries.idle()

            (request,) = it.receiver.requests
            assert not [name for name in request.headers if name.startswith("x-shopify")]
            assert request.headers["shopify-topic"] == "customers/update"
            assert request.headers["shopify-shop-domain"] == SHOP
            assert request.headers["shopify-action"] == "update"
            assert request.headers["shopify-resource-id"] == customer["admin_graphql_api_id"]
            wanted = {"hmac-sha256", "api-version", "event-id", "webhook-id", "triggered-at"}
            assert {f"shopify-{each}" for each in wanted} <= set(request.headers)

    in_virtual_time(story())


def test_one_action_shares_an_event_id_and_every_subscription_has_a_webhook_id_of_its_own() -> None:
    async def story() -> None:
        async with world("customers/create", "CUSTOMER_TAGS_ADDED") as it:
            it.subscribe("CUSTOMERS_CREATE")
            create_customer(it.store, email="ana@example.com", tags=["vip"])
            await it.deliveries.idle()

            requests = it.receiver.requests
            topics = ["customer.tags_added", "customers/create", "customers/create"]
            assert sorted(it.receiver.topics) == topics
            assert len({each.headers["x-shopify-event-id"] for each in requests}) == 1
            assert len({each.webhook_id for each in requests}) == 3

    in_virtual_time(story())


def test_what_happened_before_the_subscription_is_not_sent() -> None:
    async def story() -> None:
        async with world() as it:
            customer = create_customer(it.store, email="ana@example.com")
            it.subscribe("customers/create", "customers/update")
            change_customer(it.store, customer["id"], note="called")
            await it.deliveries.idle()

            assert it.receiver.topics == ["customers/update"]

    in_virtual_time(story())


def test_only_the_fields_asked_for_are_sent() -> None:
    async def story() -> None:
        async with world() as it:
            fields = ["id", "updated_at", "line_items.sku", "customer.id"]
            it.subscribe("orders/create", include_fields=fields)
            given.order(it.store, lines=2)
            await it.deliveries.idle()

            payload = it.receiver.requests[0].payload
            assert set(payload) == {"id", "updated_at", "line_items", "customer"}
            assert [set(line) for line in payload["line_items"]] == [{"sku"}, {"sku"}]
            assert set(payload["customer"]) == {"id"}

    in_virtual_time(story())


def test_metafields_are_sent_when_asked_for_by_namespace_or_by_key() -> None:
    async def story() -> None:
        async with world(metafield_edits_bump=True) as it:
            it.subscribe("customers/update", metafield_namespaces=["crm"])
            it.subscribe("customers/update", metafields=[{"namespace": "loyalty", "key": "tier"}])
            it.subscribe("customers/update")
            number = create_customer(it.store, email="ana@example.com")["id"]
            for namespace, key in (("crm", "score"), ("loyalty", "points"), ("loyalty", "tier")):
                value: dict[str, str | None] = {"namespace": namespace, "key": key, "value": "7"}
                set_metafield(it.store, "customer", number, value)
            await it.deliveries.idle()

            by_crm, by_tier, plain = (each.payload for each in it.receiver.requests[-3:])
            assert [each["key"] for each in by_crm["metafields"]] == ["score"]
            assert [each["key"] for each in by_tier["metafields"]] == ["tier"]
            assert "metafields" not in plain

    in_virtual_time(story())


@pytest.mark.parametrize("options", [{"format": "XML"}, {"filter": "id:1 OR id:2"}])
def test_what_the_simulator_cannot_render_or_judge_is_refused(options: dict[str, str]) -> None:
    async def story() -> None:
        async with world() as it:
            it.subscribe("customers/create", **options)
            with pytest.raises((UnsupportedFormatError, UnsupportedFilterError)):
                create_customer(it.store, email="ana@example.com")

    in_virtual_time(story())


def test_a_filter_lets_only_matching_payloads_through() -> None:
    async def story() -> None:
        async with world() as it:
            it.subscribe("products/create", filter="status:active AND variants.price:>=10.00")
            it.subscribe("products/create", filter="no_such_field:*", name="never")
            given.product(it.store, [{"price": "9.99"}], title="Cheap")
            given.product(it.store, [{"price": "5.00"}, {"price": "12.00"}], title="Fair")
            given.product(it.store, [{"price": "50.00"}], title="Draft", status="draft")
            await it.deliveries.idle()

            assert [each.payload["title"] for each in it.receiver.requests] == ["Fair"]

    in_virtual_time(story())


def test_the_uninstall_is_still_told_to_the_subscriptions_it_removes() -> None:
    async def story() -> None:
        async with world("app/uninstalled", "customers/delete") as it:
            customer = create_customer(it.store, email="ana@example.com")
            uninstall(it.store)
            delete_customer(it.store, customer["id"])
            await it.deliveries.idle()

            assert it.receiver.topics == ["app/uninstalled"]

    in_virtual_time(story())


def test_compliance_topics_reach_app_specific_subscriptions_alone() -> None:
    async def story() -> None:
        async with world() as it:
            it.deliveries.declare(SHOP, URL, ["customers/redact"])
            customer = create_customer(it.store, email="ana@example.com")
            order = given.order(it.store, customer=customer)
            it.deliveries.send(compliance_change(it.store, "customers/redact", customer))
            it.deliveries.send(compliance_change(it.store, "shop/redact"))
            await it.deliveries.idle()

            (request,) = it.receiver.requests
            assert request.payload["shop_domain"] == SHOP
            assert request.payload["orders_to_redact"] == [order["id"]]
            assert it.store.subscriptions == []

    in_virtual_time(story())


def test_without_access_to_protected_data_nobody_can_be_recognised() -> None:
    async def story() -> None:
        async with world("orders/create", "customers/create", protected_data=False) as it:
            person = create_customer(
                it.store,
                email="zoe@example.com",
                phone="+34600000000",
                first_name="Zoë",
                last_name="Quine",
            )
            address = given.address(it.store, first_name="Zoë", address1="Plaza Mayor 1")
            given.order(it.store, customer=person, shipping_address=address)
            await it.deliveries.idle()

            sent = b" ".join(each.body for each in it.receiver.requests).decode()
            for word in ("zoe@", "+34600000000", "Zoë", "Quine", "Plaza Mayor"):
                assert word not in sent
            assert str(person["id"]) in sent

    in_virtual_time(story())


def test_the_same_seed_makes_the_same_requests() -> None:
    async def requests(seed: int) -> list[tuple[bytes, str, float]]:
        async with world("customers/create", "customer.tags_added", seed=seed) as it:
            it.deliveries.faults.update({"duplicate": 0.3, "drop": 0.2, "reorder_seconds": 9})
            for number in range(30):
                customer = create_customer(it.store, email=f"{number}@example.com")
                change_tags(it.store, customer["id"], add=["vip"])
            await it.deliveries.idle()
            return [(each.body, each.webhook_id, each.at) for each in it.receiver.requests]

    first, again = in_virtual_time(requests(7)), in_virtual_time(requests(7))
    assert first == again
    assert first != in_virtual_time(requests(8))
