"""``make cluster``: the product on Kafka and PostgreSQL, its processes killed at random meanwhile.

Exit code 0 if HubSpot shows in the end what it must (or it was ended by hand), 1 if not.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.live import Live

from services.cli.watching import Snapshot, snapshot
from services.shared.contract.errors import SyncError
from services.shared.runtime.lifecycle import rest, stopping_on_signals
from tests.cluster.killing import Killer
from tests.cluster.screen import screen
from tests.cluster.stage import Stage, set_up
from tests.support.commands import on_both_servers
from tests.support.installation import ABANDONED_AFTER
from tests.support.verdicts import Verdict, judged

_LOOK_SECONDS = 1.0
_FIRST_SECONDS = 600.0
# A delivery that failed while its receivers were dead comes again, at last after over a minute.
_SETTLE_SECONDS = 300.0
_RATE = 3.0
_FAULTS = {"duplicate": 0.1, "reorder_seconds": 0.5, "retry_scale": 0.01}
_CALM = {"duplicate": 0.0, "reorder_seconds": 0.0}


@dataclass(slots=True, kw_only=True)
class Show:
    """A run: the stage, who kills on it, and where it is shown."""

    stage: Stage
    killer: Killer
    live: Live
    stopping: asyncio.Event

    async def look(self, title: str) -> Snapshot | None:
        """Show how it stands; None while log or ledger are away."""
        seen: Snapshot | None = None
        # A server that is being killed may keep us waiting longer than anybody likes to look.
        with suppress(SyncError, TimeoutError):
            async with asyncio.timeout(10.0):
                seen = await snapshot(self.stage.places)
        self.live.update(screen(self.stage, seen, self.killer.kills, title))
        return seen

    async def until_calm(self, title: str, seconds: float) -> None:
        """Return once every store is scanned and nothing is left to do, or after ``seconds``."""
        loop = asyncio.get_running_loop()
        deadline, calm = loop.time() + seconds, 0
        while calm < 2 and loop.time() < deadline and not self.stopping.is_set():
            await rest(_LOOK_SECONDS, self.stopping)
            seen = await self.look(title)
            is_calm = seen is not None and seen.is_calm and seen.windows >= self.stage.scans
            calm = calm + 1 if is_calm else 0

    async def under_fire(self, seconds: float) -> None:
        """Let the stores sell and processes die."""
        await self.stage.faults(_FAULTS)
        await self.stage.trickle(_RATE)
        ceasing = asyncio.Event()
        killing = asyncio.create_task(self.killer.run(ceasing))
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while loop.time() < until and not self.stopping.is_set() and not killing.done():
            await rest(_LOOK_SECONDS, self.stopping)
            await self.look("Changes trickle while processes are killed at random")
        await self.stage.trickle(0)
        await self.stage.faults(_CALM)
        ceasing.set()
        await killing

    async def settled(self) -> Verdict:
        """What the judge says once all has arrived, or when that has taken too long."""
        await rest(ABANDONED_AFTER, self.stopping)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _SETTLE_SECONDS
        while True:
            await self.until_calm("Nobody is killed any more: settling", deadline - loop.time())
            urls = (self.stage.shopify_url, self.stage.hubspot_url)
            verdict = await judged(*urls, abandoned_after=ABANDONED_AFTER)
            if not verdict.differences or loop.time() > deadline or self.stopping.is_set():
                return verdict


def main() -> int:
    """Run the cluster as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description=__doc__)
    parser.add_argument("--once", action="store_true", help="kill for a while, compare, end")
    parser.add_argument("--json", action="store_true", help="say the outcome in JSON")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long --once kills")
    parser.add_argument("--seed", type=int, default=1, help="of the stores and of who is killed")
    asked = parser.parse_args()
    return on_both_servers(lambda: asyncio.run(_run(asked)))


async def _run(asked: argparse.Namespace) -> int:
    console = Console(stderr=asked.json)
    with tempfile.TemporaryDirectory(prefix="shopsync-cluster-") as folder:
        async with (
            stopping_on_signals() as stopping,
            set_up(Path(folder), asked.seed, console.print) as stage,
        ):
            with Live(console=console, refresh_per_second=2, transient=asked.once) as live:
                killer = Killer(stage=stage, rng=random.Random(asked.seed))
                show = Show(stage=stage, killer=killer, live=live, stopping=stopping)
                await show.until_calm("The initial sync of two stores", _FIRST_SECONDS)
                await show.under_fire(asked.seconds if asked.once else float("inf"))
                verdict = None if stopping.is_set() else await show.settled()
            if verdict is None or stopping.is_set():
                console.print("Ended. Nothing of it is kept.")
                return 0
            return _told(verdict, show, console, as_json=asked.json)


def _told(verdict: Verdict, show: Show, console: Console, *, as_json: bool) -> int:
    kills = show.killer.kills
    deaths = [
        {"name": each.name, "code": each.code, "said": each.said.strip().rpartition("\n")[2]}
        for each in show.stage.fleet.deaths
    ]
    if as_json:
        said = {
            "differences": len(verdict.differences),
            "examples": verdict.differences[:10],
            "compared": verdict.counts,
            "kills": dict(sorted(kills.items())),
            "deaths_of_their_own": deaths,
        }
        sys.stdout.write(json.dumps(said) + "\n")
    compared = ", ".join(f"{count} {name}" for name, count in sorted(verdict.counts.items()))
    killed = ", ".join(f"{name} {count}" for name, count in sorted(kills.items()))
    console.print(f"Killed {sum(kills.values())} times ({killed}). Compared {compared}.")
    for each in deaths:
        console.print(f"[bold yellow]Died without being killed:[/] {each}")
    if verdict.differences:
        console.print(f"[bold red]{len(verdict.differences)} differences[/], the first:")
        for each in verdict.differences[:10]:
            console.print(each)
        return 1
    console.print("[bold green]HubSpot shows exactly what it must.[/]")
    return 0


if __name__ == "__main__":
    sys.exit(main())
