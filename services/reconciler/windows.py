"""Which span a scan covers, and what of a listing is news. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.shared.contract.keys import SourceKey
from services.shared.ledger.sources import SourceRow

# Shopify's lists lag behind by their index and a scan takes its time:
# https://shopify.dev/docs/api/usage/pagination-graphql says nothing of either, five minutes do.
OVERLAP = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One record of a listing: its id and when Shopify says it changed."""

    id: str
    updated_at: datetime


def since(last_started_at: datetime | None, floor: datetime | None) -> datetime | None:
    """Where the next scan begins: the last complete one's start less the overlap.

    ``floor`` limits how far back a first scan goes; None means everything there is.
    """
    if last_started_at is None:
        return floor
    return last_started_at - OVERLAP


def is_news(listed: Listed, row: SourceRow | None) -> bool:
    """Whether the ledger lacks this record, or knows it only older or unconfirmed."""
    if row is None or row.version is None:
        return row is None or row.due_at is None
    if listed.updated_at > row.version.updated_at:
        return True
    return listed.updated_at == row.version.updated_at and row.version.is_open


def news_in(
    shop: str, kind: str, listed: Iterable[Listed], rows: Mapping[SourceKey, SourceRow]
) -> list[str]:
    """The ids of ``listed`` that must be read."""
    return [each.id for each in listed if is_news(each, rows.get(SourceKey(shop, kind, each.id)))]
