"""What became of each source, for metrics and for those who wait for it."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """Every event ends in exactly one of these."""

    APPLIED = "applied"
    SUPERSEDED = "superseded"
    EXCLUDED = "excluded"
    DELETED = "deleted"
    FAILING = "failing"
    WAITING = "waiting"
    DEAD_LETTERED = "dead_lettered"
