"""Which handler answers which path, what scopes it asks for, in every path family served.

Families: ``/crm/v3/objects/…``, ``/crm/objects/{2026-03,2026-09}/…``, ``/crm/v4/associations/…``
and so on. A path that is in no table is answered 501: the simulator never guesses.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from sandbox.hubspot.account import Account
from sandbox.hubspot.calls import Answer, Call

Handler = Callable[[Account, Call], Answer]
DATED = ("2026-03", "2026-09")


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A handler with the scopes of which one is needed; ``{objectType}`` in them is filled in.

    ``query`` names what the handler heeds of the query; what it would pass over is not served.
    ``is_open`` routes ask for no token.
    """

    method: str
    pattern: tuple[str, ...]
    handler: Handler
    query: frozenset[str] = frozenset()
    scopes: tuple[str, ...] = ()
    is_search: bool = False
    is_open: bool = False


def route(
    said: str, handler: Handler, *scopes: str, is_search: bool = False, is_open: bool = False
) -> Route:
    """A route from ``"GET {objectType}?limit&after"``, the path after its family's base."""
    method, _, path = said.partition(" ")
    path, _, query = path.partition("?")
    pattern = tuple(path.split("/")) if path else ()
    return Route(
        method=method,
        pattern=pattern,
        handler=handler,
        query=frozenset(query.split("&")) - {""},
        scopes=scopes,
        is_search=is_search,
        is_open=is_open,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Where an API lives: a base path that names its version, and the routes below it."""

    base: re.Pattern[str]
    routes: tuple[Route, ...]


def family(area: str, versions: tuple[str, ...], routes: tuple[Route, ...]) -> Family:
    """A family from its base, ``/crm/{version}/objects``."""
    before, _, after = area.partition("{version}")
    known = "|".join(re.escape(each) for each in versions)
    base = re.compile(f"{re.escape(before)}({known}){re.escape(after)}(?:/(.*))?\\Z")
    return Family(base=base, routes=routes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A route with the version and the variables of the path that led to it.

    ``shape`` is the path without ids, for counting.
    """

    route: Route
    version: str
    params: dict[str, str]
    shape: str


def find(families: tuple[Family, ...], method: str, path: str) -> Found | None:
    """The route for a call; None when the simulator does not serve it. ``path`` is still quoted."""
    for each in families:
        match = each.base.match(path)
        if match is None:
            continue
        parts = [part for part in (match[2] or "").split("/") if part]
        for candidate in each.routes:
            if candidate.method == method and len(candidate.pattern) == len(parts):
                params = _params(candidate.pattern, parts)
                if params is not None:
                    return Found(
                        route=candidate,
                        version=match[1],
                        params=params,
                        shape=_shape(match, candidate, params),
                    )
    return None


def _params(pattern: tuple[str, ...], parts: list[str]) -> dict[str, str] | None:
    params = {}
    for wanted, part in zip(pattern, parts, strict=True):
        if wanted[0] == "{":
            params[wanted[1:-1]] = unquote(part)
        elif wanted != part:
            return None
    return params


def _shape(match: re.Match[str], route: Route, params: dict[str, str]) -> str:
    before = match.string[: match.start(2)] if match[2] else f"{match.string}/"
    parts = (
        params[each[1:-1]] if each.endswith("ObjectType}") or each == "{objectType}" else each
        for each in route.pattern
    )
    return (before + "/".join(parts)).rstrip("/")
