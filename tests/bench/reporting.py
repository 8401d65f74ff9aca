"""What each part hands back: a report for the file, and lines for the table."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Figures = Mapping[str, Any]
Report = dict[str, Any]
Measured = tuple[Report, list["Line"]]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table; ``aim`` as people read it, ``is_met`` unknown where there is none."""

    part: str
    figure: str
    product: str
    floor: str = ""
    quotient: str = ""
    aim: str = ""
    is_met: bool | None = None


def beside(
    part: str,
    figure: str,
    pairs: Sequence[Figures],
    name: str,
    judged: tuple[float, str, bool | None] | None,
) -> Line:
    """Product and floor, and how they stand to each other: ``(quotient, aim, is met)``."""
    quotient, aim, is_met = judged or (quotients(pairs, name), "", None)
    product, floor = (said(median(pairs, side, name)) for side in ("product", "floor"))
    return Line(part, figure, product, floor, f"{quotient:.2f}", aim, is_met)


def alone(part: str, figure: str, value: str, aim: str = "", is_met: bool | None = None) -> Line:  # noqa: FBT001 - as Line
    """A figure with nothing beside it."""
    return Line(part, figure, value, "", "", aim, is_met)


def median(pairs: Sequence[Figures], side: str, name: str) -> float:
    """The median of one side's figures."""
    return float(statistics.median(pair[side][name] for pair in pairs))


def quotients(
    pairs: Sequence[Figures], name: str, of: tuple[str, str] = ("product", "floor")
) -> float:
    """The median of the pairs' quotients: each pair had the same machine."""
    over, under = of
    # A run that did nothing at all must not hide the others.
    found = [pair[over][name] / pair[under][name] for pair in pairs if pair[under][name]]
    return round(float(statistics.median(found)), 3) if found else 0.0


def failed(pairs: Sequence[Figures], side: str) -> str:
    """How much was refused in all runs."""
    return str(sum(pair[side]["failed"] for pair in pairs))


def said(value: float) -> str:
    """A figure as people read it."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"
