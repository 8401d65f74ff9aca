"""By what each list can be filtered; any other field is refused."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.shopify.graph.paging import bad_request
from sandbox.shopify.graph.search import (
    Make,
    Reading,
    Term,
    Test,
    equals_only,
    flag_test,
    number_test,
    of,
    of_time,
    tag_test,
    terms_of,
    text_test,
)


def _order_status(term: Term, _: Reading) -> Test:
    tests: Mapping[str, Test] = {
        "any": lambda _: True,
        "open": lambda record: not record["closed_at"] and not record["cancelled_at"],
        "not_closed": lambda record: not record["closed_at"],
        "closed": lambda record: bool(record["closed_at"]),
        "cancelled": lambda record: bool(record["cancelled_at"]),
    }
    return _any_of(tests, term)


def _any_of(tests: Mapping[str, Test], term: Term) -> Test:
    wanted = equals_only(term)
    if unknown := set(wanted) - set(tests):
        raise bad_request(f"no such {term.field}: {', '.join(sorted(unknown))}")
    chosen = [tests[each] for each in wanted]
    return lambda record: any(test(record) for test in chosen)


def _fulfillment(term: Term, _: Reading) -> Test:
    tests: Mapping[str, Test] = {
        "unfulfilled": lambda record: record["fulfillment_status"] is None,
        "unshipped": lambda record: record["fulfillment_status"] is None,
        "partial": lambda record: record["fulfillment_status"] == "partial",
        "fulfilled": lambda record: record["fulfillment_status"] == "fulfilled",
        "shipped": lambda record: record["fulfillment_status"] == "fulfilled",
    }
    return _any_of(tests, term)


def _recovery(term: Term, _: Reading) -> Test:
    tests: Mapping[str, Test] = {
        "recovered": lambda record: bool(record["completed_at"]),
        "not_recovered": lambda record: not record["completed_at"],
    }
    return _any_of(tests, term)


def _checkout_status(term: Term, _: Reading) -> Test:
    tests: Mapping[str, Test] = {
        "open": lambda record: not record["closed_at"],
        "closed": lambda record: bool(record["closed_at"]),
    }
    return _any_of(tests, term)


def _sku(term: Term, _: Reading) -> Test:
    wanted = equals_only(term)
    return lambda record: any((e["sku"] or "").lower() in wanted for e in record["variants"])


FILTERS: Mapping[str, Mapping[str, Make]] = {
    "orders": {
        "id": of(number_test, "id"),
        "name": of(text_test, "name"),
        "created_at": of_time("created_at"),
        "updated_at": of_time("updated_at"),
        "processed_at": of_time("processed_at"),
        "status": _order_status,
        "financial_status": of(text_test, "financial_status"),
        "fulfillment_status": _fulfillment,
        "email": of(text_test, "email"),
        "customer_id": of(number_test, "customer_id"),
        "checkout_token": of(text_test, "checkout_token"),
        "cart_token": of(text_test, "cart_token"),
        "tag": of(tag_test, "tags"),
        "test": of(flag_test, "test"),
    },
    "customers": {
        "id": of(number_test, "id"),
        "email": of(text_test, "email"),
        "phone": of(text_test, "phone"),
        "state": of(text_test, "state"),
        "tag": of(tag_test, "tags"),
        "orders_count": of(number_test, "orders_count"),
        "customer_date": of_time("created_at"),
        "updated_at": of_time("updated_at"),
    },
    "products": {
        "id": of(number_test, "id"),
        "title": of(text_test, "title"),
        "handle": of(text_test, "handle"),
        "vendor": of(text_test, "vendor"),
        "product_type": of(text_test, "product_type"),
        "status": of(text_test, "status"),
        "sku": _sku,
        "tag": of(tag_test, "tags"),
        "created_at": of_time("created_at"),
        "updated_at": of_time("updated_at"),
    },
    "abandonedCheckouts": {
        "id": of(number_test, "id"),
        "created_at": of_time("created_at"),
        "updated_at": of_time("updated_at"),
        "status": _checkout_status,
        "recovery_state": _recovery,
    },
    "events": {
        "id": of(number_test, "id"),
        "action": of(text_test, "action"),
        "subject_type": of(text_test, "subject_type"),
        "created_at": of_time("at"),
    },
    "deletionEvents": {"id": of(number_test, "id"), "occurred_at": of_time("at")},
}


def test_of(name: str, query: str | None, reading: Reading) -> Test:
    """What a record must pass to be in the list ``name`` filtered by ``query``."""
    makers = FILTERS[name]
    alternatives = []
    for terms in terms_of(query or ""):
        if unknown := {term.field for term in terms} - set(makers):
            fields = ", ".join(sorted(unknown))
            raise bad_request(f"the sandbox does not filter {name} by {fields}")
        alternatives.append([makers[term.field](term, reading) for term in terms])
    return lambda record: any(all(test(record) for test in tests) for tests in alternatives)
