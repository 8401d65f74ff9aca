"""What people do in a simulated store: the records it leaves and the webhooks it raises."""

import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from sandbox.shopify import actions, given
from sandbox.shopify.model import Change, Kind, written
from sandbox.shopify.shopify import Shopify
from sandbox.shopify.store import Store
from tests.support.shopify_calls import Calls, Clock


@pytest.fixture
def store() -> Store:
    return Calls().store


@pytest.fixture
def changes(store: Store) -> list[Change]:
    """The changes since the test began to act."""
    heard: list[Change] = []
    given.product(store, variants=[{"price": "10.00", "sku": "A"}, {"price": "5.00", "sku": "B"}])
    store.listeners.append(heard.append)
    return heard


def topics(changes: list[Change]) -> list[str]:
    return [each.topic for each in changes]


def variants(store: Store) -> list[dict[str, Any]]:
    (product,) = store.products.values()
    found: list[dict[str, Any]] = product["variants"]
    return found


def basket(store: Store, *quantities: int) -> list[dict[str, Any]]:
    return [
        {"variant_id": each["id"], "quantity": quantity}
        for each, quantity in zip(variants(store), quantities, strict=False)
    ]


def test_an_order_by_a_new_customer_raises_every_topic_with_one_event_id(
    store: Store, changes: list[Change]
) -> None:
    actions.place_order(store, lines=basket(store, 1), email="ana@example.com")

    assert topics(changes) == [
        "customers/create",
        "customers/update",
        "customers/purchasing_summary",
        "orders/create",
        "orders/updated",
        "order_transactions/create",
        "orders/paid",
        "products/update",
    ]
    assert len({each.event_id for each in changes}) == 1


def test_a_known_customer_is_found_by_email_whatever_its_case(
    store: Store, changes: list[Change]
) -> None:
    ana = given.customer(store, email="Ana@Example.com")

    order = actions.place_order(store, lines=basket(store, 1), email="ana@example.com")

    assert order["customer_id"] == ana["id"]
    assert (ana["orders_count"], ana["total_spent"]) == (1, "10.00")


@pytest.mark.parametrize(
    ("who", "email", "customers"),
    [
        ({"email": "g@example.com", "guest": True}, "g@example.com", 0),
        ({"guest": True}, None, 0),
        ({"phone": "+491701234567"}, None, 1),
    ],
)
def test_guests_and_people_with_a_phone_only_can_buy(
    store: Store, changes: list[Change], who: dict[str, Any], email: str | None, customers: int
) -> None:
    order = actions.place_order(store, lines=basket(store, 1), **who)

    assert order["email"] == email
    assert len(store.customers) == customers


def test_discounts_are_allocated_to_lines_to_the_cent(store: Store, changes: list[Change]) -> None:
    lines = [{"title": name, "price": "3.33"} for name in "abc"]
    discounts = [{"code": "TEN", "percent": 10}, {"code": "SHIP", "target": "shipping_line"}]

    order = actions.place_order(
        store, lines=lines, discounts=discounts, shipping={"price": "4.90"}, guest=True
    )

    shares = [each["discount_allocations"][0]["amount"] for each in order["line_items"]]
    assert sum(map(Decimal, shares)) == Decimal("1.00")
    assert [each["amount"] for each in order["discount_codes"]] == ["1.00", "4.90"]
    assert (order["subtotal_price"], order["total_discounts"]) == ("8.99", "5.90")
    assert order["total_price"] == "8.99"


def test_taxes_come_on_top_or_are_included_as_the_shop_has_it(store: Store) -> None:
    goods = [{"title": "Lamp", "price": "100.00"}]

    on_top = actions.place_order(store, lines=goods, tax_rate="0.2", guest=True)
    store.taxes_included = True
    included = actions.place_order(store, lines=goods, tax_rate="0.25", guest=True)

    assert (on_top["total_tax"], on_top["total_price"]) == ("20.00", "120.00")
    assert (included["total_tax"], included["total_price"]) == ("20.00", "100.00")


def test_an_order_shows_both_currencies(store: Store) -> None:
    store.presentment_rates["JPY"] = Decimal(150)

    order = actions.place_order(
        store, lines=[{"title": "Mug", "price": "10.00"}], presentment_currency="JPY", guest=True
    )

    assert order["total_price_set"] == {
        "shop_money": {"amount": "10.00", "currency_code": "USD"},
        "presentment_money": {"amount": "1500", "currency_code": "JPY"},
    }


