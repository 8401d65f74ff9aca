"""A syncer as ``shopsync syncer`` runs it, with so many calls in flight and no more.

``python -m tests.bench.replica CALLS``, settings from the environment; 0 is no limit beyond the
product's own. Ends by SIGTERM, and with whoever holds its standard input.
"""

from __future__ import annotations

import asyncio
import sys

import httpx
import uvloop

from services.cli.attached import leave_with_parent
from services.cli.engines import SYNCER, engines
from services.cli.processes import run_on
from services.cli.settings import Settings, loaded
from services.shared.runtime.collecting import collect_seldom
from services.shared.runtime.lifecycle import stopping_on_signals

_ALONE = frozenset({SYNCER})


async def main(calls: int) -> None:
    """Sync until told to end."""
    limits = httpx.Limits(max_connections=calls or None)
    transport = httpx.AsyncHTTPTransport(limits=limits)
    async with (
        engines(loaded(Settings), _ALONE, transport) as base,
        stopping_on_signals() as stopping,
    ):
        collect_seldom()
        async with asyncio.TaskGroup() as group:
            leaving = group.create_task(leave_with_parent(stopping))
            await run_on(base, _ALONE, stopping)
            leaving.cancel()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
