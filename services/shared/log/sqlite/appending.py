"""Putting events into their partitions, inside somebody's transaction."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import inf

import orjson

from services.shared.contract.errors import EventAtFaultError, LogUnavailableError, OursToFixError
from services.shared.contract.events import NewEvent
from services.shared.contract.topics import BACKFILL_SUFFIX, DEAD_SUFFIX
from services.shared.log.partitioning import partition_of
from services.shared.log.sqlite.events import micros
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
# One statement to look and to write, for the same reason.
_MOVE = (
    "UPDATE partitions SET next_offset = next_offset + ?,"
    " last_appended_at = max(last_appended_at, ?)"
    " WHERE id = ? RETURNING next_offset, last_appended_at"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """What appending needs to know of one topic.

    The ids of its partitions, and how large the log may become by its events.
    """

    partition_ids: Sequence[int]
    limit_bytes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelves:
    """What appending needs to know of the log: its topics and its limit."""

    by_topic: Mapping[str, Shelf]
    size_limit_bytes: int

    def of(self, topic: str) -> Shelf:
        """The shelf of ``topic``.

        Raises:
            OursToFixError: the log was not declared with this topic.
        """
        shelf = self.by_topic.get(topic)
        if shelf is None:
            raise OursToFixError("unknown_topic", detail=topic)
        return shelf


@dataclass(frozen=True, slots=True)
class Parcel:
    """The events of one ``append``, ready to be written.

    ``rows`` are partition id, key, headers, value; the log may not be larger than ``limit_bytes``
    once they are in it.
    """

    rows: Sequence[tuple[int, str, bytes, bytes]]
    size_bytes: int
    limit_bytes: float


def shelves_for(partition_ids: Mapping[str, Sequence[int]], size_limit_bytes: int) -> Shelves:
    """The shelves of a log of that size, whose topics have these partitions."""
    by_topic = {
        topic: Shelf(partition_ids=ids, limit_bytes=_share(topic) * size_limit_bytes)
        for topic, ids in partition_ids.items()
    }
    return Shelves(by_topic=by_topic, size_limit_bytes=size_limit_bytes)


def packed(shelves: Shelves, events: Sequence[NewEvent]) -> Parcel:
    """``events`` ready to be written; what is wrong with one shows here, not in a shared commit.

    Raises:
        OursToFixError: a topic is unknown.
        EventAtFaultError: a key or header is no text that UTF-8 can hold.
    """
    rows: list[tuple[int, str, bytes, bytes]] = []
    size, limit = 0, inf
    for event in events:
        shelf = shelves.of(event.topic)
        ids, key, value = shelf.partition_ids, event.key, event.value
        try:
            headers = orjson.dumps(dict(event.headers))
            rows.append((ids[partition_of(key, len(ids))], key, headers, value))
        except (TypeError, UnicodeError) as problem:
            raise EventAtFaultError("bad_text") from problem
        size += len(key) + len(headers) + len(value) + _OVERHEAD_BYTES
        limit = min(limit, shelf.limit_bytes)
    return Parcel(rows, size, limit)


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
    outcomes: list[LogUnavailableError | None] = []
    rows: list[tuple[int, str, bytes, bytes]] = []
    for parcel in parcels:
        if used + parcel.size_bytes > parcel.limit_bytes:
            outcomes.append(LogUnavailableError("log_full", retry_after=_FULL_RETRY_SECONDS))
            continue
        used += parcel.size_bytes
        rows += parcel.rows
        outcomes.append(None)
    tails = _moved(connection, Counter(row[0] for row in rows), micros(now()))
    values: list[int | str | bytes] = []
    for partition_id, key, headers, value in rows:
        tail = tails[partition_id]
        values += (row_id(partition_id, tail.offset), tail.at, key, headers, value)
        tail.offset += 1
    _insert(connection, values)
    return outcomes


@dataclass(slots=True, kw_only=True)
class _Tail:
    """Where a partition's next event goes, and its time, which never goes backward."""

    offset: int
    at: int


def _moved(connection: sqlite3.Connection, counts: Mapping[int, int], now: int) -> dict[int, _Tail]:
    """The ends of the partitions as they were, each moved behind as many events."""
    tails = {}
    for partition_id, count in counts.items():
        behind, at = connection.execute(_MOVE, (count, now, partition_id)).fetchone()
        tails[partition_id] = _Tail(offset=behind - count, at=at)
    return tails


def _insert(connection: sqlite3.Connection, values: list[int | str | bytes]) -> None:
    start = 0
    for count in _ROWS_A_STATEMENT:
        width = count * _COLUMNS
        while len(values) - start >= width:
            connection.execute(_INSERTS[count], values[start : start + width])
            start += width


def _share(topic: str) -> float:
    return next((share for suffix, share in _ROOM_BY_SUFFIX if topic.endswith(suffix)), 1.0)
