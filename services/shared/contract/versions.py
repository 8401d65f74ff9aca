"""Which observation of a record is later.

Shopify's ``updated_at`` has whole seconds, so it orders but does not decide ties; where versions
cannot decide, the record is read.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum, auto

import msgspec

CONFIRMED_AFTER = timedelta(seconds=2)


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """When Shopify says the record changed and, if it came by a read, when that read saw it."""

    updated_at: datetime
    observed_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether a further change within the same second might have escaped us."""
        return self.observed_at is None or self.observed_at < self.updated_at + CONFIRMED_AFTER


class Standing(Enum):
    """How a newcomer stands against what was applied."""

    LATER = auto()
    SUPERSEDED = auto()
    UNDECIDED = auto()  # only a read can tell
    CONTRADICTORY = auto()  # a read that shows less than we have: read once more after the lag


def standing(newcomer: Version, applied: Version | None) -> Standing:
    """Whether ``newcomer`` is to be applied over ``applied``.

    A webhook's state wins with a later ``updated_at`` and is undecided on a tie with an open
    version. Between reads the later ``observed_at`` wins. A read made no earlier than what was
    applied, yet older in ``updated_at``, contradicts it.
    """
    if applied is None or newcomer.updated_at > applied.updated_at:
        return Standing.LATER
    if newcomer.updated_at < applied.updated_at:
        return Standing.SUPERSEDED if newcomer.observed_at is None else Standing.CONTRADICTORY
    if newcomer.observed_at is None:
        return Standing.UNDECIDED if applied.is_open else Standing.SUPERSEDED
    if applied.observed_at is None or newcomer.observed_at > applied.observed_at:
        return Standing.LATER
    return Standing.SUPERSEDED
