"""The product in the simulation: all its processes in one, in memory, until it is killed."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import httpx

from services.reconciler.__main__ import serve as serve_reconciler
from services.shared.contract.errors import SyncError
from services.shared.ledger.engine import Ledger
from services.shared.log.sqlite import SqliteLog
from services.syncer.__main__ import serve as serve_syncer
from tests.simulation.wires import Doorbell, Note, Wire
from tests.support.life import Life
from tests.support.product_parts import (
    Outside,
    admit,
    files_in,
    ingest_on,
    reconciler_beside,
    syncer_on,
)

T = TypeVar("T")
T_error = TypeVar("T_error", bound=Exception)
ABANDONED_AFTER = timedelta(minutes=3)
SCAN_EVERY_SECONDS = 60.0


@dataclass(slots=True, kw_only=True)
class Product:
    """A running product. ``bugs`` is what its processes died of though it should never happen."""

    outside: Outside
    folder: Path
    door: Doorbell
    note: Note
    name: str
    life: Life = field(default_factory=Life)
    ledger: Ledger | None = None
    log: SqliteLog | None = None
    bugs: list[str] = field(default_factory=list)

    def start(self) -> None:
        """Come to life."""
        self.life.start(self._live())

    async def kill(self) -> None:
        """As ``kill -9``: nothing is flushed, nothing is said; what was committed stays."""
        self.life.die()
        if self.log:
            self.log.abandon()
        await self.life.dropped()

    async def _live(self) -> None:
        out = replace(
            self.outside,
            shopify=Wire(self.outside.shopify, self.life, self.note),
            hubspot=Wire(self.outside.hubspot, self.life, self.note),
        )
        async with files_in(self.folder, self.life, self._step, out.now) as (ledger, log):
            self.ledger, self.log = ledger, log
            await admit(ledger, out)
            self.door.open(httpx.ASGITransport(app=ingest_on(log, out)), self.life)
            syncer = syncer_on(ledger, log, out, self.name)
            reconciler = reconciler_beside(syncer, SCAN_EVERY_SECONDS)
            never = asyncio.Event()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._kept_up(lambda: serve_syncer(syncer, never)))
                group.create_task(self._kept_up(lambda: serve_reconciler(reconciler, never)))

    async def _step(self, work: Callable[[], T], /) -> T:
        """What the log does with its files: all of it, or, dead, none but letting go of them."""
        if self.life.is_dead:
            return work()
        await self.life.step()
        done = work()
        await self.life.step()
        return done

    async def _kept_up(self, serve: Callable[[], Awaitable[None]]) -> None:
        """What a supervisor does: a process that died of the world is started again."""
        while True:
            try:
                await serve()
            except* SyncError as problems:
                reasons = sorted({each.reason for each in _leaves(problems)})
                self.note(f"a process died of {', '.join(reasons)}")
            except* Exception as problems:  # noqa: BLE001 - whatever it is, it is a bug
                self.bugs += [_place_of(each) for each in _leaves(problems)]
            await asyncio.sleep(1)


def _leaves(problems: BaseExceptionGroup[T_error]) -> list[T_error]:
    found: list[T_error] = []
    for each in problems.exceptions:
        found += _leaves(each) if isinstance(each, BaseExceptionGroup) else [each]
    return found


def _place_of(bug: Exception) -> str:
    frame = traceback.extract_tb(bug.__traceback__)[-1]
    return f"{type(bug).__name__} in {frame.name}, {Path(frame.filename).name}:{frame.lineno}"