def test_an_edit_moves_the_current_totals_and_keeps_the_ordered_quantity(
    store: Store, changes: list[Change]
) -> None:
    order = actions.place_order(store, lines=basket(store, 3), email="a@example.com")
    changes.clear()
    (line,) = order["line_items"]

    actions.edit_order(
        store,
        order["id"],
        add=[{"title": "Gift", "price": "2.00"}],
        set_quantities={str(line["id"]): 1},
    )

    assert (line["quantity"], line["current_quantity"]) == (3, 1)
    assert (order["total_price"], order["current_total_price"]) == ("32.00", "12.00")
    assert order["original_total_price"] == "30.00"
    edit = next(each for each in changes if each.topic == "orders/edited")
    assert edit.record["line_items"]["removals"] == [{"id": line["id"], "delta": 2}]
    assert [each["delta"] for each in edit.record["line_items"]["additions"]] == [1]
    assert "orders/updated" in topics(changes)


def test_a_partial_refund_gives_back_what_the_lines_cost(
    store: Store, changes: list[Change]
) -> None:
    order = actions.place_order(
        store, lines=basket(store, 2, 1), tax_rate="0.1", email="a@example.com"
    )
    changes.clear()
    line = order["line_items"][0]

    actions.refund(store, order["id"], {str(line["id"]): 1})

    (refund,) = order["refunds"]
    assert refund["transactions"][0]["amount"] == "11.00"
    assert (order["current_total_price"], order["total_price"]) == ("16.50", "27.50")
    assert order["financial_status"] == "partially_refunded"
    assert next(iter(store.customers.values()))["total_spent"] == "16.50"
    assert {"refunds/create", "orders/updated", "customers/purchasing_summary"} <= set(
        topics(changes)
    )


def test_a_full_refund_gives_back_everything_that_was_paid(
    store: Store, changes: list[Change]
) -> None:
    order = actions.place_order(
        store, lines=basket(store, 2), shipping={"price": "5.00"}, guest=True
    )

    actions.refund(store, order["id"])

    assert (order["financial_status"], order["current_total_price"]) == ("refunded", "0.00")
    assert order["refunds"][0]["transactions"][0]["amount"] == "25.00"


def test_a_refund_of_an_amount_alone_changes_no_current_total(store: Store) -> None:
    order = given.order(store, lines=[{"title": "Mug", "price": "10.00"}])

    actions.refund(store, order["id"], amount="3.00")

    assert order["current_total_price"] == "10.00"
    assert order["refunds"][0]["transactions"][0]["amount"] == "3.00"


def test_a_fulfilment_in_two_parts_is_partial_then_whole_then_delivered(
    store: Store, changes: list[Change]
) -> None:
    order = actions.place_order(store, lines=basket(store, 2), guest=True)
    (line,) = order["line_items"]
    changes.clear()

    track = {"number": "1Z", "url": "https://track.example.com/1Z"}
    actions.fulfil(store, order["id"], {str(line["id"]): 1}, tracking=[track])
    assert (order["fulfillment_status"], line["fulfillment_status"]) == ("partial", "partial")
    actions.fulfil(store, order["id"])
    actions.track(store, order["id"], order["fulfillments"][0]["id"], "delivered")

    assert (order["fulfillment_status"], line["fulfillable_quantity"]) == ("fulfilled", 0)
    first = order["fulfillments"][0]
    assert (first["tracking_numbers"], first["shipment_status"]) == (["1Z"], "delivered")
    assert topics(changes) == [
        "orders/updated",
        "fulfillments/create",
        "orders/partially_fulfilled",
        "orders/updated",
        "fulfillments/create",
        "orders/fulfilled",
        "orders/updated",
        "fulfillments/update",
    ]


def test_cancelling_refunds_and_voids(store: Store, changes: list[Change]) -> None:
    paid = actions.place_order(store, lines=basket(store, 1), guest=True)
    pending = actions.place_order(store, lines=basket(store, 1), guest=True, payment="pending")

    actions.cancel(store, paid["id"], "fraud")
    actions.cancel(store, pending["id"], "inventory")

    assert (paid["financial_status"], paid["cancel_reason"]) == ("refunded", "fraud")
    assert (pending["financial_status"], pending["total_outstanding"]) == ("voided", "0.00")
    assert topics(changes).count("orders/cancelled") == 2


def test_a_captured_order_is_paid(store: Store, changes: list[Change]) -> None:
    order = actions.place_order(store, lines=basket(store, 1), guest=True, payment="authorized")
    assert order["financial_status"] == "authorized"

    actions.capture(store, order["id"])

    assert (order["financial_status"], order["total_outstanding"]) == ("paid", "0.00")


def test_a_deleted_order_leaves_the_customer_without_it(
    store: Store, changes: list[Change]
) -> None:
    order = actions.place_order(store, lines=basket(store, 1), email="a@example.com")
    changes.clear()

    actions.delete_order(store, order["id"])

    (customer,) = store.customers.values()
    assert (customer["orders_count"], customer["last_order_id"]) == (0, None)
    assert topics(changes) == ["customers/update", "orders/delete"]
    assert changes[-1].record["id"] == order["id"]


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
