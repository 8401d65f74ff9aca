"""How Shopify's fields become a value of HubSpot's: one ``Form`` for each word in the tables.

A form computes the expected value from the fields and reads what HubSpot shows, both into values
that compare by meaning: ``"12.50"`` and ``"12.5"`` are one amount, two times are one instant.
``None`` stands for null, empty and missing alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from html import unescape
from typing import Any

from sandbox.expected.tables import KnownBy, Row

Value = str | bool | Decimal | datetime | frozenset[str] | tuple[str, ...] | None

PIPELINE = "14a2e10e-5471-408a-906e-c51f3b04369e"
STAGES: Mapping[str, str] = {
    "open": "4b27b500-f031-4927-9811-68a0b525cbae",
    "processed": "937ea84d-0a4f-4dcf-9028-3f9c2aafbf03",
    "shipped": "aa99e8d0-c1d5-4071-b915-d240bbb1aed9",
    "delivered": "3725360f-519b-4b18-a593-494d60a29c9f",
    "cancelled": "3c85a297-e9ce-400b-b42e-9f16853d69d6",
}
PAYMENT_LABELS: Mapping[str, str] = {
    "pending": "Pending",
    "authorized": "Authorized",
    "partially_paid": "Partially paid",
    "paid": "Paid",
    "partially_refunded": "Partially refunded",
    "refunded": "Refunded",
    "voided": "Voided",
    "expired": "Expired",
}
FULFILLMENT_LABELS: Mapping[str | None, str] = {
    None: "Unfulfilled",
    "partial": "Partially fulfilled",
    "fulfilled": "Fulfilled",
    "restocked": "Restocked",
}
CANCELLATION_LABELS: Mapping[str, str] = {
    "customer": "Customer changed/cancelled order",
    "inventory": "Items unavailable",
    "fraud": "Fraudulent order",
    "declined": "Payment declined",
    "staff": "Staff error",
    "other": "Other",
}
DEFAULT_TITLE = "Default Title"
_UNIT = Decimal("0.000001")
_UNSHOWN = re.compile(r"<(script|style)\b.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a value depends on besides its record.

    ``currencies`` are those the account has, None for all. ``product_ids`` gives the HubSpot ids
    of a variant's live product by ``<shop>/<variant id>``; ``archived_product_ids`` the others.
    """

    currencies: frozenset[str] | None = None
    product_ids: Mapping[str, frozenset[str]] = field(default_factory=dict)
    archived_product_ids: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Form:
    """``expected`` of the fields in the table's order; ``found`` of what HubSpot shows."""

    expected: Callable[[Sequence[Any]], Value]
    found: Callable[[str], Value]


def at(record: Any, path: str) -> Any:
    """The value at a dotted path, None where anything on the way is missing.

    ``name[]`` runs through the list ``name``: the answer is then one flat list.
    """
    head, _, rest = path.partition(".")
    value = record.get(head.removesuffix("[]")) if isinstance(record, Mapping) else None
    if not head.endswith("[]"):
        return at(value, rest) if rest else value
    if not rest:
        return list(value or ())
    flat: list[Any] = []
    for each in value or ():
        inner = at(each, rest)
        flat.extend(inner if "[]" in rest else [inner])
    return flat


def instant(value: str) -> datetime:
    """A time as either vendor writes it: ISO 8601 with an offset, or epoch milliseconds."""
    if re.fullmatch(r"-?\d{11,}", value):
        return datetime.fromtimestamp(int(value) / 1000, UTC)
    return datetime.fromisoformat(value)


def shown(value: str | None) -> str | None:
    """What HubSpot shows, None for nothing."""
    return value.strip() or None if value is not None else None


def _text(value: Any) -> str | None:
    return None if value is None else str(value).strip() or None


def _lower(value: Any) -> str | None:
    text = _text(value)
    return text.lower() if text else None


def _number(value: Any) -> Value:
    text = _text(value)
    try:
        return None if text is None else Decimal(text)
    except InvalidOperation:
        return text


def _whole_second(value: str) -> Value:
    try:
        return instant(value).astimezone(UTC)
    except (ValueError, OverflowError):
        return value


def _sum(values: Iterable[Any]) -> Decimal:
    return sum((Decimal(str(each)) for each in values if each is not None), Decimal(0))


def _named(values: Iterable[Any]) -> tuple[str, ...]:
    return tuple(text for each in values if (text := _text(each)))


def _split(value: str) -> tuple[str, ...]:
    return _named(value.split(","))


def _expected_set(value: Any) -> Value:
    return frozenset(_split(value) if isinstance(value, str) else _named(value or ())) or None


def _unit_discount(amounts: Sequence[Any], quantity: Any) -> Decimal:
    if not amounts or not quantity:
        return Decimal(0)
    return (_sum(amounts) / Decimal(quantity)).quantize(_UNIT, ROUND_HALF_UP)


def _refunded(transactions: Sequence[Mapping[str, Any]]) -> Decimal:
    return _sum(
        each["amount"]
        for each in transactions
        if each["kind"] == "refund" and each["status"] == "success"
    )


def _order_status(cancelled_at: Any, closed_at: Any) -> str:
    return "cancelled" if cancelled_at else "closed" if closed_at else "open"


def stage_of(cancelled_at: Any, fulfillment: Any, financial: Any, shipments: Sequence[Any]) -> str:
    """The stage rule of the facts: the first that matches."""
    if cancelled_at:
        return "cancelled"
    if fulfillment == "fulfilled":
        delivered = bool(shipments) and all(each == "delivered" for each in shipments)
        return "delivered" if delivered else "shipped"
    return "processed" if financial in ("paid", "partially_refunded", "refunded") else "open"


