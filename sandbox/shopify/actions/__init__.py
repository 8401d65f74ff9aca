"""What people do in a store; each action takes the store and returns the changed record."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sandbox.shopify.actions.checkouts import (
    abandon_checkout,
    change_checkout,
    complete_checkout,
    delete_checkout,
)
from sandbox.shopify.actions.customers import (
    change_consent,
    change_customer,
    change_tags,
    create_customer,
    delete_customer,
    merge_customers,
)
from sandbox.shopify.actions.fulfilments import fulfil, track
from sandbox.shopify.actions.metafields import set_metafield
from sandbox.shopify.actions.ordering import place_order
from sandbox.shopify.actions.orders import (
    change_order,
    close_order,
    delete_order,
    edit_order,
)
from sandbox.shopify.actions.products import (
    add_variant,
    change_product,
    change_variant,
    create_product,
    delete_product,
    delete_variant,
)
from sandbox.shopify.actions.refunds import cancel, capture, refund
from sandbox.shopify.actions.shops import (
    change_scopes,
    change_shop,
    install,
    rotate_secret,
    uninstall,
)
from sandbox.shopify.model import Record

ACTIONS: Mapping[str, Callable[..., Record]] = {
    each.__name__: each
    for each in (
        abandon_checkout,
        add_variant,
        cancel,
        capture,
        change_checkout,
        change_consent,
        change_customer,
        change_order,
        change_product,
        change_scopes,
        change_shop,
        change_tags,
        change_variant,
        close_order,
        complete_checkout,
        create_customer,
        create_product,
        delete_checkout,
        delete_customer,
        delete_order,
        delete_product,
        delete_variant,
        edit_order,
        fulfil,
        install,
        merge_customers,
        place_order,
        refund,
        rotate_secret,
        set_metafield,
        track,
        uninstall,
    )
}

__all__ = [
    "ACTIONS",
    "abandon_checkout",
    "add_variant",
    "cancel",
    "capture",
    "change_checkout",
    "change_consent",
    "change_customer",
    "change_order",
    "change_product",
    "change_scopes",
    "change_shop",
    "change_tags",
    "change_variant",
    "close_order",
    "complete_checkout",
    "create_customer",
    "create_product",
    "delete_checkout",
    "delete_customer",
    "delete_order",
    "delete_product",
    "delete_variant",
    "edit_order",
    "fulfil",
    "install",
    "merge_customers",
    "place_order",
    "refund",
    "rotate_secret",
    "set_metafield",
    "track",
    "uninstall",
]
