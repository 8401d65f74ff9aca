"""Moments as the ledger writes them: whole milliseconds since 1970."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import overload

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@overload
def written(moment: datetime) -> int: ...
@overload
def written(moment: None) -> None: ...
def written(moment: datetime | None) -> int | None:
    """``moment`` in milliseconds since 1970."""
    return None if moment is None else (moment - _EPOCH) // _MILLISECOND


@overload
def read(milliseconds: int) -> datetime: ...
@overload
def read(milliseconds: None) -> None: ...
def read(milliseconds: int | None) -> datetime | None:
    """The aware moment that ``milliseconds`` stands for."""
    return None if milliseconds is None else _EPOCH + milliseconds * _MILLISECOND
