"""``shopsync ingest --workers N``: several ingests on one port, kept alive together.

The kernel spreads new connections over them (``SO_REUSEPORT``). Each has a metrics port of its own,
the first the configured one: whoever scrapes adds them up, and sees which is in trouble. A worker
that dies is started again; one that cannot live takes all down.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from functools import partial

from services.cli.answering import Exit
from services.ingest.settings import Settings
from services.shared.contract.errors import OursToFixError
from services.shared.runtime.lifecycle import Companion, run_together, stopping_on_signals
from services.shared.runtime.logging import Action
from services.shared.runtime.serving import listening_socket

_LOG = logging.getLogger(__name__)
_DEATHS = 3
_WITHIN_SECONDS = 60.0
_AGAIN_SECONDS = 0.5
# Beyond what a worker gives its requests and its companions.
_GRACE_SECONDS = 20.0
# Between the metrics ports of two workers: there is room for the syncer's and the reconciler's,
# which are those next to the first, and for some more beside them.
_PORTS_APART = 10


class WorkersDieError(OursToFixError):
    """A worker died again and again, or cannot be started at all."""


async def run(count: int) -> None:
    """Keep ``count`` workers running until a signal comes.

    Raises:
        AddressTakenError: somebody else listens there.
        ExceptionGroup: workers could not be kept alive.
    """
    settings = Settings()
    if not settings.port:
        raise OursToFixError("port_needed", detail="workers share one port: set it")
    # Taken without sharing, once: else we would share it with whoever is there.
    listening_socket(settings.host, settings.port).close()
    async with stopping_on_signals() as stopping:
        workers = [
            Companion(
                name=f"worker-{number}",
                run=partial(_keep, number, _environment(settings, number), stopping),
            )
            for number in range(count)
        ]
        await run_together(workers, stopping, grace_seconds=settings.stop_seconds + _GRACE_SECONDS)


def metrics_port_of(settings: Settings, number: int) -> int:
    """Where a worker, counted from 0, tells its metrics; where any port will do, any."""
    return settings.metrics_port + number * _PORTS_APART if settings.metrics_port else 0


def _environment(settings: Settings, number: int) -> Mapping[str, str]:
    return {
        **os.environ,
        "SHOPSYNC_INGEST_SHARES_PORT": "true",
        "SHOPSYNC_INGEST_METRICS_PORT": str(metrics_port_of(settings, number)),
    }


async def _keep(number: int, environment: Mapping[str, str], stopping: asyncio.Event) -> None:
    clock = asyncio.get_running_loop().time
    deaths: deque[float] = deque(maxlen=_DEATHS)
    while not stopping.is_set():
        code = await _lived(environment, stopping)
        if stopping.is_set():
            return
        extra = {"action": Action.RESTART, "worker": number, "code": code}
        _LOG.error("a worker died", extra=extra)
        deaths.append(clock())
        dies_often = len(deaths) == _DEATHS and deaths[-1] - deaths[0] < _WITHIN_SECONDS
        if dies_often or code == Exit.USAGE:
            raise WorkersDieError("workers_die", detail=f"exit code {code}")
        await asyncio.sleep(_AGAIN_SECONDS)


async def _lived(environment: Mapping[str, str], stopping: asyncio.Event) -> int:
    """The exit code of one worker's life, which ends with ``stopping`` at the latest."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.cli", "ingest", "--attached"),
        env=environment,
        stdin=PIPE,
    )
    life = asyncio.ensure_future(process.wait())
    stop = asyncio.ensure_future(stopping.wait())
    try:
        await asyncio.wait({life, stop}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop.cancel()
        _end(process)
    return await life


def _end(process: Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.terminate()
    if process.stdin:
        process.stdin.close()
