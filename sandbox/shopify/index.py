"""The search index lists are answered from; it may lag behind the records."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sandbox.shopify.model import TABLES, Kind, Record


@dataclass(order=True, slots=True)
class Indexed:
    """A change on its way into the index, and when lists will see it."""

    due: datetime
    sequence: int
    kind: Kind = field(compare=False)
    id: int = field(compare=False)
    record: Record | None = field(compare=False)


class SearchIndex:
    """What lists see of each record: its top-level fields as of some time ago."""

    def __init__(self) -> None:
        self.version = 0
        self._entries: dict[Kind, dict[int, Record]] = {kind: {} for kind in TABLES}
        self._newest: dict[tuple[Kind, int], int] = {}
        self._waiting: list[Indexed] = []
        self._sequence = 0

    def put(self, kind: Kind, number: int, record: Record | None, due: datetime) -> None:
        """A record is like this (None: gone); lists see it from ``due``."""
        self._sequence += 1
        copy = dict(record) if record is not None else None
        heapq.heappush(self._waiting, Indexed(due, self._sequence, kind, number, copy))

    def catch_up(self, now: datetime) -> None:
        """Let lists see what is due."""
        while self._waiting and self._waiting[0].due <= now:
            self._apply(heapq.heappop(self._waiting))

    def entries(self, kind: Kind) -> Mapping[int, Record]:
        """The indexed records of a kind, by id."""
        return self._entries[kind]

    def _apply(self, change: Indexed) -> None:
        key = (change.kind, change.id)
        if self._newest.get(key, 0) > change.sequence:
            return
        self._newest[key] = change.sequence
        self.version += 1
        if change.record is None:
            self._entries[change.kind].pop(change.id, None)
        else:
            self._entries[change.kind][change.id] = change.record
