"""The log on SQLite keeps what every log must."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.shared.log.sqlite import Run, SqliteLog, inline
from tests.contract.log_engines import Engine
from tests.contract.log_suite import LogSuite


@dataclass(frozen=True, slots=True)
class _Place:
    path: Path
    partitions: int
    run: Run | None

    def open(self) -> AbstractAsyncContextManager[SqliteLog]:
        return SqliteLog.open(self.path, partitions=self.partitions, run=self.run)


@dataclass(frozen=True, slots=True)
class SqliteEngine:
    directory: Path
    partitions: int
    run: Run | None

    @asynccontextmanager
    async def place(self) -> AsyncIterator[_Place]:
        with tempfile.TemporaryDirectory(dir=self.directory) as directory:
            yield _Place(Path(directory) / "log.db", self.partitions, self.run)


@pytest.mark.parametrize(
    ("partitions", "run"),
    [(1, None), (3, None), (3, inline)],
    ids=["one partition", "three partitions", "inline"],
)
class TestSqliteLog(LogSuite):
    @pytest.fixture
    def log_engine(self, tmp_path: Path, partitions: int, run: Run | None) -> Engine:
        return SqliteEngine(tmp_path, partitions, run)
