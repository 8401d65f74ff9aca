"""What Shopify's compliance requests ask for, out of their bodies. Pure.

https://shopify.dev/docs/apps/build/compliance/privacy-law-compliance
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from services.shared.contract.bodies import json_object
from services.shared.shopify.catalogue.reading import id_in

DATA_REQUEST: Final = "customers/data_request"
CUSTOMER_REDACT: Final = "customers/redact"
SHOP_REDACT: Final = "shop/redact"
COMPLIANCE_TOPICS: Final = frozenset({DATA_REQUEST, CUSTOMER_REDACT, SHOP_REDACT})
DAYS_GIVEN: Final = 30
"""Within how many days of its coming a request is to be carried out."""

_ORDERS: Mapping[str, str] = MappingProxyType(
    {DATA_REQUEST: "orders_requested", CUSTOMER_REDACT: "orders_to_redact"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Whom a request is about, and which orders; what a body does not say is empty.

    ``data_request_id`` is Shopify's number of a disclosure. A request about a whole store names
    nobody.
    """

    customer_id: str = ""
    email: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    order_ids: tuple[str, ...] = ()
    data_request_id: str = ""


def asked_in(shopify_topic: str, body: bytes) -> Asked | None:
    """What the body of a request says; None if it is no JSON object. Never raises."""
    said = json_object(body)
    if said is None:
        return None
    customer = _object(said.get("customer"))
    orders = said.get(_ORDERS.get(shopify_topic, ""))
    ids = map(_id, orders if isinstance(orders, list) else ())
    return Asked(
        customer_id=_id(customer.get("id")),
        email=_text(customer.get("email")),
        phone=_text(customer.get("phone")),
        order_ids=tuple(dict.fromkeys(filter(None, ids))),
        data_request_id=_id(_object(said.get("data_request")).get("id")),
    )


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _id(value: Any) -> str:
    try:
        return id_in(value)
    except (TypeError, ValueError):
        return ""
