"""Kafka from its image, where there is no Java but Docker's engine answers.

The container shares the host's network and the cluster's folder, so that everything else is as with
the jars.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from tests.support.containers import engine_answers

IMAGE = "apache/kafka:4.1.1"
_SCRIPTS = {
    "kafka.Kafka": "/opt/kafka/bin/kafka-server-start.sh",
    "kafka.tools.StorageTool": "/opt/kafka/bin/kafka-storage.sh",
}


@cache
def answers() -> bool:
    """Whether there is an engine to run containers; asked once."""
    return engine_answers()


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
