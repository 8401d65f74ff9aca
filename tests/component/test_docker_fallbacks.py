"""What is asked of Docker where no nearer server is to be had; the engine here is a stand-in."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.containers import engine_answers
from tests.support.fake_docker import calls, installed
from tests.support.postgres import ROOT
from tests.support.postgres_guardian import Container, found
from tests.support.waiting import until

_BROKERS = """
import asyncio
from tests.support.kafka.broker import kafka_broker

async def main():
    async with kafka_broker(nodes=2) as broker:
        print(broker.folder, *broker.servers, flush=True)
        await asyncio.to_thread(input)

asyncio.run(main())
"""


@asynccontextmanager
async def _running(env: Mapping[str, str], *arguments: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdin=PIPE, stdout=PIPE, stderr=PIPE, cwd=ROOT, env=env
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


async def _line(process: Process) -> str:
    assert process.stdout is not None
    assert process.stderr is not None
    line = (await process.stdout.readline()).decode().strip()
    return line or (await process.stderr.read()).decode()


def _listeners_in(folder: Path) -> list[str]:
    lines = [
        line
        for node in folder.glob("node-*/server.properties")
        for line in node.read_text().splitlines()
    ]
    return [each for each in lines if each.startswith("listeners=")]


@pytest.fixture(name="docker_is")
def _docker_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def pretend(engine: str) -> None:
        for name, value in installed(tmp_path, engine).items():
            monkeypatch.setenv(name, value)

    return pretend


@pytest.mark.parametrize("end", ["in order", "by a kill"])
async def test_brokers_run_in_containers_of_a_named_version_and_are_gone(
    tmp_path: Path, end: str
) -> None:
    async with _running(installed(tmp_path, "answers"), "-c", _BROKERS) as user:
        folder, *servers = (await _line(user)).split()
        assert len(servers) == 2, folder
        listeners = _listeners_in(Path(folder))
        if end == "in order":
            await user.communicate(b"\n")
        else:
            user.kill()
        names = [f"{Path(folder).name}-{number}" for number in (0, 1)]
        await until(lambda: all(["kill", each] in calls(tmp_path) for each in names))
        await until(lambda: not Path(folder).exists())

    assert len(listeners) == 2
    assert all(each.count("://") == each.count("://127.0.0.1:") for each in listeners)
    assert calls(tmp_path)[0] == ["info"]
    started = [each for each in calls(tmp_path) if each[0] == "run"]
    formats, servers_ = started[:2], started[2:]
    for each, number in zip(servers_, (1, 2), strict=True):
        assert each == [
            *("run", "--rm", "--name", names[number - 1], "--network", "host"),
            *("--user", f"{os.getuid()}:{os.getgid()}", "--volume", f"{folder}:{folder}"),
            *("--entrypoint", "/opt/kafka/bin/kafka-server-start.sh", "apache/kafka:4.1.1"),
            f"{folder}/node-{number}/server.properties",
        ]
    for each in formats:
        assert "/opt/kafka/bin/kafka-storage.sh" in each
        assert each[each.index("apache/kafka:4.1.1") + 1] == "format"


def test_a_database_runs_in_a_container_on_the_loopback_and_is_removed(
    tmp_path: Path, docker_is: Callable[[str], None]
) -> None:
    docker_is("answers")
    server = found(tmp_path, is_durable=True, places=())
    assert isinstance(server, Container)

    assert server.start() == os.getpid()
    server.kill()
    server.start()
    server.remove()

    name, ready = server.name, ["exec", server.name, "timeout", "60", "sh", "-c"]
    waiting = "until pg_isready -q -h 127.0.0.1; do sleep 0.1; done"
    pid = ["inspect", "-f", "{{.State.Pid}}", name]
    assert urlsplit(server.address).hostname == "127.0.0.1"
    assert calls(tmp_path) == [
        ["info"],
        [
            *("run", "-d", "--name", name, "-p", f"127.0.0.1:{server.port}:5432"),
            *("-e", f"POSTGRES_PASSWORD={server.password}", "postgres:18-alpine"),
            *("-c", "max_connections=300"),
        ],
        [*ready, waiting],
        pid,
        ["kill", "-s", "KILL", name],
        ["start", name],
        [*ready, waiting],
        pid,
        ["rm", "-f", "-v", name],
    ]


async def test_where_no_engine_answers_no_broker_is_started_and_the_line_says_what_is_missing(
    tmp_path: Path,
) -> None:
    async with _running(installed(tmp_path, "refuses"), "-m", "tests.support.kafka") as asked:
        said = await _line(asked)
        assert await asked.wait() == 1

    assert said == (
        "No broker can be started: Java 17 or newer (or Docker with an engine that answers) "
        "is missing. Or set SHOPSYNC_TEST_KAFKA=host:port."
    )
    assert calls(tmp_path) == [["info"]]


@pytest.mark.parametrize("engine", ["refuses", "hangs"])
def test_an_engine_that_does_not_answer_is_passed_over(
    tmp_path: Path, docker_is: Callable[[str], None], engine: str
) -> None:
    docker_is(engine)

    assert not engine_answers(within_seconds=1.0 if engine == "hangs" else 60.0)
    assert calls(tmp_path) == [["info"]]


def test_without_binaries_and_without_an_engine_there_is_no_database(
    tmp_path: Path, docker_is: Callable[[str], None]
) -> None:
    docker_is("refuses")

    assert found(tmp_path, is_durable=True, places=()) is None
