"""Events as they stand in the file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import orjson

from services.shared.contract.events import Event, Partition, Position
from services.shared.log.sqlite.schema import OFFSET_BITS, offset_in, row_id

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_RANGE = (
    "SELECT id, appended_at, key, headers, value FROM events"
    " WHERE id >= ? AND id < ? ORDER BY id LIMIT ?"
)


def micros(moment: datetime) -> int:
    """Microseconds since 1970, exactly."""
    return (moment - _EPOCH) // _MICROSECOND


def moment_of(microseconds: int) -> datetime:
    """The aware moment ``micros`` made a number of."""
    return _EPOCH + timedelta(microseconds=microseconds)


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
