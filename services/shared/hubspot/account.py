"""What an account says of itself: properties, pipelines, currencies, usage. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.shared.contract.errors import OutcomeUnknownError


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
    """An account. ``currencies`` are the codes it has added and its own (``home_currency``)."""

    portal_id: str
    time_zone: str
    home_currency: str
    currencies: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyUsage:
    """The account's calls of the day, all apps together."""

    used: int
    limit: int
    resets_at: datetime | None


def property_in(entry: Mapping[str, Any]) -> PropertyInfo:
    """One property. Total."""
    options = entry.get("options")
    modification = entry.get("modificationMetadata")
    is_read_only = isinstance(modification, dict) and modification.get("readOnlyValue") is True
    return PropertyInfo(
        name=_text(entry, "name"),
        label=_text(entry, "label"),
        type=_text(entry, "type"),
        field_type=_text(entry, "fieldType"),
        options=frozenset(_text(option, "value") for option in _mappings(options)),
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
            id=_text(entry, "id"),
            label=_text(entry, "label"),
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
    home = _text(answer, "companyCurrency")
    added = answer.get("additionalCurrencies")
    codes = {str(each) for each in added} if isinstance(added, list) else set()
    return AccountDetails(
        portal_id=str(portal_id),
        time_zone=_text(answer, "timeZone"),
        home_currency=home,
        currencies=frozenset({*codes, home} - {""}),
    )


def daily_usage_in(answer: Mapping[str, Any]) -> DailyUsage:
    """The day's usage; HubSpot answers one entry, alone or in ``results``.

    Raises:
        OutcomeUnknownError: there is none.
    """
    entry = next(iter(_mappings(answer.get("results"))), answer)
    used, limit = entry.get("currentUsage"), entry.get("usageLimit")
    if not isinstance(used, int) or not isinstance(limit, int):
        raise OutcomeUnknownError("garbled_answer")
    return DailyUsage(used=used, limit=limit, resets_at=_moment(_text(entry, "resetsAt")))


def _stage_in(entry: Mapping[str, Any]) -> Stage:
    metadata = entry.get("metadata")
    state = _text(metadata, "state") if isinstance(metadata, dict) else ""
    return Stage(id=_text(entry, "id"), label=_text(entry, "label"), is_closed=state == "CLOSED")


def _in_order(entries: Any) -> list[Mapping[str, Any]]:
    live = [each for each in _mappings(entries) if each.get("archived") is not True]
    return sorted(live, key=_display_order)


def _display_order(entry: Mapping[str, Any]) -> int:
    order = entry.get("displayOrder")
    return order if isinstance(order, int) else 0


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _text(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
