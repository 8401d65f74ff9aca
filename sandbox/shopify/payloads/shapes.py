"""Shapes: which keys a payload has, in which order, and where each comes from.

A shape maps a key to a default (used when the record lacks the key; ``zero`` is one for money), to
a function of the record, or to a part with its own shape. What a record holds beyond its shape is
not sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import orjson

Record = Mapping[str, Any]
Shape = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """A nested record, or with ``many`` a list of them; ``None`` stays ``None``."""

    shape: Shape
    many: bool = False


def shaped(record: Record, shape: Shape) -> dict[str, Any]:
    """The record in the shape, key by key, in the shape's order."""
    return {key: _value(record, key, kind) for key, kind in shape.items()}


def _value(record: Record, key: str, kind: Any) -> Any:
    if isinstance(kind, Part):
        value = record.get(key)
        if kind.many:
            return [shaped(each, kind.shape) for each in value or ()]
        return None if value is None else shaped(value, kind.shape)
    if kind is zero:
        return record.get(key) or zero(record)
    if callable(kind):
        derive: Callable[[Record], Any] = kind
        return derive(record)
    return record.get(key, kind)


def encoded(payload: Any, utc_offset: timedelta) -> bytes:
    """JSON with every time in whole seconds at the shop's UTC offset."""
    return orjson.dumps(_local(payload, timezone(utc_offset)))


def _local(value: Any, zone: timezone) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat(timespec="seconds")
    if isinstance(value, dict):
        return {key: _local(each, zone) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_local(each, zone) for each in value]
    return value


def utc_milliseconds(at: datetime) -> str:
    """The form of the newer topics: ``2005-05-05T05:00:00.000Z``."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def zero(record: Record) -> dict[str, Any]:
    """A money bag of nothing, in the record's currencies."""
    shop = record.get("currency", "USD")
    return {
        "shop_money": {"amount": "0.00", "currency_code": shop},
        "presentment_money": {
            "amount": "0.00",
            "currency_code": record.get("presentment_currency", shop),
        },
    }
