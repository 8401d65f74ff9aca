"""Associations that ought to stand in HubSpot, between sources; done when HubSpot has them.

A link never makes its ends wait: it is pending until both ends are in HubSpot, and found then by a
query, whichever end came last (see ``open_links``). One that is done and leads to no HubSpot record
is only mentioned: it is to a customer without email, who may get one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from services.shared.contract.keys import SourceKey
from services.shared.ledger.engine import Transaction, statement


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A wanted association. ``to_parent_id`` is the record ``to_id`` is a part of, if it is one."""

    shop: str
    from_kind: str
    from_id: str
    to_kind: str
    to_id: str
    to_parent_id: str | None = None


KEY: Mapping[str, str] = MappingProxyType({"shop": "text", "from_kind": "text", "from_id": "text"})
"""Where a link comes from, as columns of a batch."""
_WANT = statement(
    """
    INSERT INTO links (shop, from_kind, from_id, to_kind, to_id, to_parent_id, state, created_at)
    SELECT b.shop, b.from_kind, b.from_id, b.to_kind, b.to_id, b.to_parent_id, 'pending', {now}
    FROM {rows} AS b WHERE true
    ON CONFLICT (shop, from_kind, from_id, to_kind, to_id) DO UPDATE SET
      state = CASE WHEN links.state = 'done' AND links.linked_to IS NOT NULL THEN 'done'
        ELSE 'pending' END,
      due_at = CASE WHEN links.state = 'pending' THEN links.due_at END
    """,
    keyed=5,
    shared=KEY,
    to_kind="text",
    to_id="text",
    to_parent_id="text",
)
_MENTION = statement(
    """
    INSERT INTO links (shop, from_kind, from_id, to_kind, to_id, state, created_at)
    SELECT b.shop, b.from_kind, b.from_id, b.to_kind, b.to_id, 'done', {now}
    FROM {rows} AS b WHERE true
    ON CONFLICT (shop, from_kind, from_id, to_kind, to_id) DO NOTHING
    """,
    keyed=5,
    shared=KEY,
    to_kind="text",
    to_id="text",
)
_UNWANT = statement(
    """
    UPDATE links SET state = 'unwanted', due_at = NULL
    WHERE state <> 'unwanted' AND to_kind IN ('customers', 'guests')
    AND (state <> 'done' OR linked_to IS NOT NULL)
    AND (shop, from_kind, from_id) IN
      (SELECT b.shop, b.from_kind, b.from_id FROM {rows} AS b)
    AND (shop, from_kind, from_id, to_kind, to_id) NOT IN
      (SELECT b.shop, b.from_kind, b.from_id, b.to_kind, b.to_id FROM {rows} AS b
       WHERE b.to_kind IS NOT NULL)
    """,
    shared=KEY,
    to_kind="text",
    to_id="text",
)
_MOVED = statement(
    """
    UPDATE links SET state = 'pending', due_at = NULL FROM {rows} AS b
    WHERE links.state = 'done' AND links.shop = b.shop AND links.to_kind = b.kind
      AND links.to_id = b.id AND links.linked_to <> b.target_id
    """,
    keyed=3,
    shop="text",
    kind="text",
    id="text",
    target_id="text",
)
_LEADING_TO = statement(
    """
    SELECT DISTINCT l.shop, l.from_kind, l.from_id FROM {rows} AS b
    JOIN links AS l ON l.shop = b.shop AND l.to_kind = b.kind AND l.to_id = b.id
    WHERE l.state <> 'unwanted'
    """,
    shop="text",
    kind="text",
    id="text",
)
_MERGED = statement(
    """
    UPDATE links SET linked_to = b.new_id FROM {rows} AS b
    WHERE links.shop = b.shop AND links.to_kind = b.kind AND links.to_id = b.id
      AND links.linked_to = b.old_id
    """,
    keyed=4,
    shop="text",
    kind="text",
    id="text",
    old_id="text",
    new_id="text",
)
_TWINS = statement(
    """
    SELECT l.shop, l.from_kind, l.from_id, coalesce(t.target_id, l.linked_to) AS to_target
    FROM {rows} AS b JOIN links AS l
      ON l.shop = b.shop AND l.from_kind = b.kind AND l.from_id = b.id
    LEFT JOIN sources AS t ON t.shop = l.shop AND t.kind = l.to_kind AND t.id = l.to_id
    WHERE l.state <> 'unwanted'
    """,
    shop="text",
    kind="text",
    id="text",
)


async def want_these(tx: Transaction, links: Sequence[Link]) -> None:
    """Let ``links`` stand."""
    await tx.run_batch(_WANT, [_written(link) for link in links])


async def want_no_others(
    tx: Transaction, sources: Iterable[SourceKey], links: Sequence[Link]
) -> None:
    """Let ``sources`` be linked to no other people than ``links`` say."""
    bare = [[key.shop, key.kind, key.id, None, None] for key in sources]
    owners = {tuple(row[:3]) for row in bare}
    kept = [named(link) for link in links if (link.shop, link.from_kind, link.from_id) in owners]
    await tx.run_batch(_UNWANT, [*kept, *bare])


async def mention(tx: Transaction, links: Iterable[Link]) -> None:
    """Remember links to customers who have no email, for when they get one."""
    await tx.run_batch(_MENTION, [named(link) for link in links])


async def leading_to(tx: Transaction, ends: Iterable[SourceKey]) -> list[SourceKey]:
    """The sources that links to ``ends`` come from."""
    rows = [[key.shop, key.kind, key.id] for key in set(ends)]
    found = await tx.run_batch(_LEADING_TO, rows)
    return [SourceKey(row.shop, row.from_kind, row.from_id) for row in found]


async def moved(tx: Transaction, ends: Mapping[SourceKey, str | None]) -> None:
    """Links that lead to ``ends`` are pending again where those are another HubSpot record now."""
    rows = [[key.shop, key.kind, key.id, target_id] for key, target_id in ends.items()]
    await tx.run_batch(_MOVED, rows)


async def merged(tx: Transaction, ends: Iterable[tuple[SourceKey, str, str]]) -> None:
    """Associations with a record that became another in HubSpot are with that one.

    ``ends`` are what links lead to, with the HubSpot id they were made with and the one that it
    has become.
    """
    rows = [[key.shop, key.kind, key.id, old, new] for key, old, new in ends]
    await tx.run_batch(_MERGED, rows)


async def wanted_pairs(tx: Transaction, sources: Iterable[SourceKey]) -> set[tuple[SourceKey, str]]:
    """Each of ``sources`` with every HubSpot id that one of its wanted links leads to."""
    rows = [[key.shop, key.kind, key.id] for key in set(sources)]
    return {
        (SourceKey(row.shop, row.from_kind, row.from_id), row.to_target)
        for row in await tx.run_batch(_TWINS, rows)
    }


def named(link: Link) -> list[Any]:
    """What a link is known by, as a row of a batch: :data:`KEY`, and where it leads."""
    return [link.shop, link.from_kind, link.from_id, link.to_kind, link.to_id]


def _written(link: Link) -> list[Any]:
    return [*named(link), link.to_parent_id]
