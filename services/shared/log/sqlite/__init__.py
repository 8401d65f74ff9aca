"""The log on one machine: nothing to install, one file, every acknowledged event on the disk."""

from services.shared.log.sqlite.log import SqliteLog
from services.shared.log.sqlite.reading import SqliteReader
from services.shared.log.sqlite.running import Run, inline

__all__ = ["Run", "SqliteLog", "SqliteReader", "inline"]
