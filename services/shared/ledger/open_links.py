"""Links that are to be worked on: what can be done about them, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from services.shared.contract.keys import SourceKey
from services.shared.ledger.engine import Statement, Transaction, statement
from services.shared.ledger.links import KEY, Link, named

if TYPE_CHECKING:
    from sqlalchemy import Row


class Ends(StrEnum):
    """What can be done about an open link."""

    BOTH_THERE = "both_there"
    DEAD = "dead"  # an end that is excluded or deleted, or a part its record no longer has
    PART_UNKNOWN = "part_unknown"  # its record was last looked at too soon to say so
    TO_BE_REMOVED = "to_be_removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLink:
    """A link that can be worked on now, with the HubSpot ids of its ends where known.

    ``from_parent`` is the id of the record that the end it comes from is a part of, if it is one.
    """

    link: Link
    ends: Ends
    from_target: str | None
    to_target: str | None
    from_parent: str | None = None
    linked_to: str | None = None  # the HubSpot id it was made to before, if it was


_LINK = {**KEY, "to_kind": "text", "to_id": "text"}
_OPEN = """
    SELECT l.shop, l.from_kind, l.from_id, l.to_kind, l.to_id, l.to_parent_id, l.state, l.linked_to,
      f.target_id AS from_target, f.parent_id AS from_parent, t.target_id AS to_target,
      CASE
        WHEN l.state = 'unwanted' THEN 'to_be_removed'
        WHEN f.status IN ('excluded', 'deleted') OR t.status IN ('excluded', 'deleted')
          OR (t.id IS NULL AND p.acknowledged_at > l.created_at + :part_wait_ms)
          OR p.status IN ('excluded', 'deleted') THEN 'dead'
        WHEN t.id IS NULL AND p.status = 'in_sync' AND l.created_at + :part_wait_ms < {now}
          THEN 'part_unknown'
        WHEN f.target_id IS NOT NULL AND t.target_id IS NOT NULL THEN 'both_there'
      END AS ends
    FROM links AS l
    LEFT JOIN sources AS f ON f.shop = l.shop AND f.kind = l.from_kind AND f.id = l.from_id
    LEFT JOIN sources AS t ON t.shop = l.shop AND t.kind = l.to_kind AND t.id = l.to_id
    LEFT JOIN sources AS p ON p.shop = l.shop AND p.kind = :part_parent_kind
      AND p.id = l.to_parent_id AND l.to_kind = :part_kind
    WHERE l.state <> 'done'
"""
_DUE = "(l.due_at IS NULL OR l.due_at <= {now})"
# What has been settled just now may be what a link that was put off comes to its end by.
_DUE_OR_DEAD = f"""({_DUE} OR f.status IN ('excluded', 'deleted')
  OR t.status IN ('excluded', 'deleted'))"""


def _open_at(end: str) -> Statement:
    """The links that begin (``from``) or end (``to``) at the rows and can be worked on now."""
    return statement(
        f"""{_OPEN} AND {_DUE_OR_DEAD} AND (l.shop, l.{end}_kind, l.{end}_id)
        IN (SELECT b.shop, b.kind, b.id FROM {{rows}} AS b)""",
        shop="text",
        kind="text",
        id="text",
    )


_OPEN_FROM = _open_at("from")
_OPEN_TO = _open_at("to")
_OPEN_ALL = statement(
    f"SELECT * FROM ({_OPEN} AND {_DUE}) AS o WHERE o.ends IS NOT NULL LIMIT :most"
)
_DONE = statement(
    """
    INSERT INTO links (shop, from_kind, from_id, to_kind, to_id, state, linked_to, created_at)
    SELECT b.shop, b.from_kind, b.from_id, b.to_kind, b.to_id, 'done', b.linked_to, {now}
    FROM {rows} AS b WHERE true
    ON CONFLICT (shop, from_kind, from_id, to_kind, to_id) DO UPDATE SET
      state = CASE WHEN links.state = 'pending' THEN 'done' ELSE links.state END,
      linked_to = excluded.linked_to, due_at = NULL
    """,
    keyed=5,
    shared=_LINK,
    linked_to="text",
)
_REST = statement(
    """UPDATE links SET state = 'done', linked_to = NULL, due_at = NULL WHERE state = :state AND
    (shop, from_kind, from_id, to_kind, to_id) IN
    (SELECT b.shop, b.from_kind, b.from_id, b.to_kind, b.to_id FROM {rows} AS b)
    AND EXISTS (SELECT 1 FROM sources AS t WHERE t.shop = links.shop AND t.kind = links.to_kind
      AND t.id = links.to_id AND t.status = 'excluded' AND t.reason = 'no_email')""",
    shared=_LINK,
)
_DROP = statement(
    """DELETE FROM links WHERE state = :state AND
    (shop, from_kind, from_id, to_kind, to_id) IN
    (SELECT b.shop, b.from_kind, b.from_id, b.to_kind, b.to_id FROM {rows} AS b)""",
    shared=_LINK,
)
_PUT_OFF = statement(
    """UPDATE links SET due_at = {now} + :due_in WHERE
    (shop, from_kind, from_id, to_kind, to_id) IN
    (SELECT b.shop, b.from_kind, b.from_id, b.to_kind, b.to_id FROM {rows} AS b)""",
    shared=_LINK,
)
_PART_OF = {"part_kind": "variants", "part_parent_kind": "products", "part_wait_ms": 120_000}


async def at(tx: Transaction, touched: Iterable[SourceKey]) -> list[OpenLink]:
    """The links from or to ``touched`` sources that can be worked on now."""
    rows = [[key.shop, key.kind, key.id] for key in set(touched)]
    found = {}
    for query in (_OPEN_FROM, _OPEN_TO):
        for row in await tx.run_batch(query, rows, **_PART_OF):
            if row.ends is not None:
                found[tuple(row[:5])] = _open_link(row)
    return list(found.values())


async def anywhere(tx: Transaction, most: int) -> list[OpenLink]:
    """Up to ``most`` links that can be worked on now, wherever they are."""
    return [_open_link(row) for row in await tx.run(_OPEN_ALL, most=most, **_PART_OF)]


async def done(tx: Transaction, made: Iterable[tuple[Link, str]]) -> None:
    """HubSpot has these, each to the HubSpot id given with it."""
    await tx.run_batch(_DONE, [[*named(link), linked_to] for link, linked_to in made])


async def drop(tx: Transaction, links: Iterable[OpenLink]) -> None:
    """Forget these, if they are still what they were when found; some are only mentioned then."""
    for state in ("pending", "unwanted"):
        chosen = [
            named(each.link)
            for each in links
            if (each.ends is Ends.TO_BE_REMOVED) == (state == "unwanted")
        ]
        await tx.run_batch(_REST, chosen, state=state)
        await tx.run_batch(_DROP, chosen, state=state)


async def put_off(tx: Transaction, links: Iterable[Link], due_in_ms: int) -> None:
    """Leave these alone for a while."""
    await tx.run_batch(_PUT_OFF, [named(link) for link in links], due_in=due_in_ms)


def _open_link(row: Row[Any]) -> OpenLink:
    return OpenLink(
        link=Link(
            shop=row.shop,
            from_kind=row.from_kind,
            from_id=row.from_id,
            to_kind=row.to_kind,
            to_id=row.to_id,
            to_parent_id=row.to_parent_id,
        ),
        ends=Ends(row.ends),
        from_target=row.from_target,
        from_parent=row.from_parent,
        to_target=row.to_target,
        linked_to=row.linked_to,
    )
