"""What a query or mutation starts from: the fields of ``QueryRoot`` and ``Mutation``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphql import GraphQLError

from sandbox.shopify import webhooks
from sandbox.shopify.graph import checkouts, customers, orders, products, shops
from sandbox.shopify.graph.lists import KINDS, Listing, Lists, keys, paged, visible
from sandbox.shopify.graph.paging import bad_request, connection
from sandbox.shopify.graph.reaching import allow, view_of
from sandbox.shopify.model import Kind
from sandbox.shopify.store import Store

VIEWS = (checkouts, customers, orders, products)
"""The modules that make the views of records; importing them registers these."""
Root = Mapping[str, Callable[..., Any]]

_GID = re.compile(r"gid://shopify/(\w+)/(\d+)(\?.*)?")
_KINDS = {
    "Customer": Kind.CUSTOMER,
    "Product": Kind.PRODUCT,
    "Order": Kind.ORDER,
    "AbandonedCheckout": Kind.CHECKOUT,
}


def _read(store: Store, kind: Kind, number: int) -> Any:
    record = store.table(kind).get(number)
    if record is None or (kind is Kind.ORDER and not visible(store, record)):
        return None
    return view_of(store, kind, record)


def _variant(store: Store, number: int) -> Any:
    for product in store.products.values():
        for each in product["variants"]:
            if each["id"] == number:
                return view_of(store, "variant", each)
    return None


def node(store: Store, id: str) -> Any:  # noqa: A002 - the schema's name
    """The object with this global id, null if there is none (or none may be seen)."""
    match = _GID.fullmatch(id)
    if match is None:
        raise GraphQLError(f"Invalid global id '{id}'", extensions={"code": "INVALID_ID"})
    name, number = match[1], int(match[2])
    if name in _KINDS:
        allow(store, _KINDS[name], name)
        return _read(store, _KINDS[name], number)
    if name == "ProductVariant":
        allow(store, Kind.PRODUCT, name)
        return _variant(store, number)
    if name == "WebhookSubscription":
        record = webhooks.find(store, id)
        return view_of(store, "webhook_subscription", record) if record else None
    raise bad_request(f"the sandbox does not serve nodes of type {name}")


def _nodes(store: Store, ids: Sequence[str]) -> list[Any]:
    if len(ids) > 250:  # noqa: PLR2004 - the limit of every input array
        raise GraphQLError(
            f"The input array size of {len(ids)} is greater than the maximum allowed of 250.",
            extensions={"code": "MAX_INPUT_SIZE_EXCEEDED"},
        )
    found: list[Any] = []
    for each in ids:
        try:
            found.append(node(store, each))
        except GraphQLError as error:  # one entry's error is that entry's alone
            found.append(error)
    return found


def _list(store: Store, lists: Lists, name: str, api_version: str) -> Callable[..., Any]:
    kind = KINDS[name]

    def listed(sortKey: str, query: str | None = None, **arguments: Any) -> Any:  # noqa: N803 - the schema's name
        allow(store, kind, name)
        _refuse_saved(arguments)
        listing = Listing(
            name=name,
            query=query,
            sort_key=sortKey,
            reverse=bool(arguments.get("reverse")),
            api_version=api_version,
        )
        return paged(lists.keys(listing), lambda each: _read(store, kind, each), arguments)

    return listed


def _refuse_saved(arguments: Mapping[str, Any]) -> None:
    if arguments.get("savedSearchId"):
        raise bad_request("the sandbox has no saved searches")


def _count(store: Store, lists: Lists, name: str, api_version: str) -> Callable[..., Any]:
    def counted(limit: int | None = 10000, query: str | None = None, **arguments: Any) -> Any:
        allow(store, KINDS[name], name)
        _refuse_saved(arguments)
        listing = Listing(
            name=name, query=query, sort_key="ID", reverse=False, api_version=api_version
        )
        count = len(lists.keys(listing))
        exact = limit is None or count <= limit
        shown = count if limit is None else min(count, limit)
        return {"count": shown, "precision": "EXACT" if exact else "AT_LEAST"}

    return counted


def _feed(store: Store, name: str, api_version: str) -> Callable[..., Any]:
    show = shops.event if name == "events" else shops.deletion

    def fed(sortKey: str, query: str | None = None, **arguments: Any) -> Any:  # noqa: N803 - the schema's name
        records = shops.feed(store)
        if name == "deletionEvents":
            asked = arguments.get("subjectTypes")
            kinds = ("PRODUCT", "COLLECTION") if asked is None else asked
            records = {
                number: each
                for number, each in records.items()
                if each["action"] == "destroy" and each["subject_type"] in kinds
            }
        listing = Listing(
            name=name,
            query=query,
            sort_key=sortKey,
            reverse=bool(arguments.get("reverse")),
            api_version=api_version,
        )
        found = keys(store, listing, [dict(each) for each in records.values()])
        return paged(found, lambda each: show(records[each]), arguments)

    return fed


def _subscriptions(store: Store) -> Callable[..., Any]:
    def listed(
        topics: Sequence[str] | None = None,
        uri: str | None = None,
        format: str | None = None,  # noqa: A002 - the schema's name
        **arguments: Any,
    ) -> Any:
        if arguments.get("query"):
            raise bad_request("the sandbox does not filter webhookSubscriptions by a query")
        address = uri or arguments.get("callbackUrl")
        found = [
            view_of(store, "webhook_subscription", each)
            for each in store.subscriptions
            if (topics is None or each["topic"] in topics)
            and (address is None or each["uri"] == address)
            and (format is None or each["format"] == format)
        ]
        return connection(found, **arguments)

    return listed


def query_root(store: Store, lists: Lists, api_version: str, supported: Sequence[str]) -> Root:
    """The fields of ``QueryRoot``."""

    def one(name: str) -> Callable[..., Any]:
        def read(id: str) -> Any:  # noqa: A002 - the schema's name
            found = node(store, id)
            return found if found is None or found["__typename"] == name else None

        return read

    return {
        **{name: _list(store, lists, name, api_version) for name in KINDS},
        **{f"{name}Count": _count(store, lists, name, api_version) for name in KINDS},
        "node": lambda id: node(store, id),  # noqa: A006 - the schema's name
        "nodes": lambda ids: _nodes(store, ids),
        "order": one("Order"),
        "customer": one("Customer"),
        "product": one("Product"),
        "productVariant": one("ProductVariant"),
        "webhookSubscription": one("WebhookSubscription"),
        "events": _feed(store, "events", api_version),
        "deletionEvents": _feed(store, "deletionEvents", api_version),
        "shop": lambda: shops.shop(store),
        "currentAppInstallation": lambda: shops.installation(store),
        "publicApiVersions": lambda: [shops.api_version(each, supported) for each in supported],
        "webhookSubscriptions": _subscriptions(store),
    }


def mutation_root(store: Store, api_version: str) -> Root:
    """The fields of ``Mutation``."""

    def answered(outcome: Mapping[str, Any]) -> dict[str, Any]:
        record = outcome["record"]
        shown = view_of(store, "webhook_subscription", record) if record else None
        return {"webhookSubscription": shown, "userErrors": outcome["userErrors"]}

    def create(topic: str, webhookSubscription: Mapping[str, Any]) -> Any:  # noqa: N803 - the schema's name
        return answered(webhooks.subscribe(store, topic, webhookSubscription, api_version))

    def update(id: str, webhookSubscription: Mapping[str, Any]) -> Any:  # noqa: A002, N803 - the schema's names
        return answered(webhooks.change(store, id, webhookSubscription))

    def delete(id: str) -> Any:  # noqa: A002 - the schema's name
        outcome = webhooks.unsubscribe(store, id)
        gone = outcome["record"]["admin_graphql_api_id"] if outcome["record"] else None
        return {"deletedWebhookSubscriptionId": gone, "userErrors": outcome["userErrors"]}

    return {
        "webhookSubscriptionCreate": create,
        "webhookSubscriptionUpdate": update,
        "webhookSubscriptionDelete": delete,
    }
