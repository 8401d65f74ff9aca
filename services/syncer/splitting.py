"""How rows are divided among calls. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol, TypeVar

from services.shared.hubspot.refusals import Refusal
from services.shared.hubspot.rows import Row


class Traced(Protocol):
    """Something whose result is known by its trace."""

    @property
    def trace(self) -> str:
        """Unique within a call."""


T = TypeVar("T")
R = TypeVar("R", bound=Traced)

# These refuse a property whatever its value: every row that has it is an offender.
_SCHEMA_CODES = frozenset({"PROPERTY_DOESNT_EXIST", "READ_ONLY_VALUE"})


def chunks(rows: Sequence[T], at_once: int) -> Iterator[Sequence[T]]:
    """``rows`` in order, at most ``at_once`` together."""
    for start in range(0, len(rows), at_once):
        yield rows[start : start + at_once]


def waves(rows: Iterable[Row]) -> list[list[Row]]:
    """``rows`` so that no wave has an id twice, and an id's rows keep their order.

    HubSpot refuses a whole batch in which one id stands twice.
    """
    divided: list[list[Row]] = []
    seen: dict[tuple[str, str], int] = {}
    for row in rows:
        key = (row.id_property, row.id)
        number = seen.get(key, 0) if row.id else 0
        seen[key] = number + 1
        if number == len(divided):
            divided.append([])
        divided[number].append(row)
    return divided


def is_about_all(rows: Sequence[R], refusal: Refusal) -> bool:
    """Whether ``refusal`` surely is every row's, so that no smaller call would fare better."""
    return len(rows) == 1 or (
        refusal.code in _SCHEMA_CODES and all(_has_property(row, refusal) for row in rows)
    )


def parts_of(rows: Sequence[R], refusal: Refusal) -> list[Sequence[R]]:
    """Smaller calls to make of two or more ``rows`` that were refused together.

    Rows with a property the account does not take are kept apart from those without. Each row the
    refusal names stands alone, the others stay together. If it names nobody, or everybody, halves.
    Every part is smaller than the whole, so repeating this ends.
    """
    if refusal.code in _SCHEMA_CODES:
        having = [row for row in rows if _has_property(row, refusal)]
        if 0 < len(having) < len(rows):
            return [having, [row for row in rows if not _has_property(row, refusal)]]
    named = [row for row in rows if _is_named(row, refusal)]
    if 0 < len(named) < len(rows):
        others = [row for row in rows if not _is_named(row, refusal)]
        return [others, *([row] for row in named)]
    middle = len(rows) // 2
    return [rows[:middle], rows[middle:]]


def _has_property(row: Traced, refusal: Refusal) -> bool:
    return isinstance(row, Row) and refusal.field in row.properties


def _is_named(row: Traced, refusal: Refusal) -> bool:
    if row.trace in refusal.traces:
        return True
    return isinstance(row, Row) and bool(row.id) and row.id in refusal.ids
