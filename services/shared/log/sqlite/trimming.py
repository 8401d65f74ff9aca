"""Removing what nobody will read again, and giving its space back.

Done in small steps between group commits, so that no append waits long for it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from services.shared.contract.topics import DEAD_TOPICS, UNKNOWN
from services.shared.log.sqlite.events import micros
from services.shared.log.sqlite.groups import Ends
from services.shared.log.sqlite.history import first_since
from services.shared.log.sqlite.schema import row_id

STEP_EVENTS = 256
STEP_PAGES = 256
# Free pages are kept up to here for the events to come; taking them costs less than growing.
SPARE_PAGES = 1_024
# A reader that never lets go could keep the write-ahead log from starting over.
WAL_LIMIT_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long events stay.

    Topics in ``kept`` have no consumer by rule (dead letters, unknown) and go by age alone, unless
    a group reads them. All others stay until every known group has settled them.
    """

    kept: frozenset[str] = frozenset((UNKNOWN, *DEAD_TOPICS))
    kept_for: timedelta = timedelta(days=30)


def trim_step(file: sqlite3.Connection, retention: Retention, now: datetime) -> int:
    """Removes some events, at most ``STEP_EVENTS`` a partition; how many they were."""
    file.execute("BEGIN IMMEDIATE")
    try:
        floors = _floors(file, retention, now)
        removed = sum(_remove(file, each, *bounds) for each, bounds in floors.items())
        file.execute("COMMIT")
    except BaseException:
        if file.in_transaction:
            file.execute("ROLLBACK")
        raise
    return removed


def give_back_step(file: sqlite3.Connection) -> int:
    """Shortens the file by some free pages; how many they were."""
    free = _free_pages(file)
    if free <= SPARE_PAGES:
        return 0
    file.execute(f"PRAGMA incremental_vacuum({min(STEP_PAGES, free - SPARE_PAGES)})").fetchall()
    return free - _free_pages(file)


def bound_wal(file: sqlite3.Connection, path: Path) -> None:
    """Starts the write-ahead log over if it has outgrown its limit."""
    wal = path.with_name(path.name + "-wal")
    if wal.exists() and wal.stat().st_size > WAL_LIMIT_BYTES:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _floors(
    file: sqlite3.Connection, retention: Retention, now: datetime
) -> Mapping[int, tuple[int, int]]:
    """By partition id: the first offset there is, and the first one that must stay."""
    oldest_kept = micros(now - retention.kept_for)
    floors: dict[int, tuple[int, int]] = {}
    for each, topic, first, behind, settled in file.execute(
        "SELECT p.id, p.topic, p.first_offset, p.next_offset, min(o.next_offset)"
        " FROM partitions p LEFT JOIN offsets o ON o.partition_id = p.id GROUP BY p.id"
    ).fetchall():
        if topic in retention.kept:
            floor = first_since(file, each, Ends(first, behind), oldest_kept)
            floor = floor if settled is None else min(floor, settled)
        else:
            floor = first if settled is None else settled
        if floor > first:
            floors[each] = (first, floor)
    return floors


def _remove(file: sqlite3.Connection, partition_id: int, first: int, floor: int) -> int:
    until = min(floor, first + STEP_EVENTS)
    file.execute(
        "DELETE FROM events WHERE id >= ? AND id < ?",
        (row_id(partition_id, first), row_id(partition_id, until)),
    )
    file.execute("UPDATE partitions SET first_offset = ? WHERE id = ?", (until, partition_id))
    return until - first


def _free_pages(file: sqlite3.Connection) -> int:
    return int(file.execute("PRAGMA freelist_count").fetchone()[0])
