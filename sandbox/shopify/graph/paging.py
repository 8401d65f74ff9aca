"""Pages of lists, by cursor."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any

from graphql import GraphQLError

PAGE_LIMIT = 250
OBJECT_LIMIT = 25_000


def bad_request(message: str) -> GraphQLError:
    """The error of arguments that can't be answered."""
    return GraphQLError(message, extensions={"code": "BAD_REQUEST"})


def cursor_of(position: Sequence[Any]) -> str:
    """An opaque cursor that holds a position."""
    return base64.b64encode(json.dumps(position).encode()).decode()


def position_of(cursor: str) -> list[Any]:
    """The position a cursor holds; a made-up cursor is refused as the vendor does."""
    try:
        position = json.loads(base64.b64decode(cursor, validate=True))
    except ValueError:
        raise bad_request("Invalid cursor for current pagination sort.") from None
    if not isinstance(position, list):
        raise bad_request("Invalid cursor for current pagination sort.")
    return position


def page_size(first: int | None, last: int | None) -> int:
    """How many are asked for; one of ``first`` and ``last``, at most 250."""
    if first is None and last is None:
        raise bad_request("you must provide one of first or last")
    if first is not None and last is not None:
        raise bad_request("providing both first and last is not supported")
    size = first if first is not None else last
    name = "first" if first is not None else "last"
    if size is None or size < 0:
        raise bad_request(f"{name} cannot be negative")
    if size > PAGE_LIMIT:
        raise bad_request(f"{name} cannot exceed {PAGE_LIMIT}")
    return size


def page(
    items: Sequence[Any],
    cursors: Callable[[int], str],
    *,
    before_it: bool,
    after_it: bool,
) -> dict[str, Any]:
    """The objects of one page as a connection; ``cursors`` gives the cursor of a place in it."""
    return {
        "nodes": items,
        "edges": lambda: [
            {"node": each, "cursor": cursors(place)} for place, each in enumerate(items)
        ],
        "pageInfo": {
            "hasNextPage": after_it,
            "hasPreviousPage": before_it,
            "startCursor": cursors(0) if items else None,
            "endCursor": cursors(len(items) - 1) if items else None,
        },
    }


def connection(  # noqa: PLR0913 - the arguments of every connection
    items: Sequence[Any],
    first: int | None = None,
    last: int | None = None,
    after: str | None = None,
    before: str | None = None,
    *,
    reverse: bool = False,
    **_: Any,
) -> dict[str, Any]:
    """A page of a list that is at hand; its cursors are places."""
    size = page_size(first, last)
    ordered = items[::-1] if reverse else items
    start = int(position_of(after)[0]) + 1 if after else 0
    end = int(position_of(before)[0]) if before else len(ordered)
    if first is not None:
        end = min(end, start + size)
    else:
        start = max(start, end - size)
    return page(
        ordered[start:end],
        lambda place: cursor_of([start + place]),
        before_it=start > 0,
        after_it=end < len(ordered),
    )
