"""The product's processes, each of its own, as a platform runs them: started again when they die.

``kill`` is ``kill -9``, ``freeze`` is SIGSTOP. What a process says goes to a file of its own; that
it died without our doing is kept with the last it said. All are gone with the fleet, and with the
process that holds it, however that ends.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.postgres import ROOT

_AGAIN_SECONDS = 0.5
_STOP_SECONDS = 45.0
_TOLD_BYTES = 2000
_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """A process that ended though nobody asked it to; ``said`` is the end of its log."""

    name: str
    code: int
    said: str


@dataclass(slots=True, kw_only=True, eq=False)
class Member:
    """One process's place in the fleet; ``env`` may change, and holds from its next life on."""

    name: str
    arguments: Sequence[str]
    env: dict[str, str]
    log: Path
    lives: int = 0
    process: Process | None = None
    frozen: bool = False
    is_wanted: bool = True
    _awaited: bool = False
    _keeping: asyncio.Task[None] | None = None
    _up: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def pid(self) -> int | None:
        """Its number while it runs."""
        running = self.process is not None and self.process.returncode is None
        return self.process.pid if self.process and running else None

    def signal(self, number: signal.Signals, *, ends: bool = False) -> None:
        """Send it a signal, if it runs; one that ``ends`` it is our doing."""
        if self.pid is None or self.process is None:
            return
        self._awaited |= ends
        with suppress(ProcessLookupError):
            self.process.send_signal(number)

    def kill(self) -> None:
        """``kill -9``; it is started again."""
        self.frozen = False
        self.signal(signal.SIGKILL, ends=True)

    def freeze(self) -> None:
        """Let it do nothing, with all its connections open."""
        self.frozen = self.pid is not None
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self.frozen = False
        self.signal(signal.SIGCONT)

    def end_if_unwanted(self) -> None:
        """``kill`` it if it was told to end while it was being started."""
        if not self.is_wanted:
            self.kill()

    async def restart(self) -> None:
        """Ask it to end in good order, and wait for its next life to begin."""
        self._up.clear()
        self.thaw()
        self.signal(signal.SIGTERM, ends=True)
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await self._up.wait()
        except TimeoutError:
            self.kill()


class Fleet:
    """Processes that share one environment, logging into ``folder``."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self.members: dict[str, Member] = {}
        self.deaths: list[Death] = []
        self._leaving: set[Member] = set()
        self._folder = folder
        self._env = dict(env)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Those whose leaving was broken off too: nobody else waits for them.
        members = {*self.members.values(), *self._leaving}
        for each in members:
            each.is_wanted = False
            each.kill()
        keeping = [each._keeping for each in members if each._keeping]
        await asyncio.gather(*keeping, return_exceptions=True)

    def add(self, name: str, *arguments: str, **env: str) -> Member:
        """Start ``shopsync`` with these arguments, and keep it running."""
        member = Member(name=name, arguments=arguments, env=env, log=self._folder / f"{name}.log")
        self.members[name] = member
        member._keeping = asyncio.create_task(self._keep(member), name=name)
        return member

    async def remove(self, name: str) -> None:
        """Let one finish, for good."""
        member = self.members.pop(name)
        self._leaving.add(member)
        member.is_wanted = False
        member.thaw()
        member.signal(signal.SIGTERM, ends=True)
        if member._keeping:
            _, late = await asyncio.wait({member._keeping}, timeout=_STOP_SECONDS)
            if late:
                member.kill()
                await member._keeping
        self._leaving.discard(member)

    async def run(self, *arguments: str) -> None:
        """Run ``shopsync`` to its end, which must be a good one."""
        process = await self._spawned(arguments, {}, self._folder / "once.log")
        if await process.wait():
            raise RuntimeError(f"shopsync {arguments[0]}: {_end_of(self._folder / 'once.log')}")

    async def _keep(self, member: Member) -> None:
        while member.is_wanted:
            member._awaited = False
            member.process = await self._spawned(member.arguments, member.env, member.log)
            member.lives += 1
            member._up.set()
            member.end_if_unwanted()
            code = await member.process.wait()
            if not member._awaited:
                said = _end_of(member.log)
                self.deaths.append(Death(name=member.name, code=code, said=said))
            if member.is_wanted:
                await asyncio.sleep(_AGAIN_SECONDS)

    async def _spawned(
        self, arguments: Sequence[str], env: Mapping[str, str], log: Path
    ) -> Process:
        with log.open("ab") as said:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "services.cli", *arguments),
                env={**self._env, **env, "PYTHONPATH": str(ROOT)},
                # Not in the project's folder: a developer's .env must stay out.
                cwd=self._folder,
                stdin=DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
                # By the child itself, before anybody can stop it; it takes no lock.
                preexec_fn=partial(_tied_to, os.getpid()),
            )


def _tied_to(parent: int) -> None:
    """Linux only: end when ``parent`` does, however that goes, also while stopped."""
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


def _end_of(log: Path) -> str:
    return log.read_bytes()[-_TOLD_BYTES:].decode(errors="replace")
