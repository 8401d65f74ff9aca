"""What an account says of itself: properties, pipelines, currencies. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.shared.contract.errors import OutcomeUnknownError
from services.shared.hubspot.values import mappings_in, text_in


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyInfo:
    """One property of an object type, as this account has it.

    ``is_writable`` is false for calculated and read-only ones: writing those is an error.
    ``options`` are the values an enumeration takes, by value, not label.
    """

    name: str
    label: str = ""
    type: str = "string"
    field_type: str = "text"
    options: frozenset[str] = frozenset()
    is_unique: bool = False
    is_writable: bool = True
    is_archived: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage of a pipeline. Ids are the account's own; labels can be renamed by anyone."""

    id: str
    label: str
    is_closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """A pipeline with its stages in display order."""

    id: str
    label: str
    stages: Sequence[Stage]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDetails:
    """An account. ``currencies`` are the code of its own and those it has added."""

    portal_id: str
    time_zone: str
    currencies: frozenset[str]


def property_in(entry: Mapping[str, Any]) -> PropertyInfo:
    """One property. Total."""
    options = entry.get("options")
    modification = entry.get("modificationMetadata")
    is_read_only = isinstance(modification, dict) and modification.get("readOnlyValue") is True
    return PropertyInfo(
        name=text_in(entry.get("name")),
        label=text_in(entry.get("label")),
        type=text_in(entry.get("type")),
        field_type=text_in(entry.get("fieldType")),
        options=frozenset(text_in(option.get("value")) for option in mappings_in(options)),
        is_unique=entry.get("hasUniqueValue") is True,
        is_writable=not (is_read_only or entry.get("calculated") is True),
        is_archived=entry.get("archived") is True,
    )


def pipelines_in(answer: Mapping[str, Any]) -> tuple[Pipeline, ...]:
    """The pipelines in an answer, those not archived, in display order.

    Raises:
        OutcomeUnknownError: the answer has no list.
    """
    if not isinstance(answer.get("results"), list):
        raise OutcomeUnknownError("garbled_answer")
    return tuple(
        Pipeline(
            id=text_in(entry.get("id")),
            label=text_in(entry.get("label")),
            stages=tuple(_stage_in(each) for each in _in_order(entry.get("stages"))),
        )
        for entry in _in_order(answer.get("results"))
    )


def account_in(answer: Mapping[str, Any]) -> AccountDetails:
    """The account an answer describes.

    Raises:
        OutcomeUnknownError: it names no account.
    """
    portal_id = answer.get("portalId")
    if not isinstance(portal_id, int | str) or not str(portal_id):
        raise OutcomeUnknownError("garbled_answer")
    home = text_in(answer.get("companyCurrency"))
    added = answer.get("additionalCurrencies")
    codes = {str(each) for each in added} if isinstance(added, list) else set()
    return AccountDetails(
        portal_id=str(portal_id),
        time_zone=text_in(answer.get("timeZone")),
        currencies=frozenset({*codes, home} - {""}),
    )


def _stage_in(entry: Mapping[str, Any]) -> Stage:
    metadata = entry.get("metadata")
    state = text_in(metadata.get("state")) if isinstance(metadata, dict) else ""
    return Stage(
        id=text_in(entry.get("id")), label=text_in(entry.get("label")), is_closed=state == "CLOSED"
    )


def _in_order(entries: Any) -> list[Mapping[str, Any]]:
    live = [each for each in mappings_in(entries) if each.get("archived") is not True]
    return sorted(live, key=_display_order)


def _display_order(entry: Mapping[str, Any]) -> int:
    order = entry.get("displayOrder")
    return order if isinstance(order, int) else 0
