"""What HubSpot's error envelope says, without the values it quotes.

Every field of the envelope is optional: ``status, message, correlationId, category, subCategory,
context, links, errors[]``. https://developers.hubspot.com/docs/api-reference/error-handling
Messages quote emails and names, so of a message only words of HubSpot's own are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.shared.hubspot.values import mappings_in

_CODE = re.compile(r"[A-Z][A-Z0-9_]{1,63}")
_PROPERTY = re.compile(r"[a-z][a-z0-9_]{0,99}")
_SCOPE = re.compile(r"[a-z][a-z0-9._-]{1,99}")
_EXISTING_ID = re.compile(r"[Ee]xisting ID:?\s*(\d{1,20})")
# "Cannot set … hs_sku … on 4711. 4712 already has that value."
_HOLDER = re.compile(r"\b(\d{1,20}) already has that value")
_UNSETTABLE = re.compile(r"Cannot set (?:\S*\bpropertyName=)?([a-z][a-z0-9_]{0,99})\b")
_QUOTED_CODE = re.compile(r'"error"\s*:\s*"([A-Z][A-Z0-9_]{1,63})"')
_QUOTED_PROPERTY = re.compile(r'"name"\s*:\s*"([a-z][a-z0-9_]{0,99})"')
_WORD = re.compile(r"[A-Za-z]+|[^A-Za-z\s]+")
_DETAIL_LENGTH = 200
_HUBSPOT_SPEAKS = (
    "a address all allowed already an and are batch be been being by call cannot codes could "
    "currency datetime did does double duplicate effective email empty enumeration error "
    "errors exist existing exists expected external field fields format found from given "
    "greater has have id identity in input integer invalid is item items it its least length "
    "less limit line long many maximum may minimum missing more most must no non not number "
    "object objects of on one only option options or order orders part per perform permission "
    "phone pipeline portal product products properties property provide provided read record "
    "records required same set some stage string supported than that the these this to too "
    "type unable unique unknown update upsert url valid validation value values was were with "
    "write contact contacts cart carts domain"
)
_HUBSPOT_WORDS = frozenset(_HUBSPOT_SPEAKS.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One error of HubSpot's.

    ``code`` is the most exact code given (``errors[].code``, else the category); ``field`` the
    property named; ``traces`` and ``ids`` the rows named; ``existing_id`` the record that already
    holds a unique value; ``detail`` HubSpot's sentence with everything but its own words masked.
    """

    code: str = ""
    field: str = ""
    category: str = ""
    existing_id: str = ""
    detail: str = ""
    traces: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()
    is_about_id_property: bool = False


def refusal_in(envelope: Mapping[str, Any]) -> Refusal:
    """The refusal an error envelope (of a whole answer, or of one row) states. Total."""
    parts = [envelope, *mappings_in(envelope.get("errors"))]
    messages = [text for part in parts if isinstance(text := part.get("message"), str)]
    spoken = "\n".join(messages)
    category = _first(_CODE, [envelope.get("category")])
    contexts = [each for part in parts if isinstance(each := part.get("context"), dict)]
    named = [name for part in parts for name in (part.get("code"), part.get("error"))]
    return Refusal(
        code=_first(_CODE, named) or _found(_QUOTED_CODE, spoken) or category,
        field=_first(_PROPERTY, _fields_in(parts, contexts))
        or _found(_QUOTED_PROPERTY, spoken)
        or _found(_UNSETTABLE, spoken),
        category=category,
        existing_id=_found(_EXISTING_ID, spoken)
        or _found(_HOLDER, spoken)
        or _first_id(contexts, "existingObjectId"),
        detail=masked(messages[0]) if messages else "",
        traces=frozenset(_strings(contexts, "objectWriteTraceId")),
        ids=frozenset([*_strings(contexts, "ids"), *_strings(contexts, "id"), *_ids(parts)]),
        is_about_id_property="non-unique" in spoken,
    )


def masked(message: str) -> str:
    """``message`` with every word that is not HubSpot's own replaced by ``…``, runs joined."""
    kept: list[str] = []
    for word in _WORD.findall(message[:2000]):
        shown = word if word.lower() in _HUBSPOT_WORDS else "…"
        if shown != "…" or kept[-1:] != ["…"]:
            kept.append(shown)
    return " ".join(kept)[:_DETAIL_LENGTH]


def scopes_in(envelope: Mapping[str, Any]) -> tuple[str, ...]:
    """The scopes a 403 names as missing, sorted."""
    parts = [envelope, *mappings_in(envelope.get("errors"))]
    contexts = [each for part in parts if isinstance(each := part.get("context"), dict)]
    named = [
        scope
        for key in ("requiredGranularScopes", "requiredScopes", "missingScopes")
        for scope in _strings(contexts, key)
    ]
    return tuple(sorted({scope for scope in named if _SCOPE.fullmatch(scope)}))


def _fields_in(
    parts: Sequence[Mapping[str, Any]], contexts: Sequence[Mapping[str, Any]]
) -> list[Any]:
    named = [*_strings(contexts, "propertyName"), *_strings(contexts, "properties")]
    return [*named, *(part.get("in") for part in parts), *(part.get("name") for part in parts)]


def _strings(contexts: Iterable[Mapping[str, Any]], key: str) -> list[str]:
    found = [context.get(key) for context in contexts]
    return [
        str(each)
        for value in found
        for each in (value if isinstance(value, list) else [value])
        if isinstance(each, str | int) and not isinstance(each, bool)
    ]


def _ids(parts: Iterable[Mapping[str, Any]]) -> list[str]:
    return [
        str(each) for part in parts if isinstance(each := part.get("id"), str) and each.isdigit()
    ]


def _first(pattern: re.Pattern[str], candidates: Iterable[Any]) -> str:
    return next((c for c in candidates if isinstance(c, str) and pattern.fullmatch(c)), "")


def _first_id(contexts: Sequence[Mapping[str, Any]], key: str) -> str:
    return next((each for each in _strings(contexts, key) if each.isdigit()), "")


def _found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return match.group(1) if match else ""
