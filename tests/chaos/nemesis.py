"""Does what the plan says: to processes, servers, wires and vendors, and undoes it again."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sandbox.hubspot.faults import Fault
from tests.chaos.links import Link, some
from tests.chaos.plan import Act, Deed, Plan
from tests.chaos.stage import Stage
from tests.support.fleet import Member

_HOUR = 3600
_SLOW_SECONDS = 0.15
_BACK_AFTER_SECONDS = 0.5


class Nemesis:
    """Carries out the acts of a plan on a stage, several at once where they last."""

    def __init__(self, stage: Stage, plan: Plan) -> None:
        self._stage = stage
        self._plan = plan
        self._note = stage.world.recording.note
        self._does: Mapping[Deed, Callable[[Act], Coroutine[Any, Any, None]]] = {
            Deed.KILL: self._kill,
            Deed.STALL: self._stall,
            Deed.BROKER: self._broker,
            Deed.LEDGER: self._ledger,
            Deed.CUT: self._cut,
            Deed.SLOW: self._slow,
            Deed.HOLE: self._hole,
            Deed.DISK: self._disk,
            Deed.LIMITED: self._hubspot,
            Deed.FAILING: self._hubspot,
            Deed.RESET: self._hubspot,
            Deed.LATE: self._hubspot,
            Deed.TOKEN: self._token,
            Deed.CLOCK: self._clock,
            Deed.ROLLING: self._rolling,
            Deed.SCALING: self._scaling,
        }

    async def run(self) -> None:
        """Every act at its time; returns when all are over and undone."""
        began = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as group:
            for act in self._plan.acts:
                wait = began + act.at - asyncio.get_running_loop().time()
                await asyncio.sleep(max(wait, 0.0))
                group.create_task(self._does[act.deed](act))
            rest = began + self._plan.seconds - asyncio.get_running_loop().time()
            await asyncio.sleep(max(rest, 0.0))

    def _said(self, act: Act, target: str, **facts: Any) -> None:
        self._note(act.deed.value, target=target, lasts=act.lasts, planned=act.at, **facts)

    def _member(self, act: Act) -> Member:
        return self._stage.fleet.members[act.chosen(sorted(self._stage.fleet.members))]

    async def _kill(self, act: Act) -> None:
        member = self._member(act)
        self._said(act, member.name)
        member.kill()

    async def _stall(self, act: Act) -> None:
        member = self._member(act)
        life = member.lives
        self._said(act, member.name)
        member.freeze()
        await asyncio.sleep(act.lasts)
        # Another may have killed it meanwhile: then it is not this life that stands still.
        if member.lives == life:
            member.thaw()

    async def _broker(self, act: Act) -> None:
        broker = self._stage.broker
        if broker is None:
            return
        node = int(act.chosen([str(each) for each in range(len(broker.nodes))]))
        async with self._stage.lock("kafka"):
            self._said(act, f"kafka-{node + 1}", of=len(broker.nodes))
            await broker.kill(node)
            await asyncio.sleep(act.lasts)
            await broker.start(node)

    async def _ledger(self, act: Act) -> None:
        postgres = self._stage.postgres
        if postgres is None:
            return
        async with self._stage.lock("postgresql"):
            self._said(act, "postgresql")
            await asyncio.to_thread(postgres.kill)
            await asyncio.sleep(act.lasts)
            await asyncio.to_thread(postgres.start)

    def _wires(self, act: Act) -> Sequence[Link]:
        wires = some(self._stage.links, random.Random(act.draws[0]))
        self._said(act, " ".join(each.name for each in wires))
        return wires

    async def _cut(self, act: Act) -> None:
        for each in self._wires(act):
            each.cut()

    async def _slow(self, act: Act) -> None:
        wires = self._wires(act)
        for each in wires:
            each.delay = _SLOW_SECONDS
        await asyncio.sleep(act.lasts)
        for each in wires:
            each.clear()

    async def _hole(self, act: Act) -> None:
        wires = self._wires(act)
        for each in wires:
            each.hold()
        await asyncio.sleep(act.lasts)
        for each in wires:
            each.clear()
            # What fell into the hole is gone for good half of the time.
            if act.draws[1] < 0.5:
                each.cut()

    async def _disk(self, act: Act) -> None:
        self._said(act, "log", possible=bool(self._stage.preloaded))
        self._stage.disk_full.touch()
        await asyncio.sleep(act.lasts)
        self._stage.disk_full.unlink(missing_ok=True)

    async def _hubspot(self, act: Act) -> None:
        fault = _FAULTS[act.deed](random.Random(act.draws[0]))
        self._said(act, "hubspot", fault=fault.kind, status=fault.status)
        async with self._struck(fault):
            await asyncio.sleep(act.lasts)

    @asynccontextmanager
    async def _struck(self, fault: Fault) -> AsyncIterator[None]:
        faults = self._stage.world.hubspot.faults
        faults.append(fault)
        try:
            yield
        finally:
            faults[:] = [each for each in faults if each is not fault]

    async def _token(self, act: Act) -> None:
        if act.draws[0] < 0.5:
            self._said(act, "hubspot")
            async with self._struck(Fault(kind="status", status=401)):
                await asyncio.sleep(act.lasts)
            return
        self._said(act, "shopify")
        async with self._stage.lock("shopify"):
            self._stage.world.shopify.faults.update({"status": 401})
            await asyncio.sleep(act.lasts)
            self._stage.world.shopify.faults.update({"status": 0})

    async def _clock(self, act: Act) -> None:
        member = self._member(act)
        off = _HOUR if act.draws[1] < 0.5 else -_HOUR
        self._said(act, member.name, by=off, possible=bool(self._stage.preloaded))
        member.env["CHAOS_CLOCK_SECONDS"] = str(off)
        member.kill()
        await asyncio.sleep(act.lasts)
        member.env.pop("CHAOS_CLOCK_SECONDS", None)
        member.kill()

    async def _rolling(self, act: Act) -> None:
        async with self._stage.lock("fleet"):
            self._said(act, "every process")
            for name in sorted(self._stage.fleet.members):
                await self._stage.fleet.members[name].restart()

    async def _scaling(self, act: Act) -> None:
        async with self._stage.lock("fleet"):
            self._said(act, "syncers")
            await self._stage.fleet.remove("syncer-2")
            await asyncio.sleep(act.lasts)
            for name in ("syncer-2", "syncer-3"):
                self._stage.start(name)
            await asyncio.sleep(act.lasts)
            for name in ("syncer-3", "syncer-2"):
                await self._stage.fleet.remove(name)
            await asyncio.sleep(_BACK_AFTER_SECONDS)
            self._stage.start("syncer-2")


def _limited(rng: random.Random) -> Fault:
    return Fault(kind=rng.choice(("burst", "secondly")), share=0.5)


def _failing(rng: random.Random) -> Fault:
    return Fault(
        kind=rng.choice(("status", "html", "empty", "truncated", "locked", "migrating")),
        status=rng.choice((500, 502, 503, 504)),
        applied=rng.choice((True, False)),
        share=0.5,
    )


def _reset(rng: random.Random) -> Fault:
    return Fault(kind="reset", path=rng.choice(("*", "*/batch/*")), applied=True, share=0.5)


def _late(rng: random.Random) -> Fault:
    seconds, applied = rng.choice((1.0, 5.0, 17.0)), rng.choice((True, False))
    return Fault(kind="slow", seconds=seconds, applied=applied, share=0.3)


_FAULTS: Mapping[Deed, Callable[[random.Random], Fault]] = {
    Deed.LIMITED: _limited,
    Deed.FAILING: _failing,
    Deed.RESET: _reset,
    Deed.LATE: _late,
}
