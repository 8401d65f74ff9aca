"""Reads current records from Shopify where an event is not enough."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from services.shared.contract.records import Record, State
from services.shared.contract.topics import ObjectType
from services.shared.contract.versions import Version
from services.shared.shopify.admin import Admin
from services.shared.shopify.nodes import cursor_after, joined, record_from_node
from services.shared.shopify.reads import NodeRead, nodes
from services.shared.shopify.selections import FURTHER, HYDRATE, gid_of
from services.shared.shopify.shops import shop as shop_of

_READS_OF_A_MOVING_RECORD = 3
ALL_ORDERS = "read_all_orders"
# https://shopify.dev/docs/api/usage/access-scopes says 60 days, and not to which hour.
_SEEN_WITHOUT_IT = timedelta(days=59)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hydrated:
    """What reads of one store brought, by Shopify id.

    ``missing`` had nothing there at the moment given; ``denied`` proves nothing either way.
    Created before ``blind_before``, a missing one may be there all the same, hidden from the app.
    ``nodes`` are the GraphQL nodes that ``found`` was made from.
    """

    found: Mapping[str, State]
    missing: Mapping[str, datetime]
    denied: Collection[str] = ()
    blind_before: datetime | None = None
    nodes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def is_gone(self, record_id: str, created_at: datetime | None) -> bool:
        """Whether the read proves that a record created then, if that is known, is not there."""
        if record_id not in self.missing:
            return False
        if self.blind_before is None:
            return True
        return created_at is not None and created_at >= self.blind_before


class Hydrator:
    """Reads records of connected stores, many ids a call."""

    def __init__(self, admin_of: Callable[[str], Admin]) -> None:
        self._admin_of = admin_of

    async def read(self, shop: str, kind: str, ids: Collection[str]) -> Hydrated:
        """The current state of ``ids``; those whose id Shopify cannot look up are denied.

        Raises:
            SyncError: the store could not be read.
        """
        admin = self._admin_of(shop)
        gids = {gid_of(kind, each): each for each in ids if each.isdigit()}
        reads = await nodes(admin, HYDRATE[kind], [*gids]) if gids else {}
        found: dict[str, State] = {}
        whole_nodes: dict[str, Mapping[str, Any]] = {}
        missing: dict[str, datetime] = {}
        denied = set(ids) - set(gids.values())
        for gid, each in reads.items():
            if each.node is not None:
                whole = await self._whole(admin, kind, gid, each)
                found[gids[gid]] = state_of(kind, whole)
                whole_nodes[gids[gid]] = whole.node or {}
            elif each.is_denied:
                denied.add(gids[gid])
            else:
                missing[gids[gid]] = each.observed_at
        return Hydrated(
            found=found,
            missing=missing,
            denied=denied,
            blind_before=await _blind_before(admin, kind, missing),
            nodes=whole_nodes,
        )

    async def _whole(self, admin: Admin, kind: str, gid: str, read: NodeRead) -> NodeRead:
        """The record with all its parts, read again from its start if it moves meanwhile."""
        for _ in range(_READS_OF_A_MOVING_RECORD):
            node: Mapping[str, Any] | None = read.node
            while node is not None and (after := cursor_after(kind, node)):
                answer = await admin.query(FURTHER[kind], {"id": gid, "after": after})
                node = joined(kind, node, answer.data.get("node"))
            if node is not None:
                return NodeRead(node=node, observed_at=read.observed_at, denied=read.denied)
            again = (await nodes(admin, HYDRATE[kind], [gid]))[gid]
            if again.node is None:
                break
            read = again
        # It never stood still: what we have is true, its list of parts is just not complete.
        return read


async def _blind_before(
    admin: Admin, kind: str, missing: Mapping[str, datetime]
) -> datetime | None:
    """What of the ``missing`` may be hidden: orders of more than 60 days without their scope."""
    if kind != ObjectType.ORDERS or not missing:
        return None
    if ALL_ORDERS in (await shop_of(admin)).scopes:
        return None
    return max(missing.values()) - _SEEN_WITHOUT_IT


def state_of(kind: str, read: NodeRead) -> State:
    """The state a read shows; fields we may not see are unknown in it."""
    if read.node is None:
        raise TypeError("nothing was read")
    denied = {".".join(str(step) for step in path) for path in read.denied}
    record: Record = record_from_node(kind, read.node, denied)
    updated_at = record.fields.get("updated_at")
    if not isinstance(updated_at, datetime):
        raise TypeError("every kind selects updatedAt")
    version = Version(updated_at=updated_at, observed_at=read.observed_at)
    return State(record=record, version=version)
