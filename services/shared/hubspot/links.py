"""Associations in HubSpot's answers. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.shared.contract.errors import OutcomeUnknownError
from services.shared.hubspot.refusals import Refusal, refusal_in
from services.shared.hubspot.rows import NOT_FOUND
from services.shared.hubspot.values import mappings_in

# https://developers.hubspot.com/changelog/bug-fix-batch-read-limit-for-hubspot-associations-api
PAIRS_PER_CALL = 2000
READS_PER_CALL = 1000
DISSOCIATED_PER_CALL = 100


@dataclass(frozen=True, slots=True, order=True)
class Pair:
    """Two records to be linked, by HubSpot id."""

    from_id: str
    to_id: str


def pairs_refused_in(pairs: Sequence[Pair], answer: Mapping[str, Any]) -> dict[Pair, Refusal]:
    """The pairs HubSpot refused, with its reason.

    An error that names both ends counts for that pair; one that names an end, for every pair
    with it.

    Raises:
        OutcomeUnknownError: an error names none of ``pairs``, or is not shown, or the answer has no
            list: nothing is sure.
    """
    _check_whole(answer)
    refused: dict[Pair, Refusal] = {}
    for refusal in map(refusal_in, mappings_in(answer.get("errors"))):
        hit = _hit(pairs, refusal) if len(pairs) > 1 else [*pairs]
        if not hit:
            raise OutcomeUnknownError("pairs_unanswered")
        refused |= dict.fromkeys(hit, refusal)
    return refused


def associated_in(from_ids: Sequence[str], answer: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """What each of ``from_ids`` is linked with; nothing named is nothing linked.

    HubSpot answers a record without links by an error in a 2xx, or not at all.

    Raises:
        OutcomeUnknownError: a record's list goes on on another page, the answer has no list, or it
            has an error of another kind: what could not be read must not pass for nothing.
    """
    _check_whole(answer)
    errors = mappings_in(answer.get("errors"))
    if any(each.get("category") != NOT_FOUND for each in errors):
        raise OutcomeUnknownError("links_unanswered")
    linked: dict[str, set[str]] = {each: set() for each in from_ids}
    for entry in mappings_in(answer.get("results")):
        if entry.get("paging"):
            raise OutcomeUnknownError("links_truncated")
        source = entry.get("from")
        from_id = str(source.get("id", "")) if isinstance(source, dict) else ""
        held = linked.setdefault(from_id, set())
        held |= {
            str(each["toObjectId"]) for each in mappings_in(entry.get("to")) if "toObjectId" in each
        }
    return {each: frozenset(linked[each]) for each in from_ids}


def _check_whole(answer: Mapping[str, Any]) -> None:
    shown, said = len(mappings_in(answer.get("errors"))), answer.get("numErrors")
    is_cut = isinstance(said, int) and said > shown
    if is_cut or not (shown or isinstance(answer.get("results"), list)):
        raise OutcomeUnknownError("garbled_answer")


def _hit(pairs: Sequence[Pair], refusal: Refusal) -> list[Pair]:
    exact = [pair for pair in pairs if {pair.from_id, pair.to_id} <= refusal.ids]
    return exact or [pair for pair in pairs if {pair.from_id, pair.to_id} & refusal.ids]
