"""Looking at the file without consuming it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from services.shared.contract.events import Event, Lag, Partition
from services.shared.log.sqlite.events import micros, moment_of, read_range
from services.shared.log.sqlite.groups import Ends, committed, ends
from services.shared.log.sqlite.schema import row_id

PAGE_EVENTS = 500
PAGE_BYTES = 16 * 2**20


def partition_ids(file: sqlite3.Connection, topics: frozenset[str] | None) -> dict[Partition, int]:
    """The id of each partition of ``topics``, or of all; in order."""
    rows = file.execute("SELECT topic, number, id FROM partitions ORDER BY topic, number")
    return {
        Partition(topic, number): each
        for topic, number, each in rows
        if topics is None or topic in topics
    }


def appended_at(file: sqlite3.Connection, partition_id: int, offset: int) -> int | None:
    """When an event was appended, in microseconds since 1970; None if it is not there."""
    row = file.execute(
        "SELECT appended_at FROM events WHERE id = ?", (row_id(partition_id, offset),)
    ).fetchone()
    return int(row[0]) if row else None


def first_since(file: sqlite3.Connection, partition_id: int, bounds: Ends, micros: int) -> int:
    """The first offset appended at ``micros`` or later.

    Offsets have no gaps here, and times never go backward within a partition.
    """
    low, high = bounds.first, bounds.next
    while low < high:
        middle = (low + high) // 2
        at = appended_at(file, partition_id, middle)
        if at is not None and at >= micros:
            high = middle
        else:
            low = middle + 1
    return low


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The events of one partition appended in ``[since, until)``, in microseconds since 1970."""

    place: tuple[Partition, int]
    since: int
    until: int

    def first_offset(self, file: sqlite3.Connection) -> int:
        """Where the span begins."""
        partition_id = self.place[1]
        return first_since(file, partition_id, ends(file)[partition_id], self.since)

    def page(self, file: sqlite3.Connection, start: int) -> list[Event]:
        """The next of its events from offset ``start`` on, so many as fit in memory easily."""
        found = read_range(file, self.place, start, PAGE_EVENTS, PAGE_BYTES)
        return [event for event in found if micros(event.appended_at) < self.until]


def lag(file: sqlite3.Connection, group: str) -> Mapping[Partition, Lag]:
    """As the port promises."""
    offsets = committed(file, group)
    bounds = ends(file)
    found: dict[Partition, Lag] = {}
    for partition, each in partition_ids(file, None).items():
        end = bounds[each]
        start = max(offsets.get(each, 0), end.first)
        if each in offsets or end.left_from(0):
            at = appended_at(file, each, start)
            found[partition] = Lag(
                events=end.left_from(start),
                oldest_appended_at=None if at is None else moment_of(at),
            )
    return found
