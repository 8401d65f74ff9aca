"""From one record to another: the views of related records, null where they are gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.shopify.graph.views import View, access_denied
from sandbox.shopify.model import Kind, Record
from sandbox.shopify.store import Store
from sandbox.shopify.webhooks import granted

Maker = Callable[[Store, Record], View]
SCOPES = {
    Kind.CUSTOMER: "read_customers",
    Kind.PRODUCT: "read_products",
    Kind.ORDER: "read_orders",
    Kind.CHECKOUT: "read_orders",
}
_MAKERS: dict[str, Maker] = {}


def makes(kind: str) -> Callable[[Maker], Maker]:
    """Register what makes the view of a kind, so that types may refer to each other."""

    def register(maker: Maker) -> Maker:
        _MAKERS[kind] = maker
        return maker

    return register


def view_of(store: Store, kind: str, record: Record) -> View:
    """The view of a record."""
    return _MAKERS[kind](store, record)


def allow(store: Store, kind: Kind, field: str) -> None:
    """Refuse a field whose scope the app lacks."""
    scope = SCOPES[kind]
    if not granted(store, scope):
        raise access_denied(
            f"Access denied for {field} field. Required access: `{scope}` access scope."
        )


def found(store: Store, kind: Kind, number: int | None) -> View | None:
    """The view of the record with this id, if there is one."""
    if number is None:
        return None
    allow(store, kind, kind)
    record = store.table(kind).get(number)
    return view_of(store, kind, record) if record else None


def variant(store: Store, product_id: int | None, variant_id: int | None) -> View | None:
    """The view of a variant, if it still exists."""
    if product_id is None:
        return None
    allow(store, Kind.PRODUCT, "variant")
    product = store.products.get(product_id)
    if product is None:
        return None
    for each in product["variants"]:
        if each["id"] == variant_id:
            return view_of(store, "variant", each)
    return None


def product_of(view: View) -> Any:
    """``product`` of a line."""
    return found(view.store, Kind.PRODUCT, view.record["product_id"])


def variant_of(view: View) -> Any:
    """``variant`` of a line."""
    return variant(view.store, view.record["product_id"], view.record["variant_id"])


def customer_of(view: View) -> Any:
    """``customer`` of an order or checkout."""
    return found(view.store, Kind.CUSTOMER, view.record["customer_id"])
