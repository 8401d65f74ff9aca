"""What people do in a simulated store, and what holds of everything they do."""

import random
from collections.abc import Callable
from decimal import Decimal

import pytest

from sandbox.shopify import actions, given
from sandbox.shopify.model import Change, Kind, written
from sandbox.shopify.shopify import Shopify
from sandbox.shopify.store import Store
from tests.support.acting import basket, topics
from tests.support.shopify_calls import Clock


def test_a_merge_moves_orders_and_names_both_customers(store: Store, changes: list[Change]) -> None:
    kept, gone = given.customer(store, tags="vip"), given.customer(store, tags="b2b", phone="+1")
    order = given.order(store, lines=basket(store, 1), customer=gone)
    changes.clear()

    actions.merge_customers(store, kept["id"], gone["id"])

    assert (order["customer_id"], kept["tags"], kept["phone"]) == (kept["id"], "b2b, vip", "+1")
    assert kept["orders_count"] == 1
    merge = next(each for each in changes if each.kind is Kind.CUSTOMER_MERGE)
    assert (merge.record["kept_id"], merge.record["deleted_id"]) == (kept["id"], gone["id"])
    assert {"customers/merge", "customers/delete", "customers/update"} <= set(topics(changes))


def test_tags_and_consents_have_their_own_topics(store: Store, changes: list[Change]) -> None:
    ana = given.customer(store, tags="a, b", phone="+4917")
    before = ana["updated_at"]
    changes.clear()

    actions.change_tags(store, ana["id"], add=["c"], remove=["a"])
    assert (ana["tags"], ana["updated_at"]) == ("b, c", before)
    actions.change_consent(store, ana["id"], email="subscribed", sms="unsubscribed")

    assert topics(changes) == [
        "customer.tags_added",
        "customer.tags_removed",
        "customers_email_marketing_consent/update",
        "customers_marketing_consent/update",
        "customers/update",
    ]
    assert ana["email_marketing_consent"]["state"] == "subscribed"


def test_an_enabled_customer_says_so(store: Store, changes: list[Change]) -> None:
    ana = given.customer(store)
    changes.clear()

    actions.change_customer(store, ana["id"], state="enabled")

    assert topics(changes) == ["customers/update", "customers/enable"]


def test_a_product_created_is_also_updated_and_its_variants_change(
    store: Store, changes: list[Change]
) -> None:
    product = given.product(store, variants=2)
    assert topics(changes) == ["products/create", "products/update"]
    changes.clear()

    actions.add_variant(store, product["id"], price="7.00", option1="XL")
    actions.change_variant(store, product["variants"][0]["id"], price="8.00")
    actions.delete_variant(store, product["variants"][1]["id"])
    actions.change_product(store, product["id"], status="archived")
    actions.delete_product(store, product["id"])

    assert topics(changes) == ["products/update"] * 4 + ["products/delete"]
    assert [each["position"] for each in product["variants"]] == [1, 2]


def test_an_abandoned_checkout_is_completed_into_an_order(
    store: Store, changes: list[Change]
) -> None:
    checkout = actions.abandon_checkout(store, lines=basket(store, 1), email="a@example.com")
    actions.change_checkout(store, checkout["id"], lines=basket(store, 2))
    assert (checkout["completed_at"], checkout["total_price"]) == (None, "20.00")

    order = actions.complete_checkout(store, checkout["id"])

    assert order["checkout_token"] == checkout["token"]
    assert checkout["completed_at"] is not None
    assert checkout["name"] == f"#{checkout['id']}"
    assert checkout["token"] in checkout["abandoned_checkout_url"]
    last = [each for each in changes if each.topic == "checkouts/update"][-1]
    assert last.record["completed_at"] == checkout["completed_at"]
    actions.delete_checkout(store, checkout["id"])
    assert changes[-1].topic == "checkouts/delete"


