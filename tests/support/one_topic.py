"""One topic with an event or two, for what reads them without looking inside."""

from services.shared.contract.events import (
    Change,
    Gap,
    NewEvent,
    Origin,
    Provenance,
    headers_of,
)
from services.shared.log.port import Appender

TOPIC = "shopify.orders"
_SHOP = "acme.myshopify.com"


async def append(log: Appender, number: int = 1) -> str:
    """An order's event of that number on the topic; its key."""
    told = Provenance(shop=_SHOP, origin=Origin.WEBHOOK, change=Change.STATE)
    key = f"{_SHOP}/orders/{number}"
    await log.append([NewEvent(topic=TOPIC, key=key, value=b"{}", headers=headers_of(told))])
    return key


async def unexpected(gap: Gap) -> None:
    """Where the log loses nothing."""
    raise AssertionError(gap)