def _stage(cancelled_at: Any, fulfillment: Any, financial: Any, sent: Sequence[Any]) -> str:
    """``sent`` are the fulfilments; what was cancelled or failed is no shipment."""
    shipments = [each.get("shipment_status") for each in sent if _is_shipment(each)]
    return STAGES[stage_of(cancelled_at, fulfillment, financial, shipments)]


def _is_shipment(fulfillment: Mapping[str, Any]) -> bool:
    return fulfillment.get("status") not in ("cancelled", "error", "failure")


def _variant_name(product_title: Any, variant_title: Any) -> Value:
    return _text(
        product_title
        if variant_title in (None, "", DEFAULT_TITLE)
        else f"{product_title} – {variant_title}"  # noqa: RUF001 - the dash is part of the name
    )


def _letters(html: Any) -> str | None:
    """The text of some HTML without its white space, which every reader breaks differently."""
    text = unescape(_TAG.sub("", _UNSHOWN.sub("", str(html or ""))))
    return "".join(text.split()) or None


def _image(product: Mapping[str, Any], variant: Mapping[str, Any]) -> Value:
    images = product.get("images") or []
    own = [each for each in images if each.get("id") == variant.get("image_id")]
    return next((_text(each.get("src")) for each in [*own, *images]), None)


def _storefront_url(shop: str, product: Mapping[str, Any], variant: Mapping[str, Any]) -> Value:
    if product.get("status") != "active" or not product.get("published_at"):
        return None
    one = variant.get("title") == DEFAULT_TITLE
    query = "" if one else f"?variant={variant['id']}"
    return f"https://{shop}/products/{product['handle']}{query}"


def _street(first: Any, second: Any) -> Value:
    return ", ".join(_named((first, second))) or None


FORMS: Mapping[str, Form] = {
    "text": Form(lambda v: _text(v[0]), _text),
    "lower": Form(lambda v: _lower(v[0]), _text),
    "money": Form(lambda v: _number(v[0]), _number),
    "number": Form(lambda v: _number(v[0]), _number),
    "sum": Form(lambda v: _sum(v[0]), _number),
    "datetime": Form(lambda v: _whole_second(v[0]) if v[0] else None, _whole_second),
    "bool": Form(lambda v: None if v[0] is None else str(v[0]).lower(), _lower),
    "joined": Form(lambda v: _named(v[0]) or None, _split),
    "set": Form(lambda v: _expected_set(v[0]), lambda found: frozenset(_split(found))),
    "first": Form(lambda v: next(iter(_named(v)), None), _text),
    "street": Form(lambda v: _street(*v), _text),
    "key": Form(lambda v: "/".join(map(str, v)), _text),
    "payment_label": Form(lambda v: PAYMENT_LABELS.get(v[0]), _text),
    "fulfillment_label": Form(lambda v: FULFILLMENT_LABELS[v[0]], _text),
    "cancellation_label": Form(lambda v: CANCELLATION_LABELS.get(v[0]), _text),
    "order_status": Form(lambda v: _order_status(*v), _text),
    "refunded": Form(lambda v: _refunded(v[0]), _number),
    "pipeline": Form(lambda _: PIPELINE, _text),
    "stage": Form(lambda v: _stage(*v), _text),
    "unit_discount": Form(lambda v: _unit_discount(*v), _number),
    "variant_name": Form(lambda v: _variant_name(*v), _text),
    "variant_title": Form(lambda v: None if v[0] == DEFAULT_TITLE else _text(v[0]), _text),
    "html_text": Form(lambda v: _letters(v[0]), lambda found: "".join(found.split())),
    "image": Form(lambda v: _image(*v), _text),
    "storefront_url": Form(lambda v: _storefront_url(*v), _text),
    "cart_status": Form(lambda v: "completed" if v[0] else "abandoned", _text),
    # What the account has decides over these: `expected_value`.
    "currency": Form(lambda v: _text(v[0]), _text),
    "currency_note": Form(lambda v: _text(v[0]), _text),
    "product": Form(lambda v: "/".join(map(str, v)) if v[1] else None, _text),
}


def _available(code: Value, around: Surroundings) -> Value:
    return code if around.currencies is None or code in around.currencies else None


def _noted(code: Value, around: Surroundings) -> Value:
    return None if _available(code, around) else code


def _product(key: Value, around: Surroundings) -> Value:
    live = around.product_ids.get(str(key), frozenset())
    return live or around.archived_product_ids.get(str(key), frozenset()) | {""}


IN_THE_ACCOUNT: Mapping[str, Callable[[Value, Surroundings], Value]] = {
    "currency": _available,
    "currency_note": _noted,
    "product": _product,
}


def expected_value(row: Row, record: Mapping[str, Any], around: Surroundings) -> Value:
    """What ``row``'s property must show for a record; for a product, the ids it may show."""
    value = FORMS[row.form].expected([at(record, each) for each in row.source])
    finish = IN_THE_ACCOUNT.get(row.form)
    return finish(value, around) if finish else value


def found_value(row: Row, text: str | None) -> Value:
    """What ``row``'s property shows, as a value to compare with the expected one."""
    shows = shown(text)
    return None if shows is None else FORMS[row.form].found(shows)


def agree(row: Row, expected: Value, found: Value) -> bool:
    """Whether HubSpot shows what it must; nothing will do where not everybody knows the field."""
    if row.form == "product" and isinstance(expected, frozenset):
        return (found or "") in expected
    return expected == found or (found is None and row.known_by is not KnownBy.ALL)
