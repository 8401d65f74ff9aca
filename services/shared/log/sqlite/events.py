"""Events as they stand in the file."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import orjson

from services.shared.contract.events import Event, Partition, Position
from services.shared.log.sqlite.appending import moment_of
from services.shared.log.sqlite.schema import OFFSET_BITS, offset_in, row_id

_RANGE = (
    "SELECT id, appended_at, key, headers, value FROM events"
    " WHERE id >= ? AND id < ? ORDER BY id LIMIT ?"
)


def read_range(
    file: sqlite3.Connection, partition: tuple[Partition, int], start: int, limit: int, room: int
) -> list[Event]:
    """Up to ``limit`` events from offset ``start`` on; no more once they fill ``room`` bytes."""
    place, partition_id = partition
    bounds = (row_id(partition_id, start), (partition_id + 1) << OFFSET_BITS, limit)
    events: list[Event] = []
    with closing(file.cursor()) as rows:
        for row, appended_at, key, headers, value in rows.execute(_RANGE, bounds):
            events.append(
                Event(
                    position=Position(place, offset_in(row)),
                    key=key,
                    value=value,
                    headers=orjson.loads(headers),
                    appended_at=moment_of(appended_at),
                )
            )
            room -= len(value)
            if room <= 0:
                break
    return events
