"""What a webhook subscription asks for: which topic, which fields, which payloads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_TERM = re.compile(r"""(?P<path>[\w.]+):(?P<sign>[<>]?=?)(?P<value>"[^"]*"|'[^']*'|\S+)""")


class UnsupportedFilterError(ValueError):
    """A filter beyond terms joined by AND; it is refused rather than guessed."""


class UnsupportedFormatError(ValueError):
    """A body in a format other than JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A subscription; ``id`` is None for an app-specific one, which failures never remove."""

    id: str | None
    topic: str
    url: str
    api_version: str
    include_fields: tuple[str, ...] = ()
    metafield_namespaces: tuple[str, ...] = ()
    metafields: tuple[tuple[str, str], ...] = ()
    filter: str = ""
    name: str | None = None


def subscription_of(record: Mapping[str, Any], api_version: str) -> Subscription:
    """The subscription a store's record describes.

    ``api_version`` counts where the record has none. Which version a shop-specific subscription
    has is disputed among Shopify's pages: that of the request that made it, or the app's.
    """
    if record.get("format", "JSON") != "JSON":
        raise UnsupportedFormatError(record["format"])
    return Subscription(
        id=str(record["id"]),
        topic=record["topic"],
        url=record["uri"],
        api_version=record.get("api_version") or api_version,
        include_fields=tuple(record.get("include_fields") or ()),
        metafield_namespaces=tuple(record.get("metafield_namespaces") or ()),
        metafields=tuple(
            (each["namespace"], each["key"]) for each in record.get("metafields") or ()
        ),
        filter=record.get("filter") or "",
        name=record.get("name"),
    )


def is_for(subscription: Subscription, topic: str) -> bool:
    """Whether it is for ``topic``, given as ``orders/create`` or as ``ORDERS_CREATE``."""
    return _enumerated(subscription.topic) == _enumerated(topic)


def _enumerated(topic: str) -> str:
    return re.sub(r"[/.]", "_", topic).upper()


def asked_for(subscription: Subscription, payload: dict[str, Any], record: Any) -> dict[str, Any]:
    """The payload with the metafields asked for, cut down to the fields asked for."""
    if subscription.metafield_namespaces or subscription.metafields:
        payload = {**payload, "metafields": _metafields(subscription, record)}
    if not subscription.include_fields:
        return payload
    cut: dict[str, Any] = _cut(payload, [path.split(".") for path in subscription.include_fields])
    return cut


def _metafields(subscription: Subscription, record: Mapping[str, Any]) -> list[Any]:
    return [
        each
        for each in record.get("metafields") or ()
        if each["namespace"] in subscription.metafield_namespaces
        or (each["namespace"], each["key"]) in subscription.metafields
    ]


def _cut(value: Any, paths: list[list[str]]) -> Any:
    if isinstance(value, list):
        return [_cut(each, paths) for each in value]
    if not isinstance(value, dict) or any(not path for path in paths):
        return value
    kept = {path[0] for path in paths}
    return {
        key: _cut(each, [path[1:] for path in paths if path[0] == key])
        for key, each in value.items()
        if key in kept
    }


def admits(subscription: Subscription, payload: Mapping[str, Any]) -> bool:
    """Whether the filter lets the payload through.

    Case-sensitive; a list matches on any element; a field that does not exist matches nothing,
    ever. https://shopify.dev/docs/apps/build/webhooks/delivery-filtering
    """
    terms = re.split(r"\s+AND\s+", subscription.filter.strip()) if subscription.filter else []
    return all(_holds(term, payload) for term in terms)


def _holds(term: str, payload: Mapping[str, Any]) -> bool:
    match = _TERM.fullmatch(term)
    if match is None:
        raise UnsupportedFilterError(term)
    wanted, sign = match["value"].strip("\"'"), match["sign"]
    return any(_compares(each, sign, wanted) for each in _found(payload, match["path"].split(".")))


def _found(value: Any, path: list[str]) -> Iterable[Any]:
    if isinstance(value, list):
        return [found for each in value for found in _found(each, path)]
    if not path:
        return [value]
    return (
        _found(value[path[0]], path[1:]) if isinstance(value, Mapping) and path[0] in value else []
    )


def _compares(value: Any, sign: str, wanted: str) -> bool:
    if sign in ("", "="):
        text = str(value).lower() if isinstance(value, bool) else str(value)
        return wanted in ("*", text)
    try:
        number, bound = float(value), float(wanted)
    except (TypeError, ValueError):
        return False
    return {">": number > bound, ">=": number >= bound, "<": number < bound, "<=": number <= bound}[
        sign
    ]