@pytest.mark.parametrize("bumps", [False, True])
def test_a_metafield_edit_moves_updated_at_only_where_that_is_set(
    store: Store,
    changes: list[Change],
    bumps: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    store.metafield_edits_bump = bumps
    ana = given.customer(store)
    before = ana["updated_at"]
    changes.clear()

    color = {"namespace": "custom", "key": "color", "value": "red"}
    actions.set_metafield(store, "customer", ana["id"], color)

    assert (ana["updated_at"] > before) is bumps
    assert topics(changes) == (["customers/update"] if bumps else [])
    assert ana["metafields"][0]["value"] == "red"


def test_updated_at_keeps_fractions_inside_and_whole_seconds_outside(store: Store) -> None:
    ana = given.customer(store)

    actions.change_customer(store, ana["id"], note="again")

    assert ana["updated_at"].microsecond == 1
    assert b'"updated_at":"2026-11-23T10:00:00Z"' in written(ana)


def test_a_snapshot_does_not_change_afterwards(store: Store, changes: list[Change]) -> None:
    order = actions.place_order(store, lines=basket(store, 1), email="a@example.com")
    actions.change_order(store, order["id"], note="later")

    first = next(each for each in changes if each.topic == "orders/create")
    assert first.record["note"] is None
    assert first.record["customer"]["email"] == "a@example.com"


def test_an_action_that_fails_raises_no_webhook(store: Store, changes: list[Change]) -> None:
    order = actions.place_order(store, lines=basket(store, 1), guest=True)
    changes.clear()

    with pytest.raises(ValueError, match="not that much"):
        actions.refund(store, order["id"], {str(order["line_items"][0]["id"]): 5})

    assert changes == []


@pytest.mark.parametrize(
    "refused",
    [
        actions.place_order,
        actions.abandon_checkout,
        lambda store: actions.change_customer(store, given.customer(store)["id"], orders_count=3),
        lambda store: actions.change_product(store, given.product(store)["id"], price="1"),
        lambda store: actions.create_customer(store, email=given.customer(store)["email"]),
        lambda store: actions.delete_customer(store, given.order(store)["customer_id"]),
    ],
)
def test_what_shopify_would_not_allow_is_refused(
    store: Store, refused: Callable[[Store], object]
) -> None:
    with pytest.raises(ValueError, match=r".+"):
        refused(store)


def story(seed: int) -> bytes:
    clock = Clock()
    store = Shopify(now=clock, seed=seed).open_store("acme.myshopify.com")
    chance = random.Random(seed)
    for _ in range(20):
        clock.passes(seconds=chance.randrange(1, 100))
        order = given.order(store, lines=chance.randrange(1, 4), tax_rate="0.19")
        if chance.random() < 0.5:
            actions.fulfil(store, order["id"])
        if chance.random() < 0.5:
            actions.cancel(store, order["id"])
    return written(store.records())


def test_the_same_seed_tells_the_same_story() -> None:
    assert story(3) == story(3)
    assert story(3) != story(4)


def test_ids_are_long_and_unique(store: Store) -> None:
    given.order(store, lines=3)
    ids = [each["id"] for kind in store.records().values() for each in kind]

    assert len(set(ids)) == len(ids)
    assert all(each >= 10**12 for each in ids)


def test_totals_stay_consistent_through_any_history(store: Store) -> None:
    chance = random.Random(11)
    for _ in range(60):
        order = given.order(
            store,
            lines=chance.randrange(1, 4),
            tax_rate=chance.choice(["0", "0.07", "0.19"]),
            shipping={"price": "4.90"},
            discounts=[{"code": "X", "percent": chance.randrange(0, 50)}],
        )
        for line in order["line_items"]:
            left = chance.randrange(0, line["current_quantity"] + 1)
            actions.edit_order(store, order["id"], set_quantities={str(line["id"]): left})
        actions.refund(store, order["id"])

        assert Decimal(order["current_total_price"]) == 0
        refunded = [each["amount"] for each in order["refunds"][-1]["transactions"]]
        assert sum(map(Decimal, refunded)) == Decimal(order["transactions"][0]["amount"])
        assert order["total_outstanding"] == "0.00"
