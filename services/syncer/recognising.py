"""Which line items of an order or cart in HubSpot are ours. Pure.

Ours carry ``shopify_sync_key``. Of two with one key, the one the ledger does not know goes. The
lines of an adopted record, which another integration made, are matched once by SKU, quantity and
price; what cannot be matched one to one is left to people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from services.shared.hubspot.rows import CrmRecord
from services.shared.hubspot.schema import SYNC_KEY
from services.syncer.efforts import Effort, Piece

PROPERTIES = (SYNC_KEY, "hs_sku", "name", "quantity", "price")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line item as HubSpot shows it."""

    id: str
    sync_key: str
    traits: tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """``ours``: HubSpot ids by part; ``doubles``: HubSpot ids that are to go."""

    ours: Mapping[str, str] = field(default_factory=dict)
    doubles: Sequence[str] = ()
    is_ambiguous: bool = False


def line_of(record: CrmRecord) -> Line:
    """What matters of a line item HubSpot gave us."""
    return Line(
        id=record.id,
        sync_key=record.properties.get(SYNC_KEY) or "",
        traits=_traits(record.properties),
    )


def recognised(effort: Effort, lines: Sequence[Line]) -> Recognised:
    """Which of ``lines`` are which of the effort's parts."""
    wanted = {piece.properties.get(SYNC_KEY, ""): key for key, piece in effort.parts.items()}
    former = {part.target_id for part in effort.known_parts.values() if part.target_id}
    ours: dict[str, str] = {}
    doubles: list[str] = []
    keyed = [line for line in lines if line.sync_key]
    # Those the ledger knows come first, so that a double is never the one it knows.
    for line in sorted(keyed, key=lambda line: (line.id not in former, line.id)):
        part = wanted.get(line.sync_key)
        if part is None or part in ours:
            doubles.append(line.id)
        else:
            ours[part] = line.id
    doubles = _not_listed(doubles, effort)
    if not effort.is_adopted:
        return Recognised(ours=ours, doubles=doubles)
    unknown = {
        key: piece
        for key, piece in effort.parts.items()
        if key not in ours and not piece.target_id and not piece.is_gone
    }
    matched = _matched_once(unknown, [line for line in lines if not line.sync_key])
    if matched.is_ambiguous:
        return matched
    return Recognised(ours={**ours, **matched.ours}, doubles=doubles)


def _not_listed(doubles: Sequence[str], effort: Effort) -> list[str]:
    return [each for each in doubles if each not in effort.removals]


def _matched_once(parts: Mapping[str, Piece], lines: Sequence[Line]) -> Recognised:
    """One to one by SKU, quantity and price, or not at all."""
    if not lines:
        return Recognised()
    wanted: dict[tuple[str, str, str], list[str]] = {}
    there: dict[tuple[str, str, str], list[str]] = {}
    for key, piece in parts.items():
        wanted.setdefault(_traits(piece.properties), []).append(key)
    for line in lines:
        there.setdefault(line.traits, []).append(line.id)
    if any(len(ids) > 1 for traits, ids in there.items() if traits in wanted) or any(
        len(keys) > 1 for traits, keys in wanted.items() if traits in there
    ):
        return Recognised(is_ambiguous=True)
    return Recognised(
        ours={wanted[traits][0]: ids[0] for traits, ids in there.items() if traits in wanted}
    )


def _traits(properties: Mapping[str, str | None]) -> tuple[str, str, str]:
    name = properties.get("hs_sku") or properties.get("name") or ""
    return name, _plain(properties.get("quantity")), _plain(properties.get("price"))


def _plain(number: str | None) -> str:
    try:
        return str(Decimal(number or "0").normalize())
    except InvalidOperation:
        return number or ""
