"""The CRM page: what an account holds, newest first, with line items and associations."""

from collections.abc import Iterable
from heapq import nlargest
from pathlib import Path

from sandbox.hubspot.account import Account
from sandbox.hubspot.objects import OBJECT_TYPES
from sandbox.hubspot.problems import Json
from sandbox.hubspot.records import Record

NEWEST = 50
SHOWN = ("contacts", "orders", "carts", "products")
_PAGE = Path(__file__).with_name("page.html")

# Object type -> the properties a row shows: a title first, then columns.
COLUMNS: dict[str, tuple[str, ...]] = {
    "contacts": ("firstname", "lastname", "email", "phone", "city", "country"),
    "orders": (
        "hs_order_name",
        "hs_source_store",
        "hs_payment_status",
        "hs_fulfillment_status",
        "hs_total_price",
        "hs_currency_code",
    ),
    "carts": (
        "hs_cart_name",
        "hs_source_store",
        "hs_external_status",
        "hs_total_price",
        "hs_currency_code",
    ),
    "products": ("name", "hs_sku", "price", "description"),
    "line_items": (
        "name",
        "quantity",
        "price",
        "discount",
        "tax",
        "amount",
        "hs_line_item_currency_code",
    ),
}


def shell() -> str:
    """The page itself; what it shows it asks for, again and again."""
    return _PAGE.read_text(encoding="utf-8")


def latest(account: Account) -> Json:
    """Counts of all objects, and the records changed last with their associations."""
    counts = {name: len(account.records[name].live()) for name in OBJECT_TYPES}
    stages = {
        stage.id: stage.label
        for pipeline in account.pipelines["orders"].values()
        for stage in pipeline.stages.values()
    }
    return {
        "portal": account.settings.portal_id,
        "counts": counts,
        "columns": COLUMNS,
        "stages": stages,
        "calls": sum(account.calls.values()),
        "used": account.quota.used_today,
        "daily": account.quota.daily,
        "records": {
            name: [_row(account, name, each) for each in _newest(account, name)] for name in SHOWN
        },
    }


def _newest(account: Account, object_type: str) -> Iterable[Record]:
    """The records changed last; ties go to the newer id."""
    live = account.records[object_type].live()
    return nlargest(NEWEST, live, key=lambda each: (each.updated_at, int(each.id)))


def _row(account: Account, object_type: str, record: Record) -> Json:
    return {
        "id": record.id,
        "updatedAt": record.updated_at,
        "made_by": record.made_by,
        "properties": record.properties,
        "associations": {
            other: found
            for other in OBJECT_TYPES
            if (found := _ends(account, object_type, record.id, other))
        },
    }


def _ends(account: Account, object_type: str, record_id: str, other: str) -> list[Json]:
    records = account.records[other].by_id
    return [
        {"id": to_id, "properties": records[to_id].properties}
        for to_id in account.associations.of(object_type, record_id, other)
        if to_id in records and not records[to_id].archived
    ]
