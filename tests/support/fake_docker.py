"""Stands in for the command ``docker`` in tests: writes down how it was called, and runs nothing.

``FAKE_DOCKER_ENGINE`` says whether an engine ``answers``, ``refuses`` or ``hangs``; calls go to the
file ``FAKE_DOCKER_CALLS``, a JSON list a line. A container in the foreground says what its program
says when it is ready, and lasts until it is killed by name.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

_CALLS, _ENGINE = "FAKE_DOCKER_CALLS", "FAKE_DOCKER_ENGINE"
_SERVER = "/opt/kafka/bin/kafka-server-start.sh"
_LONG_SECONDS = 600.0


def installed(folder: Path, engine: str) -> dict[str, str]:
    """The environment in which this is ``docker``, and nothing else is on the path."""
    command = folder / "docker"
    command.write_text(f"#!{sys.executable}\n{Path(__file__).read_text()}")
    command.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SHOPSYNC_")}
    return kept | {
        "PATH": str(folder),
        _ENGINE: engine,
        _CALLS: str(folder / "calls"),
    }


def calls(folder: Path) -> list[list[str]]:
    """How it was called so far."""
    said = folder / "calls"
    return [json.loads(line) for line in said.read_text().splitlines()] if said.exists() else []


def _main(arguments: Sequence[str]) -> int:
    with Path(os.environ[_CALLS]).open("a") as said:
        said.write(json.dumps(arguments) + "\n")
    engine = os.environ[_ENGINE]
    if engine == "hangs":
        time.sleep(_LONG_SECONDS)
    if engine == "refuses":
        return 1
    if arguments[0] == "inspect":
        sys.stdout.write(f"{os.getppid()}\n")
    if arguments[0] == "run" and _SERVER in arguments:
        _place_of(arguments[arguments.index("--name") + 1]).write_text(str(os.getpid()))
        sys.stdout.write("Kafka Server started\n")
        sys.stdout.flush()
        time.sleep(_LONG_SECONDS)
    if arguments[0] == "kill":
        with suppress(FileNotFoundError, ProcessLookupError):
            os.kill(int(_place_of(arguments[-1]).read_text()), signal.SIGKILL)
    return 0


def _place_of(container: str) -> Path:
    return Path(os.environ[_CALLS]).with_name(container)


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
