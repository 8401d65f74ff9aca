"""What the file knows of groups: who owns them, and how far each has come."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from services.shared.contract.errors import OwnershipLostError
from services.shared.contract.events import Partition


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """An ownership of a group. Each take-over raises the generation; older ones are void."""

    group: str
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenOver:
    """What a new owner begins with."""

    generation: int
    next_offsets: Mapping[Partition, int]


@dataclass(frozen=True, slots=True)
class Ends:
    """The first offset a partition still has, and the one its next event will get."""

    first: int
    next: int

    def left_from(self, offset: int) -> int:
        """How many events there are at or behind ``offset``."""
        return max(0, self.next - max(self.first, offset))


def ends(file: sqlite3.Connection) -> dict[int, Ends]:
    """By partition id."""
    rows = file.execute("SELECT id, first_offset, next_offset FROM partitions")
    return {each: Ends(first, behind) for each, first, behind in rows}


def generation_of(file: sqlite3.Connection, group: str) -> int:
    """0 for a group nobody ever owned."""
    row = file.execute("SELECT generation FROM groups WHERE name = ?", (group,)).fetchone()
    return int(row[0]) if row else 0


def committed(file: sqlite3.Connection, group: str) -> dict[int, int]:
    """The offset next to read, by id of every partition the group ever subscribed to."""
    return dict(
        file.execute(
            "SELECT partition_id, next_offset FROM offsets WHERE group_name = ?", (group,)
        ).fetchall()
    )


def take_over(
    file: sqlite3.Connection, group: str, owner: str, partition_ids: Mapping[Partition, int]
) -> TakenOver:
    """Makes ``owner`` the group's owner. A partition new to the group begins at the earliest."""
    file.execute("INSERT OR IGNORE INTO groups (name) VALUES (?)", (group,))
    file.execute(
        "UPDATE groups SET generation = generation + 1, owner = ? WHERE name = ?", (owner, group)
    )
    file.executemany(
        "INSERT OR IGNORE INTO offsets (group_name, partition_id, next_offset)"
        " SELECT ?, id, first_offset FROM partitions WHERE id = ?",
        [(group, each) for each in partition_ids.values()],
    )
    offsets = committed(file, group)
    return TakenOver(
        generation=generation_of(file, group),
        next_offsets={partition: offsets[each] for partition, each in partition_ids.items()},
    )


def settle(file: sqlite3.Connection, claim: Claim, next_offsets: Mapping[int, int]) -> None:
    """Moves the offsets forward, by partition id; never backward, never beyond the end.

    Raises:
        OwnershipLostError: ``claim`` is void; nothing was changed.
    """
    if generation_of(file, claim.group) != claim.generation:
        raise OwnershipLostError("log_group_taken_over", detail=claim.group)
    file.executemany(
        "UPDATE offsets SET next_offset = max(next_offset, min(?,"
        " (SELECT next_offset FROM partitions WHERE id = partition_id)))"
        " WHERE group_name = ? AND partition_id = ?",
        [(offset, claim.group, each) for each, offset in next_offsets.items()],
    )
