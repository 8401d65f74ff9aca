"""What a check finds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.shared.contract.errors import SyncError


class Level(StrEnum):
    """How bad it is."""

    ERROR = "error"  # it will not work
    WARNING = "warning"  # it works, with less
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something found: where, what, and what to do about it. Quotes no secret and no person.

    ``names`` are all that ``problem`` counts, for who wants to know.
    """

    level: Level
    subject: str
    problem: str
    to_do: str
    names: Sequence[str] = ()


def ours(subject: str, problem: str, to_do: str) -> Finding:
    """Something that must be put right."""
    return Finding(level=Level.ERROR, subject=subject, problem=problem, to_do=to_do)


def lesser(subject: str, problem: str, to_do: str, names: Sequence[str] = ()) -> Finding:
    """Something we do without."""
    return Finding(level=Level.WARNING, subject=subject, problem=problem, to_do=to_do, names=names)


def note(subject: str, problem: str, to_do: str = "", names: Sequence[str] = ()) -> Finding:
    """Something to know."""
    return Finding(level=Level.NOTE, subject=subject, problem=problem, to_do=to_do, names=names)


def has_errors(findings: Iterable[Finding]) -> bool:
    """Whether any must be put right."""
    return any(each.level is Level.ERROR for each in findings)


def said_of(error: SyncError) -> str:
    """Why something could not be examined."""
    return f"{error.reason} ({error.detail})" if error.detail else error.reason
