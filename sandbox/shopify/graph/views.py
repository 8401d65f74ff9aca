"""A record as the schema shows it: a mapping whose fields are computed when they are asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from graphql import GraphQLError

from sandbox.shopify.graph.paging import connection
from sandbox.shopify.model import Record, gid
from sandbox.shopify.money import bag
from sandbox.shopify.store import Store

Field = Callable[["View"], Any]
Fields = Mapping[str, Field]


class View(dict[str, Any]):
    """One object of the answer: ``view[name]`` computes a field once, by its type's table.

    A value may be callable: then it takes the field's arguments.
    """

    __slots__ = ("fields", "owner", "protected", "record", "store")

    def __init__(
        self,
        kind: tuple[str, Fields, frozenset[str]],
        store: Store,
        record: Mapping[str, Any],
        owner: Any = None,
    ) -> None:
        name, self.fields, self.protected = kind
        super().__init__(__typename=name)
        self.store = store
        self.record = record
        self.owner = owner

    def __missing__(self, name: str) -> Any:
        """Compute a field, unless the app may not read it."""
        if name in self.protected and not self.store.protected_data:
            raise access_denied(f"This app is not approved to use the {name} field.")
        value = self[name] = self.fields[name](self)
        return value


def access_denied(message: str) -> GraphQLError:
    """The error of a field the app may not read; the field itself is null."""
    docs = "https://shopify.dev/api/usage/access-scopes"
    return GraphQLError(message, extensions={"code": "ACCESS_DENIED", "documentation": docs})


def type_of(
    name: str, fields: Fields, protected: Sequence[str] = ()
) -> tuple[str, Fields, frozenset[str]]:
    """What ``View`` needs to know of a type."""
    return name, fields, frozenset(protected)


def stamp(at: datetime | None) -> str | None:
    """A time as the API writes it: whole seconds, UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def upper(value: str | None) -> str | None:
    """An enum value of a webhook body as GraphQL writes it."""
    return value.upper() if value else None


def money(given: Mapping[str, Any]) -> dict[str, Any]:
    """A ``MoneyV2`` of a ``shop_money``."""
    return {"amount": given["amount"], "currencyCode": given["currency_code"]}


def money_bag(given: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A ``MoneyBag`` of a ``*_set``."""
    if given is None:
        return None
    return {
        "shopMoney": money(given["shop_money"]),
        "presentmentMoney": money(given["presentment_money"]),
    }


def bag_of(order: Mapping[str, Any], amount: Decimal) -> dict[str, Any] | None:
    """A ``MoneyBag`` of an amount in the order's shop currency."""
    return money_bag(bag(order, amount))


def same(name: str) -> Field:
    """A field that is the record's ``name``."""
    return lambda view: view.record[name]


def always(value: Any) -> Field:
    """A field that never differs here."""
    return lambda _: value


def time(name: str) -> Field:
    """A field that is one of the record's times."""
    return lambda view: stamp(view.record[name])


def bag_at(name: str) -> Field:
    """A field that is one of the record's ``*_set``."""
    return lambda view: money_bag(view.record[name])


def enum(name: str) -> Field:
    """A field that is an enum, lower case in the record."""
    return lambda view: upper(view.record[name])


def legacy_id(view: View) -> str:
    """The numeric id, an unsigned 64-bit integer written as text."""
    return str(view.record["id"])


def listed(items: Callable[[View], Sequence[Any]]) -> Field:
    """A field that is a connection over a nested list."""
    return lambda view: partial(connection, items(view))


def cut(items: Callable[[View], Sequence[Any]]) -> Field:
    """A field that is a plain list, shortened by ``first``."""

    def field(view: View) -> Any:
        def shortened(first: int | None = None, **_: Any) -> Sequence[Any]:
            return items(view)[:first]

        return shortened

    return field


def attributes(name: str) -> Field:
    """``customAttributes`` out of ``[{name, value}]``."""
    return lambda view: [
        {"key": each["name"], "value": each["value"]} for each in view.record[name] or ()
    ]


ADDRESS = type_of(
    "MailingAddress",
    {
        "id": lambda view: view.owner,
        "address1": same("address1"),
        "address2": same("address2"),
        "city": same("city"),
        "company": same("company"),
        "coordinatesValidated": always(False),  # noqa: FBT003 - the field's value
        "country": same("country"),
        "countryCode": same("country_code"),
        "countryCodeV2": same("country_code"),
        "firstName": same("first_name"),
        "lastName": same("last_name"),
        "latitude": always(None),
        "longitude": always(None),
        "name": same("name"),
        "phone": same("phone"),
        "province": same("province"),
        "provinceCode": same("province_code"),
        "zip": same("zip"),
        "formatted": lambda view: (
            lambda **_: [
                view.record[each]
                for each in ("name", "address1", "city", "zip")
                if view.record[each]
            ]
        ),
        "formattedArea": lambda view: f"{view.record['city']}, {view.record['country']}",
    },
)


def address(view: View, name: str) -> View | None:
    """A postal address of a record."""
    given = view.record[name]
    if given is None:
        return None
    number = given.get("id") or view.record["id"]
    return View(ADDRESS, view.store, given, gid("MailingAddress", f"{number}?model_name=Address"))


METAFIELD = type_of(
    "Metafield",
    {
        "id": same("admin_graphql_api_id"),
        "legacyResourceId": legacy_id,
        "namespace": same("namespace"),
        "key": same("key"),
        "value": same("value"),
        "jsonValue": same("value"),
        "type": same("type"),
        "description": always(None),
        "ownerType": lambda view: view.owner,
        "compareDigest": lambda view: hashlib.sha256(view.record["value"].encode()).hexdigest(),
        "createdAt": time("created_at"),
        "updatedAt": time("updated_at"),
    },
)


def metafield_fields(owner_type: str) -> dict[str, Field]:
    """``metafield`` and ``metafields`` of an owner."""

    def views(view: View) -> list[View]:
        known = view.record["metafields"]
        return [View(METAFIELD, view.store, each, owner_type) for each in known]

    def one(view: View) -> Any:
        def named(key: str, namespace: str | None = None) -> View | None:
            full = (namespace, key) if namespace else tuple(key.rpartition(".")[::2])
            found = (
                each
                for each in views(view)
                if (each.record["namespace"], each.record["key"]) == full
            )
            return next(found, None)

        return named

    def several(view: View) -> Any:
        def chosen(
            keys: Sequence[str] | None = None, namespace: str | None = None, **page: Any
        ) -> Any:
            items = [
                each
                for each in views(view)
                if (namespace is None or each.record["namespace"] == namespace)
                and (keys is None or f"{each.record['namespace']}.{each.record['key']}" in keys)
            ]
            return connection(items, **page)

        return chosen

    return {"metafield": one, "metafields": several}


def tax_lines(lines: Sequence[Record]) -> list[dict[str, Any]]:
    """``TaxLine`` objects."""
    return [
        {
            "title": each["title"],
            "rate": each["rate"],
            "ratePercentage": each["rate"] * 100,
            "price": each["price"],
            "priceSet": money_bag(each["price_set"]),
            "source": "Shopify",
            "channelLiable": each["channel_liable"],
        }
        for each in lines
    ]
