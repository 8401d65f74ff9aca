"""Shows findings to people: the worst first, those of several places together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.cli.answering import say
from services.cli.findings import Finding, Level, has_errors

_SUBJECTS_NAMED = 3


def tell(findings: Sequence[Finding], *, verbose: bool) -> None:
    """Every finding in a few lines, and how many there are of each level.

    What was found alike in several places is said once. ``verbose`` names all of it.
    """
    grid = Table.grid(padding=(0, 2, 0, 0))
    for level in Level:
        for to_do, some in _by_remedy(each for each in findings if each.level is level):
            for alike in _together(some):
                _add(grid, alike, verbose=verbose)
            if to_do:
                grid.add_row("", Text(to_do, style="italic"))
    Console(highlight=False).print(grid)
    say(_summary(findings))


def _by_remedy(findings: Iterable[Finding]) -> Iterable[tuple[str, Sequence[Finding]]]:
    """Those that one thing to do is the end of; what to do is said once, below them."""
    by: dict[str, list[Finding]] = {}
    for each in findings:
        by.setdefault(each.to_do, []).append(each)
    return by.items()


def _together(findings: Iterable[Finding]) -> Iterable[Sequence[Finding]]:
    alike: dict[object, list[Finding]] = {}
    for each in findings:
        alike.setdefault((each.problem, tuple(each.names)), []).append(each)
    return alike.values()


def _add(grid: Table, alike: Sequence[Finding], *, verbose: bool) -> None:
    first = alike[0]
    grid.add_row(first.level.value, Text(f"{_where(alike, verbose=verbose)}: {first.problem}"))
    if verbose and first.names:
        grid.add_row("", Text(", ".join(first.names)))


def _where(alike: Sequence[Finding], *, verbose: bool) -> str:
    named = [each.subject for each in (alike if verbose else alike[:_SUBJECTS_NAMED])]
    more = len(alike) - len(named)
    return f"{', '.join(named)} and {more} more" if more else ", ".join(named)


def _summary(findings: Sequence[Finding]) -> str:
    counted = Counter(each.level for each in findings)
    numbers = [(level.value, counted[level]) for level in Level]
    said = ", ".join(f"{n} {name}{'s' if n > 1 else ''}" for name, n in numbers if n)
    if has_errors(findings):
        return f"Found: {said}."
    return f"Nothing stands in the way ({said})." if said else "Nothing stands in the way."
