"""From JSON values to field values: one strict function per field type.

Each takes any JSON value but ``null`` and returns the field's value, or raises ``ValueError``,
``TypeError`` or ``ArithmeticError`` for something no Shopify field of that type can be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import Any, Final

from services.shared.contract.records import Value

_LONGEST_NUMBER: Final = 40
_LARGEST_EXPONENT: Final = 30
_LONGEST_ID: Final = 128
# At both ends of what Python can date, no time can be added or moved to another zone.
_YEARS: Final = range(1900, 3000)

ABSURD: Final = (ValueError, TypeError, ArithmeticError, AttributeError, KeyError)
"""What reading a shape we do not know can raise."""


class Absent(Enum):
    """The one value that says "not there", which is neither ``null`` nor empty."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT


class FieldType(StrEnum):
    """What a field holds; the mapping screen checks a converter against it."""

    TEXT = "text"
    INT = "int"
    MONEY = "money"
    DATETIME = "datetime"
    BOOL = "bool"
    LIST = "list"


def text(value: Any) -> str:
    """A string as it is; a number as Shopify would write it."""
    if type(value) is str:
        return value
    if type(value) is int:
        return str(value)
    raise TypeError("text")


def integer(value: Any) -> int:
    """A whole number; Shopify's ``UnsignedInt64`` comes as a string."""
    if type(value) is int:
        return value
    if type(value) is str and len(value) <= _LONGEST_NUMBER:
        return int(value)
    raise TypeError("int")


def money(value: Any) -> Decimal:
    """A decimal amount, from text wherever Shopify gives text."""
    if type(value) is str and value[-3:-2] == "." and len(value) <= _LARGEST_EXPONENT:
        return Decimal(value)  # nearly every amount: two places, and too short to be absurd
    if type(value) is not str:
        if type(value) not in (int, float):
            raise TypeError("money")
        value = repr(value)
    amount = Decimal(value)
    if len(value) > _LONGEST_NUMBER or not amount.is_finite():
        raise ValueError("money")
    if abs(amount.adjusted()) > _LARGEST_EXPONENT:
        raise ValueError("money")
    return amount


def moment(value: Any) -> datetime:
    """An instant in UTC; a time without an offset is nobody's instant.

    Fractions are cut: webhooks and GraphQL both show whole seconds.
    """
    if type(value) is not str:
        raise TypeError("datetime")
    read = datetime.fromisoformat(value)
    if read.tzinfo is None or read.year not in _YEARS:
        raise ValueError("datetime")
    if read.tzinfo is not UTC:
        read = read.astimezone(UTC)
    return read.replace(microsecond=0) if read.microsecond else read


def boolean(value: Any) -> bool:
    """Exactly ``true`` or ``false``."""
    if type(value) is not bool:
        raise TypeError("bool")
    return value


def texts(value: Any) -> tuple[str, ...]:
    """A list of strings, or one string of them separated by commas (``"a, b"``)."""
    if type(value) is str:
        return tuple(part for part in map(str.strip, value.split(",")) if part)
    if type(value) is not list:
        raise TypeError("list")
    return tuple(text(part) for part in value)


READERS: Mapping[FieldType, Callable[[Any], Value]] = MappingProxyType(
    {
        FieldType.TEXT: text,
        FieldType.INT: integer,
        FieldType.MONEY: money,
        FieldType.DATETIME: moment,
        FieldType.BOOL: boolean,
        FieldType.LIST: texts,
    }
)


def lowered(value: Any) -> str:
    """GraphQL's ``PARTIALLY_PAID`` in the form of webhooks: ``partially_paid``."""
    return text(value).lower()


def id_in(value: Any) -> str:
    """Shopify's id as text: the number itself, or the last part of a GID, without its query.

    ``820982911946154508`` and ``gid://shopify/Order/820982911946154508`` are the same order.
    """
    if type(value) is int and value > 0:
        return str(value)
    if type(value) is not str:
        raise TypeError("id")
    found = value.rpartition("/")[2].partition("?")[0]
    if not found or not found.isprintable() or len(found) > _LONGEST_ID:
        raise ValueError("id")
    return found
