"""Which body belongs to which topic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.shopify.model import GID_NAMES, Change, Kind, gid
from sandbox.shopify.payloads import checkouts, customers, orders, products, refunds, shops
from sandbox.shopify.payloads.fulfillments import fulfillment
from sandbox.shopify.payloads.protected import ABOUT_NOBODY, without_personal_data
from sandbox.shopify.payloads.shapes import Record
from sandbox.shopify.store import Store

WITHOUT_CHECKOUT_IDS = "2026-04"
"""The first version without ``id`` in checkouts and ``checkout_id`` in orders."""


class UnknownTopicError(LookupError):
    """A topic whose body this simulator does not know; it is never guessed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a body is made from."""

    record: Record
    store: Store
    with_checkout_ids: bool


Body = Callable[[Source], dict[str, Any]]


def _plain(render: Callable[[Record], dict[str, Any]]) -> Body:
    return lambda source: render(source.record)


def _order(source: Source) -> dict[str, Any]:
    return orders.order(source.record, with_checkout_ids=source.with_checkout_ids)


def _checkout(source: Source) -> dict[str, Any]:
    return checkouts.checkout(source.record, with_checkout_ids=source.with_checkout_ids)


def _fulfillment(source: Source) -> dict[str, Any]:
    return fulfillment(source.record, source.store.orders.get(source.record["order_id"]))


BODIES: Mapping[str, Body] = {
    "app/scopes_update": _plain(shops.scopes),
    "app/uninstalled": _plain(shops.shop),
    "bulk_operations/finish": _plain(shops.bulk_operation),
    "checkouts/create": _checkout,
    "checkouts/delete": _plain(checkouts.deleted),
    "checkouts/update": _checkout,
    "customer.tags_added": _plain(customers.tags),
    "customer.tags_removed": _plain(customers.tags),
    "customers/create": _plain(customers.customer),
    "customers/data_request": _plain(shops.as_it_is),
    "customers/delete": _plain(customers.deleted),
    "customers/disable": _plain(customers.customer),
    "customers/enable": _plain(customers.customer),
    "customers/merge": _plain(customers.merged),
    "customers/purchasing_summary": _plain(customers.purchasing_summary),
    "customers/redact": _plain(shops.as_it_is),
    "customers/update": _plain(customers.customer),
    "customers_email_marketing_consent/update": _plain(customers.email_consent),
    "customers_marketing_consent/update": _plain(customers.sms_consent),
    "fulfillments/create": _fulfillment,
    "fulfillments/update": _fulfillment,
    "order_transactions/create": _plain(refunds.transaction),
    "orders/cancelled": _order,
    "orders/create": _order,
    "orders/delete": _plain(products.only_id),
    "orders/edited": _plain(orders.order_edit),
    "orders/fulfilled": _order,
    "orders/paid": _order,
    "orders/partially_fulfilled": _order,
    "orders/updated": _order,
    "products/create": _plain(products.product),
    "products/delete": _plain(products.only_id),
    "products/update": _plain(products.product),
    "refunds/create": _plain(refunds.refund),
    "shop/redact": _plain(shops.as_it_is),
    "shop/update": _plain(shops.shop),
}


def payload_of(change: Change, store: Store, api_version: str) -> dict[str, Any]:
    """The body of ``change.topic`` in ``api_version``; its times are still datetimes.

    Versions before 2026-04 have the shape of 2025-10, later ones that of 2026-07. A store that
    grants no access to protected customer data sends none.
    """
    if change.topic not in BODIES:
        raise UnknownTopicError(change.topic)
    source = Source(
        record=change.record,
        store=store,
        with_checkout_ids=api_version < WITHOUT_CHECKOUT_IDS,
    )
    payload = BODIES[change.topic](source)
    if store.protected_data or change.topic.startswith(ABOUT_NOBODY):
        return payload
    masked: dict[str, Any] = without_personal_data(payload)
    return masked


_SUBJECTS: Mapping[Kind, Callable[[Record], str]] = {
    Kind.CUSTOMER_TAGS: lambda record: gid("Customer", record["customer"]["id"]),
    Kind.CUSTOMER_MERGE: lambda record: gid("Customer", record["kept_id"]),
    Kind.ORDER_EDIT: lambda record: gid("Order", record["order_id"]),
}


def record_id_of(change: Change) -> str:
    """A global id of what changed, to tell the records of one topic apart."""
    if change.kind in _SUBJECTS:
        return _SUBJECTS[change.kind](change.record)
    return gid(GID_NAMES.get(change.kind, "Shop"), change.record.get("id", change.shop))
