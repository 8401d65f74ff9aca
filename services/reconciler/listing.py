"""Lists what changed in a store, down to a watermark, page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from services.shared.contract.errors import OursToFixError
from services.shared.contract.topics import ObjectType
from services.shared.shopify.admin import Admin
from services.shared.shopify.reads import NodeRead, PageRead, pages
from services.shared.shopify.selections import CONNECTIONS, query_for

# Products hide what is not active unless asked (their documented default is active only).
_EVERYTHING: Mapping[str, str] = MappingProxyType(
    {ObjectType.PRODUCTS: "status:active,archived,draft,unlisted"}
)


async def changed_since(
    admin: Admin, kind: ObjectType, begin: datetime | None, document: str
) -> AsyncIterator[Sequence[NodeRead]]:
    """The pages of what changed at ``begin`` or later, or of everything there is.

    ``document`` is one of ``selections.LIST`` or ``selections.SURVEY``. An iteration that ends
    without an error has seen all.

    Raises:
        SyncError: the store did not go along; what was given so far stands.
    """
    query = query_for(kind, begin) if begin else _EVERYTHING.get(kind)
    variables = {"query": query} if "$query" in document else {}
    async for page in pages(admin, document, CONNECTIONS[kind], variables):
        listed = [*_reads_in(page)]
        fresh = [each for each in listed if begin is None or changed_at(each.node) >= begin]
        yield fresh
        # Customers cannot be filtered by time, so they come newest first.
        if kind is ObjectType.CUSTOMERS and len(fresh) < len(listed):
            return
        if page.is_last:
            return
    raise OursToFixError("list_without_end", detail=kind)


def changed_at(node: Mapping[str, Any] | None) -> datetime:
    """When Shopify says a listed record changed."""
    return datetime.fromisoformat((node or {})["updatedAt"])


def _reads_in(page: PageRead) -> Sequence[NodeRead]:
    return [
        NodeRead(
            node=node,
            observed_at=page.observed_at,
            denied=[path[1:] for path in page.denied if path[:1] == (index,)],
        )
        for index, node in enumerate(page.nodes)
    ]
