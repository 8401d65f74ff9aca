"""Who reads for a group: the one process that holds the lock on the group's lock file.

The kernel releases the lock when its holder dies, however it dies.
"""

from __future__ import annotations

import fcntl
import os
import re
from pathlib import Path

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")


class GroupLock:
    """An exclusive lock on ``<log>.<group>.lock``, also between readers in one process."""

    def __init__(self, log: Path, group: str) -> None:
        self._path = log.with_name(f"{log.name}.{_UNSAFE.sub('_', group)}.lock")
        self._descriptor: int | None = None

    def acquire(self) -> bool:
        """Whether the lock is ours now; never waits."""
        if self._descriptor is not None:
            return True
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    @property
    def is_held(self) -> bool:
        """Whether the lock is ours."""
        return self._descriptor is not None

    def release(self) -> None:
        """Lets another have it; harmless if it is not ours. The file stays for the next."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
