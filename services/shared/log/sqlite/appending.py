"""Putting events into their partitions, inside somebody's transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from services.shared.contract.errors import EventAtFaultError, LogUnavailableError, OursToFixError
from services.shared.contract.events import NewEvent
from services.shared.contract.topics import BACKFILL_SUFFIX, DEAD_SUFFIX
from services.shared.log.sqlite.events import micros
from services.shared.log.sqlite.partitioning import partition_of
from services.shared.log.sqlite.schema import row_id

# What an event costs beside its own bytes: row header, id, time, its part of the pages above.
_OVERHEAD_BYTES = 64
_COLUMNS = 5
_FULL_RETRY_SECONDS = 30.0
# Backfill leaves room for webhooks. A dead letter may still be written when webhooks no longer
# may, or a log full of them could never be emptied again.
_ROOM_BY_SUFFIX = ((BACKFILL_SUFFIX, 0.5), (DEAD_SUFFIX, 1.05))

# One statement for many rows: each step of a statement gives up the interpreter's lock and must
# win it back from a busy event loop.
_ROWS_A_STATEMENT = (64, 16, 4, 1)
_INSERT = "INSERT INTO events (id, appended_at, key, headers, value) VALUES "
_INSERTS: Mapping[int, str] = {
    count: _INSERT + ", ".join(["(?, ?, ?, ?, ?)"] * count) for count in _ROWS_A_STATEMENT
}

PartitionIds = Mapping[str, Sequence[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """What appending needs to know of the log: the ids of each topic's partitions, its limit."""

    partition_ids: PartitionIds
    size_limit_bytes: int


@dataclass(frozen=True, slots=True)
class Parcel:
    """The events of one ``append``, ready to be written.

    ``rows`` are partition id, key, headers, value; the log may not be larger than ``limit_bytes``
    once they are in it.
    """

    rows: Sequence[tuple[int, str, bytes, bytes]]
    size_bytes: int
    limit_bytes: float


def check_topics(partition_ids: PartitionIds, topics: Iterable[str]) -> None:
    """Refuses topics the log was not declared with.

    Raises:
        OursToFixError: one of ``topics`` is unknown.
    """
    for topic in topics:
        if topic not in partition_ids:
            raise OursToFixError("unknown_topic", detail=topic)


def packed(shelf: Shelf, events: Sequence[NewEvent]) -> Parcel:
    """``events`` ready to be written; what is wrong with one shows here, not in a shared commit.

    Raises:
        OursToFixError: a topic is unknown.
        EventAtFaultError: a key or header is no text that UTF-8 can hold.
    """
    check_topics(shelf.partition_ids, (event.topic for event in events))
    try:
        rows = [_row(shelf.partition_ids[event.topic], event) for event in events]
    except (TypeError, UnicodeError) as problem:
        raise EventAtFaultError("bad_text") from problem
    size = sum(len(row[1]) + len(row[2]) + len(row[3]) + _OVERHEAD_BYTES for row in rows)
    share = min((_share(event.topic) for event in events), default=1.0)
    return Parcel(rows, size, share * shelf.size_limit_bytes)


def used_bytes(connection: sqlite3.Connection) -> int:
    """What the file holds; pages that wait to be given back are not counted."""
    pages, free, size = connection.execute(
        "SELECT page_count, freelist_count, page_size"
        " FROM pragma_page_count, pragma_freelist_count, pragma_page_size"
    ).fetchone()
    return int((pages - free) * size)


def append_all(
    connection: sqlite3.Connection, parcels: Sequence[Parcel], now: Callable[[], datetime]
) -> list[LogUnavailableError | None]:
    """Writes those of ``parcels`` there is room for; for each, None or why it was refused."""
    if not parcels:
        return []
    used = used_bytes(connection)
    tails = _Tails(connection, micros(now()))
    outcomes: list[LogUnavailableError | None] = []
    values: list[int | str | bytes] = []
    for parcel in parcels:
        if used + parcel.size_bytes > parcel.limit_bytes:
            outcomes.append(LogUnavailableError("log_full", retry_after=_FULL_RETRY_SECONDS))
            continue
        used += parcel.size_bytes
        for partition_id, key, headers, value in parcel.rows:
            values += (*tails.next(partition_id), key, headers, value)
        outcomes.append(None)
    _insert(connection, values)
    tails.save()
    return outcomes


class _Tails:
    """The ends of the partitions this transaction appends to."""

    def __init__(self, connection: sqlite3.Connection, now: int) -> None:
        self._connection = connection
        self._now = now
        self._tails: dict[int, list[int]] = {}

    def next(self, partition_id: int) -> tuple[int, int]:
        """The row id of the partition's next event, and its time, which never goes backward."""
        tail = self._tails.get(partition_id)
        if tail is None:
            offset, last_at = self._connection.execute(
                "SELECT next_offset, last_appended_at FROM partitions WHERE id = ?",
                (partition_id,),
            ).fetchone()
            tail = self._tails[partition_id] = [offset, max(last_at, self._now)]
        place = row_id(partition_id, tail[0])
        tail[0] += 1
        return place, tail[1]

    def save(self) -> None:
        """Writes the new ends."""
        self._connection.executemany(
            "UPDATE partitions SET next_offset = ?, last_appended_at = ? WHERE id = ?",
            [(offset, at, each) for each, (offset, at) in self._tails.items()],
        )


def _insert(connection: sqlite3.Connection, values: list[int | str | bytes]) -> None:
    start = 0
    for count in _ROWS_A_STATEMENT:
        width = count * _COLUMNS
        while len(values) - start >= width:
            connection.execute(_INSERTS[count], values[start : start + width])
            start += width


def _row(ids: Sequence[int], event: NewEvent) -> tuple[int, str, bytes, bytes]:
    partition_id = ids[partition_of(event.key, len(ids))]
    return partition_id, event.key, orjson.dumps(dict(event.headers)), event.value


def _share(topic: str) -> float:
    return next((share for suffix, share in _ROOM_BY_SUFFIX if topic.endswith(suffix)), 1.0)
