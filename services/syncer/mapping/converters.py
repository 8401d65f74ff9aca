"""Named converters: pure, total functions to the text HubSpot takes. ``None``: cannot be said.

A value converter sees one value that is not empty; a record converter sees the values of all its
row's sources, empty or not, and the context. All values travel as strings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, DecimalException
from types import MappingProxyType
from typing import Final

from services.shared.contract.records import Value
from services.syncer.mapping.plain_text import text_in
from services.syncer.mapping.rows import Context
from services.syncer.mapping.stages import stage_of

FromValue = Callable[[Value], str | None]
FromValues = Callable[[Sequence[Value], Context], str | None]

_SIX_PLACES: Final = Decimal("0.000001")
_DIGITS: Final = 40
_WHOLE_DIGITS: Final = 20  # and six places: within what Decimal computes exactly
_NO_VARIANT: Final = "Default Title"  # what Shopify calls the one variant of a product without any
_FULFILLMENT: Final = MappingProxyType({"partial": "Partially fulfilled"})
_CANCELLATION: Final = MappingProxyType(
    {
        "customer": "Customer changed/cancelled order",
        "inventory": "Items unavailable",
        "fraud": "Fraudulent order",
        "declined": "Payment declined",
        "staff": "Staff error",
        "other": "Other",
    }
)


def text(value: Value) -> str:
    """Any value in its plain form."""
    if isinstance(value, str):
        return value
    if isinstance(value, tuple):
        return ", ".join(part for part in value if part)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return datetime_text(value) or ""
    return "" if value is None else str(value)


def datetime_text(value: Value) -> str | None:
    """An instant as ISO 8601 in UTC with milliseconds: ``2026-11-24T00:00:00.000Z``."""
    if not isinstance(value, datetime):
        return None
    if value.tzinfo is not UTC:
        if value.tzinfo is None:
            return None
        try:
            value = value.astimezone(UTC)
        except OverflowError:  # year 1 or 9999, beyond UTC's calendar
            return None
    return value.isoformat(timespec="milliseconds")[: -len("+00:00")] + "Z"


def number(value: Value) -> str | None:
    """A number in digits, whatever it came as."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return str(value)
    try:
        amount = value if isinstance(value, Decimal) else Decimal(text(value))
    except DecimalException:
        return None
    return format(amount, "f") if amount.is_finite() and abs(amount.adjusted()) < _DIGITS else None


def money(value: Value) -> str | None:
    """An amount with two places at least: 10, 10.0 and 10.00 are one, and written once.

    Webhooks, GraphQL and sums of ours each give another of these forms.
    """
    if type(value) is Decimal:
        said = str(value)
        # As nearly all come: plain digits, two of them behind the point.
        if said[-3:-2] == "." and len(said) <= _DIGITS:
            return said
    digits = number(value)
    if digits is None:
        return None
    whole, _, fraction = digits.partition(".")
    return f"{whole}.{fraction.rstrip('0').ljust(2, '0')}"


def unit_amount(value: Value) -> str | None:
    """An amount for one piece, rounded half up to six places."""
    if not isinstance(value, Decimal) or not value.is_finite() or value.adjusted() > _WHOLE_DIGITS:
        return None
    if not value:
        return "0"
    rounded = value.quantize(_SIX_PLACES, rounding=ROUND_HALF_UP).normalize()
    return format(rounded, "f")


def boolean(value: Value) -> str | None:
    """``true`` or ``false``."""
    return text(value) if isinstance(value, bool) else None


def lower(value: Value) -> str:
    """Trimmed and in lower case."""
    return text(value).strip().lower()


def label(value: Value) -> str:
    """``partially_paid`` as people read it: ``Partially paid``."""
    return text(value).replace("_", " ").capitalize()


def distinct(value: Value) -> str:
    """A list joined by ", ", each once."""
    return text(tuple(dict.fromkeys(value))) if isinstance(value, tuple) else text(value)


