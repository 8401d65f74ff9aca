"""Processes that go on one step at a time: a transaction of the ledger, a call sent, an answer.

Between two steps any other process may go on, a process may die, or all may stand still until the
claims have run out. Who moves next is a choice of the path.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.models.exploring import Path

_QUIET_SECONDS = 1e-6
_LONGEST_REST_SECONDS = 10.0


class DeadError(asyncio.CancelledError):
    """The process that asks has been killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How far the exploration goes: how often a process that could go on is left standing, how
    often one dies, how often everything stands still for ``stall_seconds``, and how often what
    the world may do happens.
    """

    switches: int = 2
    deaths: int = 0
    stalls: int = 0
    stall_seconds: float = 61.0
    events: int = 0


@dataclass(slots=True)
class _Process:
    name: str
    task: asyncio.Task[None]
    gates: list[asyncio.Future[None]] = field(default_factory=list)
    waits: int = 0
    is_dead: bool = False


@dataclass(slots=True)
class Stage:
    """Where processes stand until the path lets one go on; ``world`` is what else may happen."""

    path: Path
    bounds: Bounds
    world: Callable[[], None] = lambda: None
    running: dict[str, _Process] = field(default_factory=dict)

    async def gate(self, name: str) -> None:
        """Stand here until it is this process's turn.

        Raises:
            DeadError: it was killed.
        """
        process = self.running.get(name)
        if process is None:
            return
        if process.is_dead:
            raise DeadError
        gate: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        process.gates.append(gate)
        await gate
        if process.is_dead:
            raise DeadError

    @contextmanager
    def waiting(self, name: str) -> Iterator[None]:
        """Within this a process waits for something that another, or the world, must do."""
        self.running[name].waits += 1
        try:
            yield
        finally:
            self.running[name].waits -= 1

    def start(self, name: str, story: Callable[[], Awaitable[None]]) -> None:
        """Let a process begin."""
        self.running[name] = _Process(name, asyncio.create_task(_told(story)))

    async def play(self) -> None:
        """Until every process has ended or is dead."""
        left = Left(self.bounds)
        last = ""
        while names := await self._standing():
            move = self.path.choose(left.moves(names, last))
            verb, _, name = move.partition(" ")
            left.spend(verb, names, last, name)
            if verb == "stall":
                await asyncio.sleep(self.bounds.stall_seconds)
            elif verb == "kill":
                await self._kill(self.running[name])
            elif verb == "world":
                self.world()
            else:
                last = name
                self._let_go(self.running[name])

    async def _standing(self) -> list[str]:
        """The processes that can go on, once every live one stands at a gate or waits."""
        rested = 0.0
        while True:
            await asyncio.sleep(_QUIET_SECONDS)
            alive = [each for each in self.running.values() if not each.task.done()]
            for each in self.running.values():
                if each.task.done() and not each.is_dead:
                    each.task.result()
            movable = [each.name for each in alive if each.gates]
            is_still = all(each.gates or each.waits for each in alive)
            if is_still and (movable or rested > _LONGEST_REST_SECONDS or not alive):
                return movable
            await asyncio.sleep(0.05)
            rested = rested + 0.05 if is_still else 0.0

    def _let_go(self, process: _Process) -> None:
        process.gates.pop(0).set_result(None)

    async def end(self) -> None:
        """End whatever still waits."""
        for process in self.running.values():
            if not process.task.done():
                await self._kill(process)

    async def _kill(self, process: _Process) -> None:
        process.is_dead = True
        process.task.cancel()
        await asyncio.wait({process.task})


@dataclass(slots=True)
class Left:
    """What of the bounds is still to be spent."""

    bounds: Bounds
    switches: int = 0
    deaths: int = 0
    stalls: int = 0
    events: int = 0

    def moves(self, names: list[str], last: str) -> list[str]:
        """What may happen next; going on as before comes first."""
        goes_on = [name for name in names if name == last]
        others = [name for name in names if name != last]
        if goes_on and self.switches >= self.bounds.switches:
            others = []
        moves = [f"go {name}" for name in (*goes_on, *others)]
        if self.deaths < self.bounds.deaths:
            moves += [f"kill {name}" for name in names]
        if self.stalls < self.bounds.stalls:
            moves.append("stall all")
        if self.events < self.bounds.events:
            moves.append("world moves")
        return moves

    def spend(self, verb: str, names: list[str], last: str, name: str) -> None:
        """Count what the move costs."""
        if verb == "kill":
            self.deaths += 1
        elif verb == "stall":
            self.stalls += 1
        elif verb == "world":
            self.events += 1
        elif last in names and name != last:
            self.switches += 1


async def _told(story: Callable[[], Awaitable[None]]) -> None:
    await story()
