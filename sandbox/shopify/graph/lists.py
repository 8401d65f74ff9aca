"""The lists of the API: filtered, sorted and paged out of the search index."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sandbox.shopify.graph.filters import test_of
from sandbox.shopify.graph.paging import (
    OBJECT_LIMIT,
    bad_request,
    cursor_of,
    page_size,
    position_of,
)
from sandbox.shopify.graph.search import Reading, names_field, sorted_value
from sandbox.shopify.model import Kind, Record
from sandbox.shopify.store import Store

ORDER_DAYS = timedelta(days=60)
Key = tuple[Any, int]

SORT_KEYS: Mapping[str, Mapping[str, Callable[[Record], Any]]] = {
    "orders": {
        "ID": lambda record: record["id"],
        "CREATED_AT": lambda record: record["created_at"],
        "UPDATED_AT": lambda record: record["updated_at"],
        "PROCESSED_AT": lambda record: record["processed_at"],
        "ORDER_NUMBER": lambda record: record["order_number"],
        "TOTAL_PRICE": lambda record: float(Decimal(record["total_price"])),
    },
    "customers": {
        "ID": lambda record: record["id"],
        "CREATED_AT": lambda record: record["created_at"],
        "UPDATED_AT": lambda record: record["updated_at"],
        "NAME": lambda record: f"{record['last_name']} {record['first_name']}",
    },
    "products": {
        "ID": lambda record: record["id"],
        "CREATED_AT": lambda record: record["created_at"],
        "UPDATED_AT": lambda record: record["updated_at"],
        "TITLE": lambda record: record["title"],
    },
    "abandonedCheckouts": {
        "ID": lambda record: record["id"],
        "CHECKOUT_ID": lambda record: record["id"],
        "CREATED_AT": lambda record: record["created_at"],
        "TOTAL_PRICE": lambda record: float(Decimal(record["total_price"])),
    },
    "events": {"ID": lambda record: record["id"], "CREATED_AT": lambda record: record["at"]},
    "deletionEvents": {
        "ID": lambda record: record["id"],
        "CREATED_AT": lambda record: record["at"],
    },
}
KINDS: Mapping[str, Kind] = {
    "orders": Kind.ORDER,
    "customers": Kind.CUSTOMER,
    "products": Kind.PRODUCT,
    "abandonedCheckouts": Kind.CHECKOUT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Which list, filtered and sorted how; asked in which version of the API."""

    name: str
    query: str | None
    sort_key: str
    reverse: bool
    api_version: str


def _default(store: Store, listing: Listing) -> str | None:
    """What a list filters by when its query names no status."""
    defaults = {
        "products": store.products_default_status,
        "orders": store.orders_default_status,
    }
    status = defaults.get(listing.name)
    return f"status:{status}" if status and not names_field(listing.query, "status") else None


def _reading(store: Store, listing: Listing) -> Reading:
    return Reading(
        utc_offset=store.utc_offset,
        api_version=listing.api_version,
        whole_days=listing.name == "customers" and store.customers_by_day,
    )


def visible(store: Store, order: Mapping[str, Any]) -> bool:
    """Whether the app may see an order: 60 days without ``read_all_orders``."""
    return "read_all_orders" in store.scopes or order["created_at"] >= store.now() - ORDER_DAYS


def keys(store: Store, listing: Listing, records: Iterable[Record]) -> list[Key]:
    """The sorted keys, ``(sort value, id)``, of the records the listing holds."""
    by = SORT_KEYS[listing.name].get(listing.sort_key)
    if by is None:
        raise bad_request(f"the sandbox does not sort {listing.name} by {listing.sort_key}")
    reading = _reading(store, listing)
    asked = test_of(listing.name, listing.query, reading)
    shown = test_of(listing.name, _default(store, listing), reading)
    found = [
        (sorted_value(by(each)), each["id"]) for each in records if asked(each) and shown(each)
    ]
    found.sort(reverse=listing.reverse)
    return found


# Of pages asked for side by side; sorting a store of thousands for each of them would be slow.
_REMEMBERED = 8


class Lists:
    """The lists of one store, keeping the last few sorted until the index moves."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._sorted: dict[tuple[Listing, int], list[Key]] = {}

    def keys(self, listing: Listing) -> list[Key]:
        """The sorted keys of a listing."""
        store = self._store
        store.index.catch_up(store.now())
        if listing.name == "orders" and "read_all_orders" not in store.scopes:
            return keys(store, listing, self._records(listing))
        place = (listing, hash((store.index.version, self._settings())))
        if place not in self._sorted:
            while len(self._sorted) >= _REMEMBERED:
                del self._sorted[next(iter(self._sorted))]
            self._sorted[place] = keys(store, listing, self._records(listing))
        return self._sorted[place]

    def _settings(self) -> tuple[Any, ...]:
        store = self._store
        return (
            store.customers_by_day,
            store.products_default_status,
            store.orders_default_status,
            store.utc_offset,
        )

    def _records(self, listing: Listing) -> Iterable[Record]:
        store = self._store
        found = store.index.entries(KINDS[listing.name]).values()
        if listing.name == "orders":
            return (each for each in found if visible(store, each))
        return found


def paged(
    found: Sequence[Key],
    view: Callable[[int], Any],
    arguments: Mapping[str, Any],
) -> dict[str, Any]:
    """The page asked for; ``view`` of an id may be None where the record is gone by now.

    Raises:
        GraphQLError: beyond 25,000 objects. https://shopify.dev/docs/api/usage/limits
    """
    size = page_size(arguments.get("first"), arguments.get("last"))
    reverse = bool(arguments.get("reverse"))
    start = _place(found, arguments["after"], reverse, past=True) if arguments.get("after") else 0
    end = len(found)
    if arguments.get("before"):
        end = _place(found, arguments["before"], reverse, past=False)
    if arguments.get("first") is not None:
        end = min(end, start + size)
    else:
        start = max(start, end - size)
    if start >= OBJECT_LIMIT:
        raise bad_request(
            f"Paginating beyond {OBJECT_LIMIT} objects is not supported. Use bulk operations."
        )
    chosen = [(key, view(key[1])) for key in found[start:end]]
    shown = [(key, each) for key, each in chosen if each is not None]
    return {
        "nodes": [each for _, each in shown],
        "edges": lambda: [{"node": each, "cursor": cursor_of(key)} for key, each in shown],
        "pageInfo": {
            "hasNextPage": end < len(found),
            "hasPreviousPage": start > 0,
            "startCursor": cursor_of(chosen[0][0]) if chosen else None,
            "endCursor": cursor_of(chosen[-1][0]) if chosen else None,
        },
    }


def _place(found: Sequence[Key], cursor: str, reverse: bool, *, past: bool) -> int:  # noqa: FBT001 - as asked
    value, number = (*position_of(cursor), None)[:2]
    wanted = (value, number)
    try:
        if not reverse:
            return (bisect_right if past else bisect_left)(found, wanted)
        upward = found[::-1]
        place = (bisect_left if past else bisect_right)(upward, wanted)
    except TypeError:
        raise bad_request("Invalid cursor for current pagination sort.") from None
    return len(found) - place