def fulfillment_label(value: Value) -> str:
    """A fulfilment status as people read it."""
    return _FULFILLMENT.get(text(value)) or label(value)


def cancellation_label(value: Value) -> str:
    """Shopify's reasons in the words of HubSpot's own app."""
    return _CANCELLATION.get(text(value)) or label(value)


def html_text(value: Value) -> str:
    """HTML as plain text."""
    return text_in(text(value))


def variant_title(value: Value) -> str:
    """A variant's title, unless the product has no variants to speak of."""
    return "" if value == _NO_VARIANT else text(value)


def _completed(_: Value) -> str:
    return "completed"


def _first(values: Sequence[Value], _: Context) -> str:
    return next((text(value) for value in values if _is_filled(value)), "")


def _street(values: Sequence[Value], _: Context) -> str:
    return ", ".join(text(value) for value in values if _is_filled(value))


def _key(values: Sequence[Value], context: Context) -> str:
    return "/".join((context.shop, *map(text, values)))


def _shop(_: Sequence[Value], context: Context) -> str:
    return context.shop


def _pipeline(_: Sequence[Value], context: Context) -> str | None:
    return context.stages.pipeline or None


def _stage(values: Sequence[Value], context: Context) -> str | None:
    cancelled_at, fulfillment, financial, is_delivered = values
    return stage_of(context.stages, cancelled_at, fulfillment, financial, is_delivered) or None


def _order_status(values: Sequence[Value], _: Context) -> str:
    cancelled_at, closed_at = values
    return "cancelled" if cancelled_at else "closed" if closed_at else "open"


def _currency(values: Sequence[Value], context: Context) -> str | None:
    """Left out where the account lacks it: HubSpot refuses what it has not added.

    https://developers.hubspot.com/changelog/bugfix-currency-validation-for-line-items-api
    """
    code = text(values[0])
    return code if code and _is_active(code, context) else None


def _currency_note(values: Sequence[Value], context: Context) -> str:
    code = text(values[0])
    return "" if _is_active(code, context) else code


def _variant_name(values: Sequence[Value], _: Context) -> str:
    product, variant = text(values[0]), variant_title(values[1])
    return f"{product} \u2013 {variant}" if variant else product


def _storefront_url(values: Sequence[Value], context: Context) -> str:
    """The page people can visit; none while the product is not published."""
    status, published_at, handle, title, variant = values
    if status != "active" or not published_at or not handle:
        return ""
    page = f"https://{context.shop}/products/{text(handle)}"
    return page if title == _NO_VARIANT else f"{page}?variant={text(variant)}"


def _product(values: Sequence[Value], context: Context) -> str:
    return context.products.get(text(values[0]), "")


def _is_active(code: str, context: Context) -> bool:
    return context.currencies is None or code in context.currencies


def _is_filled(value: Value) -> bool:
    return value is not None and value not in ("", ())


FROM_VALUE: Final[Mapping[str, FromValue]] = MappingProxyType(
    {
        "text": text,
        "joined": text,
        "lower": lower,
        "label": label,
        "number": number,
        "money": money,
        "unit_amount": unit_amount,
        "datetime": datetime_text,
        "bool": boolean,
        "distinct": distinct,
        "fulfillment_label": fulfillment_label,
        "cancellation_label": cancellation_label,
        "html_text": html_text,
        "variant_title": variant_title,
        "completed": _completed,
    }
)

FROM_VALUES: Final[Mapping[str, FromValues]] = MappingProxyType(
    {
        "first": _first,
        "street": _street,
        "key": _key,
        "shop": _shop,
        "pipeline": _pipeline,
        "stage": _stage,
        "order_status": _order_status,
        "currency": _currency,
        "currency_note": _currency_note,
        "variant_name": _variant_name,
        "storefront_url": _storefront_url,
        "product": _product,
    }
)

MAY_SAY_NOTHING: Final = frozenset({"currency", "pipeline", "stage"})
"""Converters whose ``None`` is a decision of the account's, not a value that could not be said."""
