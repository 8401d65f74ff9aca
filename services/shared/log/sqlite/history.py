"""Looking at the file without consuming it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from services.shared.contract.events import Lag, Partition
from services.shared.log.sqlite.events import moment_of
from services.shared.log.sqlite.groups import Ends, committed, ends
from services.shared.log.sqlite.schema import row_id


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
