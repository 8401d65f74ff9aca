"""Metafields of customers, products, variants and orders."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.shopify.model import Kind, Record, gid
from sandbox.shopify.store import Store

_TOPICS = {
    Kind.CUSTOMER: "customers/update",
    Kind.PRODUCT: "products/update",
    Kind.ORDER: "orders/updated",
}


def _put(store: Store, owner: Record, namespace: str, key: str, value: str | None) -> None:
    known = [
        each for each in owner["metafields"] if (each["namespace"], each["key"]) != (namespace, key)
    ]
    if value is not None:
        number = store.new_id("metafield")
        known.append(
            {
                "id": number,
                "admin_graphql_api_id": gid("Metafield", number),
                "namespace": namespace,
                "key": key,
                "value": value,
                "type": "single_line_text_field",
                "created_at": store.now(),
                "updated_at": store.now(),
            }
        )
    owner["metafields"] = known


def set_metafield(
    store: Store,
    owner: str,
    owner_id: int,
    metafield: Mapping[str, str | None],
    variant_id: int = 0,
) -> Record:
    """Set (or with a null ``value`` remove) one metafield.

    ``owner`` is ``customer``, ``product`` or ``order``; ``metafield`` is ``{namespace, key,
    value}``; ``variant_id`` puts it on a variant of the product. Whether the record's
    ``updated_at`` moves and a webhook comes is the store's ``metafield_edits_bump``.
    """
    kind = Kind(owner)
    record = store.table(kind)[owner_id]
    target = record
    if variant_id:
        target = next(each for each in record["variants"] if each["id"] == variant_id)
    namespace, key = str(metafield["namespace"]), str(metafield["key"])
    with store.action():
        _put(store, target, namespace, key, metafield["value"])
        store.touch(kind, record, bump=store.metafield_edits_bump)
        if store.metafield_edits_bump:
            store.raises(_TOPICS[kind], kind, record)
    return record
