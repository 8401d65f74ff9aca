"""What the kernel says of processes: memory, and CPU with their children's. Linux only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_PROC = Path("/proc")


def resident_mib(pid: int) -> float:
    """What the process holds in memory."""
    pages = int((_PROC / str(pid) / "statm").read_text().split()[1])
    return round(pages * _PAGE / 2**20, 1)


def cpu_seconds(pid: int) -> float:
    """What the process has used so far, with its children, those that ended included."""
    parents = dict(_parents())
    family = {pid}
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    return sum(_used(each) for each in family)


def busy_seconds() -> float:
    """What all cores together have been busy for since the machine started."""
    user, nice, system, _idle, _wait, *rest = (
        int(each) for each in (_PROC / "stat").read_text().split("\n", 1)[0].split()[1:9]
    )
    return (user + nice + system + sum(rest)) / _TICKS


def _parents() -> Iterator[tuple[int, int]]:
    for each in _PROC.iterdir():
        if each.name.isdigit() and (fields := _fields(int(each.name))):
            yield int(each.name), int(fields[1])


def _used(pid: int) -> float:
    fields = _fields(pid)
    return sum(int(each) for each in fields[11:15]) / _TICKS if fields else 0.0


def _fields(pid: int) -> list[str]:
    """Of ``/proc/PID/stat``, from the state on; none if the process is gone."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
