import base64
import hashlib
import hmac

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.shopify.actions.customers import (
    change_consent,
    change_customer,
    change_tags,
    create_customer,
)
from sandbox.shopify.actions.shops import rotate_secret
from sandbox.shopify.delivery_faults import DeliveryFaults, UnknownFaultError
from tests.support.virtual_time import in_virtual_time
from tests.support.webhook_receiver import Received
from tests.support.webhook_world import World, world


def is_signed(request: Received, secret: str) -> bool:
    mac = hmac.new(secret.encode(), request.body, hashlib.sha256)
    return request.headers["x-shopify-hmac-sha256"] == base64.b64encode(mac.digest()).decode()


def customers(it: World, count: int) -> list[int]:
    return [create_customer(it.store, email=f"{each}@example.com")["id"] for each in range(count)]


def test_no_fault_is_on_by_default() -> None:
    async def story() -> None:
        async with world("customers/create") as it:
            made = customers(it, 20)
            await it.deliveries.idle()

            assert [each.payload["id"] for each in it.receiver.requests] == made
            assert {each.at for each in it.receiver.requests} == {0.0}

    in_virtual_time(story())


def test_a_duplicate_is_the_same_delivery_twice() -> None:
    async def story() -> None:
        async with world("customers/create") as it:
            it.deliveries.faults.update({"duplicate": 1})
            customers(it, 1)
            await it.deliveries.idle()

            first, second = it.receiver.requests
            assert (first.body, first.headers) == (second.body, second.headers)

    in_virtual_time(story())


def test_a_share_is_dropped_or_all() -> None:
    async def story() -> None:
        async with world("customers/create") as it:
            it.deliveries.faults.update({"drop": 0.5})
            customers(it, 200)
            await it.deliveries.idle()
            arrived = len(it.receiver.requests)
            assert 70 < arrived < 130

            it.deliveries.faults.update({"drop": 1})
            create_customer(it.store, email="ana@example.com")
            await it.deliveries.idle()
            assert len(it.receiver.requests) == arrived
            assert it.deliveries.recent[-1].outcome == "dropped"

    in_virtual_time(story())


def test_a_delay_holds_a_share_back() -> None:
    async def story() -> None:
        async with world("customers/create") as it:
            it.deliveries.faults.update({"delay": 0.5, "delay_seconds": 600})
            customers(it, 100)
            await it.deliveries.idle()

            late = [each.at for each in it.receiver.requests if each.at > 0]
            assert 30 < len(late) < 70
            assert max(late) <= 600

    in_virtual_time(story())


def test_reordering_lets_later_deliveries_overtake() -> None:
    async def story() -> None:
        async with world("customers/create") as it:
            it.deliveries.faults.update({"reorder_seconds": 5})
            made = customers(it, 30)
            await it.deliveries.idle()

            arrived = [each.payload["id"] for each in it.receiver.requests]
            assert arrived != made
            assert sorted(arrived) == sorted(made)

    in_virtual_time(story())


