"""Which partition a key belongs to, and how a poll is shared out. Pure."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")


def partition_of(key: str, partitions: int) -> int:
    """The partition of ``key``; the same in every process and version."""
    return zlib.crc32(key.encode()) % partitions


def shares(available: Mapping[T, int], limit: int) -> dict[T, int]:
    """``limit`` shared out fairly: nobody gets more than another who still has some left."""
    given = dict.fromkeys(available, 0)
    hungry = [each for each, count in available.items() if count > 0]
    while hungry and limit > 0:
        portion = max(1, limit // len(hungry))
        for each in hungry[:limit]:
            take = min(portion, available[each] - given[each], limit)
            given[each] += take
            limit -= take
        hungry = [each for each in hungry if given[each] < available[each]]
    return given


def rotated(items: Sequence[T], after: T | None) -> list[T]:
    """``items`` beginning behind ``after``, so that each comes first in its turn."""
    if after is None or after not in items:
        return list(items)
    cut = items.index(after) + 1
    return [*items[cut:], *items[:cut]]
