"""Reading many records: by id, and page by page, each call within Shopify's limits.

https://shopify.dev/docs/api/usage/limits · https://shopify.dev/docs/api/usage/pagination-graphql
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.shared.contract.errors import OursToFixError, OutcomeUnknownError
from services.shared.shopify.admin import Admin, Answer
from services.shared.shopify.answers import Path, TooCostlyError
from services.shared.shopify.costs import MOST_PER_QUERY

MOST_IDS = 250
MOST_PER_PAGE = 250
MOST_BY_PAGING = 25_000
_FIRST_IDS = 25
# Of the 1,000 points a query may ask for, leave a tenth for records larger than the last ones.
_COST_AIMED_AT = MOST_PER_QUERY * 0.9


class PagingLimitError(OursToFixError):
    """A list has more than 25,000 records; Shopify pages no further. Ask for a shorter span."""

    def __init__(self) -> None:
        super().__init__("paging_limit")


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRead:
    """One record by id. ``node`` is None if Shopify has none, or if ``is_denied``: then it may.

    ``denied`` are the paths within the node whose nulls prove nothing.
    """

    node: Mapping[str, Any] | None
    observed_at: datetime
    is_denied: bool = False
    denied: Sequence[Path] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRead:
    """One page of a list. ``denied`` paths begin with the index of the node in ``nodes``."""

    nodes: Sequence[Mapping[str, Any]]
    observed_at: datetime
    is_last: bool
    denied: Sequence[Path] = ()


async def nodes(admin: Admin, document: str, ids: Sequence[str]) -> dict[str, NodeRead]:
    """The records with these global ids, each exactly once.

    ``document`` takes ``$ids: [ID!]!`` and selects ``nodes(ids: $ids)``. As many ids go into one
    call as its cost allows.

    Raises:
        TooCostlyError: a single record costs more than a query may ask for.
        SyncError: a call failed.
    """
    waiting = [*dict.fromkeys(ids)]
    found: dict[str, NodeRead] = {}
    at_once = _FIRST_IDS
    while waiting:
        some = waiting[:at_once]
        try:
            answer = await admin.query(document, {"ids": some})
        except TooCostlyError:
            if len(some) == 1:
                raise
            at_once = len(some) // 2
            continue
        found |= _nodes_in(some, answer)
        waiting = waiting[len(some) :]
        at_once = _ids_affordable(len(some), answer)
    return found


async def pages(
    admin: Admin, document: str, connection: str, variables: Mapping[str, Any]
) -> AsyncIterator[PageRead]:
    """The pages of a list, in its order, never the same one twice.

    ``document`` takes ``$first: Int!`` and ``$after: String``, and selects ``connection`` at the
    top with ``nodes`` and ``pageInfo {hasNextPage endCursor}``. A page that would cost too much is
    asked for by halves. Ends with the page that ``is_last``; whoever sees none has not seen all.

    Raises:
        PagingLimitError: there is more, but Shopify gives no more.
        SyncError: a call failed; the pages given so far stand.
    """
    first = int(variables.get("first", MOST_PER_PAGE))
    after: str | None = None
    given = 0
    while True:
        try:
            answer = await admin.query(document, {**variables, "first": first, "after": after})
        except TooCostlyError:
            if first == 1:
                raise
            first //= 2
            continue
        page, following = _page_in(connection, answer)
        yield page
        if following is None:
            return
        if following == after or not page.nodes:
            raise OutcomeUnknownError("cursor_stands_still")
        after = following
        given += len(page.nodes)
        if given >= MOST_BY_PAGING:
            raise PagingLimitError


def _nodes_in(ids: Sequence[str], answer: Answer) -> dict[str, NodeRead]:
    listed = answer.data.get("nodes")
    if not isinstance(listed, list) or len(listed) != len(ids):
        raise OutcomeUnknownError("garbled_answer")
    denied = _below(answer.denied, "nodes")
    return {
        each: _node_read(node, _below(denied, index), answer)
        for index, (each, node) in enumerate(zip(ids, listed, strict=True))
    }


def _node_read(node: Any, denied: Sequence[Path], answer: Answer) -> NodeRead:
    is_there = isinstance(node, dict)
    return NodeRead(
        node=node if is_there else None,
        observed_at=answer.observed_at,
        is_denied=not is_there and bool(denied),
        denied=denied,
    )


def _page_in(connection: str, answer: Answer) -> tuple[PageRead, str | None]:
    found = answer.data.get(connection)
    denied = _below(answer.denied, connection)
    if found is None and denied:
        raise OursToFixError("access_denied", detail=connection)
    listed = found.get("nodes") if isinstance(found, dict) else None
    info = found.get("pageInfo") if isinstance(found, dict) else None
    if not isinstance(listed, list) or not isinstance(info, dict):
        raise OutcomeUnknownError("garbled_answer")
    cursor = info.get("endCursor") if info.get("hasNextPage") is True else None
    if info.get("hasNextPage") is True and not isinstance(cursor, str):
        raise OutcomeUnknownError("garbled_answer")
    page = PageRead(
        nodes=[node for node in listed if isinstance(node, dict)],
        observed_at=answer.observed_at,
        is_last=cursor is None,
        denied=_below(denied, "nodes"),
    )
    return page, cursor


def _ids_affordable(asked: int, answer: Answer) -> int:
    if answer.cost is None or answer.cost.requested <= 0:
        return asked
    fitting = int(_COST_AIMED_AT / (answer.cost.requested / asked))
    return max(min(fitting, MOST_IDS), 1)


def _below(paths: Sequence[Path], step: str | int) -> tuple[Path, ...]:
    return tuple(path[1:] for path in paths if path[:1] == (step,))