def test_a_truncated_body_no_longer_fits_its_signature() -> None:
    async def story() -> None:
        async with world("customers/create") as it:
            it.deliveries.faults.update({"truncate": 1})
            it.receiver.will_answer([401])
            customers(it, 1)
            await it.shopify.sleep(1)
            it.deliveries.faults.update({"truncate": 0})
            await it.deliveries.idle()

            cut, whole = it.receiver.requests
            assert cut.body == whole.body[: len(whole.body) // 2]
            assert cut.headers["content-length"] == str(len(cut.body))
            assert not is_signed(cut, it.store.client_secret)
            assert is_signed(whole, it.store.client_secret)

    in_virtual_time(story())


def test_a_wrong_secret_signs_what_nobody_can_verify() -> None:
    async def story() -> None:
        async with world("customers/create") as it:
            it.deliveries.faults.update({"wrong_secret": 1})
            customers(it, 1)
            await it.deliveries.idle()

            assert not is_signed(it.receiver.requests[0], it.store.client_secret)

    in_virtual_time(story())


def test_after_a_rotation_the_old_secret_signs_for_a_while() -> None:
    async def story() -> None:
        async with world("customers/create") as it:
            it.deliveries.faults.update({"rotation_lag_seconds": 1800})
            rotated = rotate_secret(it.store)
            old, new = rotated["previous_secret"], rotated["client_secret"]
            create_customer(it.store, email="ana@example.com")
            await it.shopify.sleep(1799)
            create_customer(it.store, email="bob@example.com")
            await it.shopify.sleep(2)
            create_customer(it.store, email="eve@example.com")
            await it.deliveries.idle()

            first, second, third = it.receiver.requests
            assert is_signed(first, old)
            assert is_signed(second, old)
            assert is_signed(third, new)

    in_virtual_time(story())


def test_a_burst_lets_go_of_everything_at_once() -> None:
    async def story() -> None:
        async with world("customers/create") as it:
            it.deliveries.faults.update({"burst_seconds": 60})
            for number in range(5):
                create_customer(it.store, email=f"{number}@example.com")
                await it.shopify.sleep(10)
            assert it.receiver.requests == []
            await it.deliveries.idle()

            assert [each.at for each in it.receiver.requests] == pytest.approx([60.0] * 5)

    in_virtual_time(story())


def test_consecutive_changes_of_a_record_become_one_delivery_of_the_newest() -> None:
    async def story() -> None:
        async with world("customers/update") as it:
            ana, bob = customers(it, 2)
            it.deliveries.faults.update({"coalesce_seconds": 5})
            for note in ("one", "two", "three"):
                change_customer(it.store, ana, note=note)
            change_customer(it.store, bob, note="other")
            await it.deliveries.idle()

            notes = [each.payload["note"] for each in it.receiver.requests]
            assert notes == ["three", "other"]

    in_virtual_time(story())


def test_an_identical_payload_within_the_window_is_not_sent_again() -> None:
    async def story() -> None:
        async with world() as it:
            it.subscribe("customers/update", include_fields=["id"])
            (ana,) = customers(it, 1)
            it.deliveries.faults.update({"coalesce_seconds": 5})
            change_customer(it.store, ana, note="one")
            await it.deliveries.idle()
            change_customer(it.store, ana, note="two")
            await it.deliveries.idle()
            assert len(it.receiver.requests) == 1

            await it.shopify.sleep(6)
            change_customer(it.store, ana, note="three")
            await it.deliveries.idle()
            assert len(it.receiver.requests) == 2

    in_virtual_time(story())


def test_differences_are_never_coalesced() -> None:
    async def story() -> None:
        async with world("customer.tags_added") as it:
            (ana,) = customers(it, 1)
            it.deliveries.faults.update({"coalesce_seconds": 5})
            change_tags(it.store, ana, add=["vip"])
            change_tags(it.store, ana, add=["press"])
            await it.deliveries.idle()

            assert [each.payload["tags"] for each in it.receiver.requests] == [["vip"], ["press"]]

    in_virtual_time(story())


def test_a_consent_and_an_update_of_one_customer_are_two_deliveries() -> None:
    async def story() -> None:
        async with world("customers/update", "customers_email_marketing_consent/update") as it:
            (ana,) = customers(it, 1)
            it.deliveries.faults.update({"coalesce_seconds": 5})
            change_consent(it.store, ana, email="subscribed")
            await it.deliveries.idle()

            assert len(set(it.receiver.topics)) == 2

    in_virtual_time(story())


@pytest.mark.parametrize(
    "changes",
    [
        {"no_such_fault": 1},
        {"drop": 1.1},
        {"drop": -0.1},
        {"drop": "all"},
        {"drop": True},
        {"delay_seconds": -1},
        {"removal": "sometimes"},
        {"next_generation_headers": 1},
    ],
)
def test_an_unknown_fault_is_refused_and_nothing_is_set(changes: dict[str, object]) -> None:
    faults = DeliveryFaults()

    with pytest.raises(UnknownFaultError):
        faults.update({"duplicate": 0.5, **changes})

    assert faults == DeliveryFaults()


shares = st.floats(min_value=0, max_value=1)


@settings(max_examples=40, deadline=None)
@given(
    changes=st.fixed_dictionaries(
        {
            "duplicate": shares,
            "delay": shares,
            "drop": shares,
            "truncate": shares,
            "wrong_secret": shares,
            "reorder_seconds": st.integers(0, 100),
            "burst_seconds": st.integers(0, 100),
            "coalesce_seconds": st.integers(0, 100),
        }
    ),
    seed=st.integers(0, 1000),
)
def test_whatever_goes_wrong_the_record_says_truly_what_arrived(
    changes: dict[str, object], seed: int
) -> None:
    async def story() -> None:
        async with world("customers/create", "customers/update", seed=seed) as it:

            def judge(request: Received) -> int:
                return 200 if is_signed(request, it.store.client_secret) else 401

            it.receiver.judge = judge
            it.deliveries.faults.update(changes)
            for number in customers(it, 8):
                change_customer(it.store, number, note="called")
            await it.deliveries.idle()

            accepted = {each.webhook_id for each in it.receiver.requests if judge(each) == 200}
            sent = {each.webhook_id for each in it.receiver.requests}
            recent = it.deliveries.recent
            delivered = {each.message.webhook_id for each in recent if each.outcome == "delivered"}
            failed = {each.message.webhook_id for each in recent if each.outcome == "failed"}
            assert delivered == accepted
            assert failed == sent - accepted
            assert not [each for each in recent if each.outcome == "pending"]

    in_virtual_time(story())
