"""Orders in a simulated store: placed, edited, refunded, fulfilled, cancelled, and their sums."""

from decimal import Decimal
from typing import Any

import pytest

from sandbox.shopify import actions, given
from sandbox.shopify.model import Change
from sandbox.shopify.store import Store
from tests.support.acting import basket, topics


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
