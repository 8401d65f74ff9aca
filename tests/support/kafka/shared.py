"""One broker for a whole run of tests, whichever of its processes asks first.

``SHOPSYNC_TEST_KAFKA`` names another one to use (``host:port,…``); then nothing is started. Where
none can be had the tests are skipped, loudly; under ``CI=true`` that is a failure.
"""

from __future__ import annotations

import atexit
import fcntl
import json
import os
import tempfile
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import IO

import pytest

from services.shared.log.address import KafkaCluster
from services.shared.log.kafka.declared import FILE
from services.shared.log.kafka.topics import Topics
from tests.support.kafka import starting
from tests.support.kafka.broker import Broker, launch

GIVEN = "SHOPSYNC_TEST_KAFKA"
_RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID") or uuid.uuid4().hex

_started: list[Broker] = []


@asynccontextmanager
async def cluster_of_its_own(partitions: int = 2) -> AsyncIterator[KafkaCluster]:
    """The broker of this run with topics nobody else uses, few enough to be made quickly."""
    cluster = replace(shared_cluster(), prefix=f"{uuid.uuid4().hex[:8]}.")
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
        file.write(FILE.read_text().replace("partitions = 12", f"partitions = {partitions}"))
        file.flush()
        async with Topics.of(cluster, Path(file.name)) as topics:
            await topics.apply("syncer")
    yield cluster


def need_a_broker() -> None:
    """Skips the test that asks if no broker can be started here."""
    lacking = starting.lacking()
    if not lacking:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"no Kafka: {lacking} is missing, and CI=true: its tests must run")
    pytest.skip(f"*** no Kafka: {lacking} is missing, and {GIVEN} is not set ***")


@cache
def shared_cluster() -> KafkaCluster:
    """The broker of this run; give each test a prefix of its own."""
    if given := os.environ.get(GIVEN):
        return KafkaCluster(servers=tuple(given.split(",")))
    need_a_broker()
    folder = Path(tempfile.gettempdir()) / f"shopsync-kafka-run-{_RUN}"
    with (folder.parent / "shopsync-kafka.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        atexit.register(_users(folder).close)
        address = folder / "address.json"
        if not address.exists():
            broker = launch(folder)
            _started.append(broker)
            address.write_text(json.dumps(broker.servers))
    return KafkaCluster(servers=tuple(json.loads(address.read_text())))


def _users(folder: Path) -> IO[bytes]:
    """A hold on the broker in ``folder``; a folder on its way out is made anew."""
    while True:
        folder.mkdir(exist_ok=True)
        with suppress(FileNotFoundError):
            users = (folder / "users").open("ab")
            fcntl.flock(users, fcntl.LOCK_SH)
            if (folder / "users").stat().st_ino == os.fstat(users.fileno()).st_ino:
                return users
            users.close()
