"""How Kafka's classes are run here: by Java from the jars, else in a container."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from tests.support.kafka import docker, jars

_DOCKERS = {
    signal.SIGKILL: "kill",
    signal.SIGTERM: "stop",
    signal.SIGSTOP: "pause",
    signal.SIGCONT: "unpause",
}


def lacking() -> str:
    """What this machine lacks to run a broker; empty if nothing."""
    missing = jars.lacking()
    if not missing or docker.answers():
        return ""
    return f"{missing} (or Docker with an engine that answers)"


def made_ready() -> None:
    """Brings what is needed, once."""
    if not _in_container():
        jars.brought()


def command(name: str, folder: Path, main: str, *arguments: str) -> list[str]:
    """The command that runs the class ``main``; ``name`` is the container's, if it is one."""
    if _in_container():
        return docker.command(name, folder, main, arguments)
    return jars.java(main, *arguments)


def ending(name: str) -> list[str]:
    """The command to run besides killing the process, or nothing."""
    return docker.ending(name) if _in_container() else []


def tell(name: str, process: int, what: signal.Signals) -> None:
    """Sends a signal to a server, or does what it means to its container."""
    if _in_container():
        subprocess.run(["docker", _DOCKERS[what], name], capture_output=True, check=False)
    else:
        with suppress(ProcessLookupError):
            os.kill(process, what)


def _in_container() -> bool:
    return bool(jars.lacking()) and docker.answers()
