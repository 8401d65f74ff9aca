"""A syncer as ``shopsync syncer`` runs it, with so many calls in flight and no more.

``python -m tests.bench.replica CALLS``, settings from the environment; 0 is no limit beyond the
product's own. Ends by SIGTERM.
"""

from __future__ import annotations

import sys

import httpx
import uvloop

from services.cli.engines import SYNCER, engines
from services.cli.processes import run_on
from services.cli.settings import Settings, loaded
from services.shared.runtime.collecting import collect_seldom
from services.shared.runtime.lifecycle import stopping_on_signals

_ALONE = frozenset({SYNCER})


async def main(calls: int) -> None:
    """Sync until a signal comes."""
    limits = httpx.Limits(max_connections=calls or None)
    transport = httpx.AsyncHTTPTransport(limits=limits)
    async with (
        engines(loaded(Settings), _ALONE, transport) as base,
        stopping_on_signals() as stopping,
    ):
        collect_seldom()
        await run_on(base, _ALONE, stopping)


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
