import itertools

import httpx
import pytest

from sandbox.shopify.actions.customers import change_customer, create_customer
from sandbox.shopify.delivery import RETRY_DELAYS, Deliveries
from sandbox.shopify.shopify import Shopify
from tests.support.virtual_time import in_virtual_time, virtual_now
from tests.support.webhook_receiver import URL
from tests.support.webhook_world import SHOP, gaps, world


@pytest.mark.parametrize("status", [199, 301, 400, 401, 429, 500, 503])
def test_anything_but_2xx_is_tried_again_with_the_same_id_and_body(status: int) -> None:
    async def story() -> None:
        async with world("customers/create") as it:
            it.receiver.will_answer([status] * 2)
            customer = create_customer(it.store, email="ana@example.com")
            change_customer(it.store, customer["id"], email="other@example.com")
            await it.deliveries.idle()

            first, *others = it.receiver.requests
            assert len(others) == 2
            assert {each.body for each in others} == {first.body}
            assert {each.webhook_id for each in others} == {first.webhook_id}
            triggered = {each.headers["x-shopify-triggered-at"] for each in it.receiver.requests}
            assert len(triggered) == 1

    in_virtual_time(story())


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_2xx_settles_a_delivery(status: int) -> None:
    async def story() -> None:
        async with world("customers/create") as it:
            it.receiver.will_answer([status])
            create_customer(it.store, email="ana@example.com")
            await it.deliveries.idle()

            assert len(it.receiver.requests) == 1
            assert it.deliveries.recent[0].outcome == "delivered"

    in_virtual_time(story())


def test_eight_retries_with_growing_delays_take_four_hours() -> None:
    async def story() -> None:
        async with world("customers/create") as it:
            it.receiver.will_answer(itertools.repeat(503))
            create_customer(it.store, email="ana@example.com")
            await it.deliveries.idle()

            delays = gaps([each.at for each in it.receiver.requests])
            assert delays == list(RETRY_DELAYS)
            assert delays == sorted(delays)
            assert len(delays) == 8
            assert sum(delays) == 4 * 60 * 60
            assert it.deliveries.recent[0].outcome == "failed"

    in_virtual_time(story())


def test_the_retry_schedule_can_be_scaled_for_tests_and_demos() -> None:
    async def story() -> None:
        async with world("customers/create") as it:
            it.deliveries.faults.update({"retry_scale": 0.001})
            it.receiver.will_answer([500] * 8)
            create_customer(it.store, email="ana@example.com")
            await it.deliveries.idle()

            assert it.receiver.requests[-1].at == pytest.approx(14.4)
            assert it.deliveries.recent[0].outcome == "delivered"

    in_virtual_time(story())


def test_a_subscription_is_removed_when_all_retries_of_a_delivery_failed() -> None:
    async def story() -> None:
        async with world("customers/create", "customers/update") as it:
            it.receiver.will_answer(itertools.repeat(500))
            create_customer(it.store, email="ana@example.com")
            await it.deliveries.idle()
            assert [each["topic"] for each in it.store.subscriptions] == ["customers/update"]

            it.receiver.will_answer([])
            create_customer(it.store, email="bob@example.com")
            await it.deliveries.idle()
            assert len(it.receiver.requests) == 9

    in_virtual_time(story())


def test_a_success_in_between_keeps_the_subscription() -> None:
    async def story() -> None:
        async with world("customers/create") as it:
            it.receiver.will_answer(itertools.chain([500] * 4, [200], itertools.repeat(500)))
            create_customer(it.store, email="ana@example.com")
            await it.shopify.sleep(500)
            create_customer(it.store, email="bob@example.com")
            await it.deliveries.idle()

            outcomes = [each.outcome for each in it.deliveries.recent]
            assert outcomes == ["failed", "delivered"]
            assert len(it.store.subscriptions) == 1

    in_virtual_time(story())


def test_by_the_stricter_reading_eight_failed_requests_in_a_row_remove_a_subscription() -> None:
    async def story() -> None:
        async with world("customers/create") as it:
            it.deliveries.faults.update({"removal": "requests"})
            it.receiver.will_answer([500] * 7 + [200] + [500] * 7)
            for number in range(15):
                create_customer(it.store, email=f"{number}@example.com")
                await it.shopify.sleep(1)
            assert len(it.store.subscriptions) == 1

            it.receiver.will_answer([500] * 8)
            await it.shopify.sleep(120)
            assert it.store.subscriptions == []

    in_virtual_time(story())


def test_an_app_specific_subscription_survives_its_failures() -> None:
    async def story() -> None:
        async with world() as it:
            it.deliveries.declare(SHOP, URL, ["customers/create"])
            it.receiver.will_answer([500] * 9)
            create_customer(it.store, email="ana@example.com")
            await it.deliveries.idle()
            create_customer(it.store, email="bob@example.com")
            await it.deliveries.idle()

            assert [each.outcome for each in it.deliveries.recent] == ["failed", "delivered"]

    in_virtual_time(story())


def test_an_answer_later_than_five_seconds_is_a_failure() -> None:
    async def story() -> None:
        async with world("customers/create") as it:
            it.receiver.seconds = 5.5
            create_customer(it.store, email="ana@example.com")
            await it.shopify.sleep(6)
            it.receiver.seconds = 4.5
            await it.deliveries.idle()

            first, second = it.deliveries.recent[0].attempts
            assert (first.status, first.problem) == (None, "TimeoutError")
            assert first.seconds == pytest.approx(5.0)
            assert second.status == 200
            assert second.seconds == pytest.approx(4.5)

    in_virtual_time(story())


def test_a_receiver_that_cannot_be_reached_is_a_failure() -> None:
    class Unreachable(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            patience = request.extensions["timeout"]
            assert (patience["connect"], patience["read"]) == (1.0, 5.0)
            raise httpx.ConnectTimeout("no answer within a second", request=request)

    async def story() -> None:
        shopify = Shopify(now=virtual_now)
        store = shopify.open_store(SHOP)
        store.subscriptions.append({"id": "1", "topic": "customers/create", "uri": URL})
        async with Deliveries(shopify, transport=Unreachable()) as deliveries:
            create_customer(store, email="ana@example.com")
            await deliveries.idle()

            problems = [each.problem for each in deliveries.recent[0].attempts]
            assert problems == ["ConnectTimeout"] * 9

    in_virtual_time(story())


def test_deliveries_run_side_by_side_within_a_bound() -> None:
    async def story() -> None:
        async with world("customers/create") as it:
            it.receiver.seconds = 1.0
            for number in range(100):
                create_customer(it.store, email=f"{number}@example.com")
            await it.deliveries.idle()

            assert it.receiver.most_under_way == 20
            assert len(it.receiver.requests) == 100
            assert it.receiver.requests[-1].at == pytest.approx(4.0)

    in_virtual_time(story())


def test_leaving_ends_what_is_under_way() -> None:
    async def story() -> None:
        async with world("customers/create") as it:
            it.receiver.will_answer([500])
            create_customer(it.store, email="ana@example.com")
            await it.shopify.sleep(1)
        create_customer(it.store, email="bob@example.com")
        await it.shopify.sleep(3600)

        assert len(it.receiver.requests) == 1

    in_virtual_time(story())
