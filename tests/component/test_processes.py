"""Starting, waiting and stopping, as a person who runs the product meets it."""

import asyncio
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from services.cli.engines import INGEST, SYNCER
from services.cli.places import PREFIX
from services.cli.processes import run_on
from tests.support.both_vendors import BothVendors

NOWHERE = httpx.MockTransport(lambda _: _refused())


def _refused() -> httpx.Response:
    raise httpx.ConnectError("nobody listens")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(f"{PREFIX}INGEST_PORT", "0")
    monkeypatch.setenv(f"{PREFIX}INGEST_METRICS_PORT", "0")


async def answered(port: int, status: int, word: str = "") -> str:
    """What ``/readyz`` says, once it answers with ``status`` and has ``word`` in it."""
    async with httpx.AsyncClient() as http, asyncio.timeout(60):
        while True:
            try:
                answer = await http.get(f"http://127.0.0.1:{port}/readyz")
            except httpx.ConnectError:
                await asyncio.sleep(0.05)
                continue
            if answer.status_code == status and word in answer.text:
                return answer.text
            await asyncio.sleep(0.05)


async def test_a_hubspot_that_is_away_at_the_start_is_waited_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    world = BothVendors()
    there = world.transport.transports["hubspot.test"]
    world.transport.transports["hubspot.test"] = NOWHERE
    port = free_port()
    stopping = asyncio.Event()
    caplog.set_level(logging.WARNING)
    async with world.engines(tmp_path, syncer_metrics_port=port) as base:
        running = asyncio.create_task(run_on(base, frozenset({SYNCER, INGEST}), stopping))
        said = json.loads(await answered(port, 503, "network_ConnectError"))
        assert [*said["stalled"]] == ["account"]

        world.transport.transports["hubspot.test"] = there
        assert json.loads(await answered(port, 200)) == {"ready": True, "stalled": {}}
        stopping.set()
        await running
    assert "HubSpot cannot be used" in caplog.text


async def test_a_token_revoked_meanwhile_stops_the_writing_and_nothing_else(
    tmp_path: Path,
) -> None:
    world = BothVendors()
    port = free_port()
    stopping = asyncio.Event()
    changed = {"syncer_metrics_port": port, "hubspot_token": "revoked-token"}
    async with world.engines(tmp_path, **changed) as base:
        running = asyncio.create_task(run_on(base, frozenset({SYNCER, INGEST}), stopping))
        await answered(port, 503, "token_refused")
        assert not running.done()
        stopping.set()
        await running


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """What a start by hand needs; the vendors are nowhere, which is nothing to die of."""
    given = {
        "ENCRYPTION_KEY": "a-key-long-enough",
        "HUBSPOT_TOKEN": "token",
        "HUBSPOT_URL": "http://127.0.0.1:9",
        "SHOPIFY_URL": "http://127.0.0.1:9",
        "SHOP": "acme.myshopify.com",
        "ADMIN_TOKEN": "shpat_token",
        "DATA_DIR": str(tmp_path / "data"),
        "SYNCER_METRICS_PORT": "0",
        "RECONCILER_METRICS_PORT": "0",
        "INGEST_PORT": "0",
        "INGEST_METRICS_PORT": "0",
    }
    root = str(Path(__file__).parents[2])
    named = {f"{PREFIX}{name}": value for name, value in given.items()}
    return {**os.environ, "PYTHONPATH": root, **named}


def started(environment: Mapping[str, str], *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "services.cli", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    said, _ = process.communicate(timeout=90)
    return process.returncode, said


def lines_until(process: subprocess.Popen[str], word: str) -> Iterator[str]:
    assert process.stdout is not None
    deadline = time.monotonic() + 90
    for line in process.stdout:
        yield line
        if word in line:
            return
        assert time.monotonic() < deadline


def test_ingest_stops_gracefully_when_told_to(environment: dict[str, str]) -> None:
    process = started(environment, "ingest")
    assert [*lines_until(process, "ingest listens")]
    process.send_signal(signal.SIGTERM)
    code, said = ended(process)
    assert code == 0
    assert "ingest stopped" in said
    assert "Traceback" not in said


def test_a_first_sync_that_nobody_watches_waits_for_the_vendors_and_can_be_stopped(
    environment: dict[str, str],
) -> None:
    process = started(environment, "all")
    said = [*lines_until(process, "Not now")]
    assert any("no public address" in line for line in said)
    process.send_signal(signal.SIGINT)
    code, rest = ended(process)
    assert code != 0
    assert "Traceback" not in rest


def test_a_port_that_is_taken_is_said_in_one_line(environment: dict[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        environment[f"{PREFIX}INGEST_PORT"] = str(port)
        code, said = ended(started(environment, "ingest"))
    assert code == 2
    assert f"127.0.0.1:{port}" in said
    assert "already running" in said or "running already" in said
    assert "Traceback" not in said


def test_a_data_directory_in_the_way_is_said_in_one_line(
    environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    environment[f"{PREFIX}DATA_DIR"] = str(tmp_path / "file" / "data")
    code, said = ended(started(environment, "ingest"))
    assert code == 2
    assert "Cannot write to the data directory" in said
    assert "Traceback" not in said
