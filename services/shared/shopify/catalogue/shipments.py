"""What an order's fulfilments and refunds tell, in both forms.

A fulfilment that was cancelled or failed carried nothing: it is no shipment.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from services.shared.shopify.catalogue.reading import ABSENT, Absent, money, text

NODE_PARTS: Final = "status displayStatus trackingInfo { number url company }"
_NO_SHIPMENT: Final = frozenset({"cancelled", "error", "failure"})
# What GraphQL shows where a webhook's `shipment_status` is null: no carrier has said anything.
_NO_NEWS: Final = frozenset({"fulfilled", "marked_as_fulfilled", "submitted", "canceled"})


def statuses(fulfillments: Any) -> tuple[str, ...]:
    """What carriers last said of each shipment: ``in_transit``, ``delivered`` and so on."""
    return tuple(status for status in map(_carrier_status, _shipments(fulfillments)) if status)


def is_delivered(fulfillments: Any) -> bool:
    """Whether there are shipments and every one of them arrived."""
    found = [_carrier_status(each) for each in _shipments(fulfillments)]
    return bool(found) and all(status == "delivered" for status in found)


def tracking_numbers(fulfillments: Any) -> tuple[str, ...]:
    """All tracking numbers, in order, each once."""
    return _tracked(fulfillments, "tracking_numbers", "tracking_number", "number")


def tracking_urls(fulfillments: Any) -> tuple[str, ...]:
    """All tracking pages, in order, each once."""
    return _tracked(fulfillments, "tracking_urls", "tracking_url", "url")


def tracking_companies(fulfillments: Any) -> tuple[str, ...]:
    """The carriers, in order, each once."""
    return _tracked(fulfillments, "", "tracking_company", "company")


def refunded(order: Any) -> Decimal | Absent:
    """The sum of an order's successful refund transactions, in the shop's currency.

    Not there where the body lacks the transactions, or gives one in another currency: then only a
    read can tell.
    """
    total = Decimal(0)
    if "refunds" not in order:
        return ABSENT
    for refund in order["refunds"] or ():
        if "transactions" not in refund:
            return ABSENT
        for each in refund["transactions"]:
            if each["kind"] != "refund" or each["status"] != "success":
                continue
            if each.get("currency") not in (None, order.get("currency")):
                return ABSENT
            total += money(each["amount"])
    return total


def _shipments(fulfillments: Any) -> list[Mapping[str, Any]]:
    return [each for each in fulfillments if str(each.get("status")).lower() not in _NO_SHIPMENT]


def _carrier_status(shipment: Mapping[str, Any]) -> str:
    status = shipment.get("shipment_status", shipment.get("displayStatus"))
    lowered = text(status).lower() if status is not None else ""
    return "" if lowered in _NO_NEWS else lowered


def _tracked(fulfillments: Any, many: str, one: str, in_node: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for each in _shipments(fulfillments):
        tracked = each.get("trackingInfo")
        if tracked is not None:
            values = [info[in_node] for info in tracked]
        else:
            values = each.get(many) or [each.get(one)]
        found.update(dict.fromkeys(text(value) for value in values if value))
    return tuple(found)
