"""Kafka from its image, where there is no Java but Docker's engine answers.

The container shares the host's network and the cluster's folder, so that everything else is as with
the jars.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

IMAGE = "apache/kafka:4.1.1"
_SCRIPTS = {
    "kafka.Kafka": "/opt/kafka/bin/kafka-server-start.sh",
    "kafka.tools.StorageTool": "/opt/kafka/bin/kafka-storage.sh",
}
_SECONDS = 10


@cache
def answers() -> bool:
    """Whether there is an engine to run containers."""
    if shutil.which("docker") is None:
        return False
    asked = subprocess.run(["docker", "info"], capture_output=True, check=False, timeout=_SECONDS)
    return asked.returncode == 0


def command(name: str, folder: Path, main: str, arguments: Sequence[str]) -> list[str]:
    """The command that runs the class ``main`` of Kafka's in a container ``name``."""
    return [
        *("docker", "run", "--rm", "--name", name, "--network", "host"),
        *("--user", f"{os.getuid()}:{os.getgid()}", "--volume", f"{folder}:{folder}"),
        *("--entrypoint", _SCRIPTS[main], IMAGE, *arguments),
    ]


def ending(name: str) -> list[str]:
    """The command that ends that container at once; killing ``docker run`` would leave it."""
    return ["docker", "kill", name]
