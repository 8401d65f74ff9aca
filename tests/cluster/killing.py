"""``kill -9`` at random: of the product's processes, and now and then of the servers under them."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field

from tests.cluster.stage import Stage

_EVERY_SECONDS = (2.0, 6.0)
_KAFKA, _POSTGRES = "kafka", "postgresql"
# One in so many kills is a server's: while it is away nothing goes on, and there is less to see.
_SERVERS_ODDS = 1 / 6


@dataclass(slots=True, kw_only=True)
class Killer:
    """Kills what runs on a stage; ``kills`` counts them by name."""

    stage: Stage
    rng: random.Random
    kills: Counter[str] = field(default_factory=Counter)

    async def run(self, stopping: asyncio.Event) -> None:
        """One kill after another until ``stopping``; then everything runs again."""
        while not stopping.is_set():
            try:
                async with asyncio.timeout(self.rng.uniform(*_EVERY_SECONDS)):
                    await stopping.wait()
            except TimeoutError:
                await self._strike()

    async def _strike(self) -> None:
        name = self._chosen()
        self.kills[name] += 1
        if name == _KAFKA:
            await self.stage.broker.kill()
            await self.stage.broker.start()
        elif name == _POSTGRES:
            await asyncio.to_thread(self.stage.postgres.kill)
            await asyncio.to_thread(self.stage.postgres.start)
        else:
            self.stage.fleet.members[name].kill()

    def _chosen(self) -> str:
        if self.rng.random() < _SERVERS_ODDS:
            return self.rng.choice((_KAFKA, _POSTGRES))
        return self.rng.choice(sorted(self.stage.fleet.members))
