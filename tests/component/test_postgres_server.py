"""The servers that tests start: real ones, and gone whatever becomes of the tests."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from tests.support.postgres import ROOT, running, shared
from tests.support.waiting import until

pytestmark = pytest.mark.usefixtures("postgres")

_HOLDER = textwrap.dedent("""
    import signal, sys
    from pathlib import Path
    from tests.support.postgres import shared
    with shared(Path(sys.argv[1])) as address:
        print(address, flush=True)
        signal.pause()
""")


def holder(meeting: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(meeting)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )


def address_from(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


async def gone(address: str, folder: Path) -> None:
    """Returns when nothing listens there any more and its data is removed."""
    port = urlsplit(address).port
    await until(lambda: not folder.exists(), 30)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


def killed(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


@pytest.mark.skipif("SHOPSYNC_TEST_POSTGRES" in os.environ, reason="that server is not ours")
async def test_the_server_is_gone_once_the_last_process_of_the_tests_was_killed() -> None:
    with tempfile.TemporaryDirectory() as name:
        meeting = Path(name)
        first = holder(meeting)
        address = address_from(first)
        second = holder(meeting)
        folder = Path((meeting / "postgres").read_text().split()[0])

        assert address_from(second) == address
        killed(first)
        await (await asyncpg.connect(f"{address}/postgres")).close()
        killed(second)

        await gone(address, folder)
        with shared(meeting) as another:
            assert another != address
            last = Path((meeting / "postgres").read_text().split()[0])
        await gone(another, last)


@pytest.mark.skipif("SHOPSYNC_TEST_POSTGRES" in os.environ, reason="that server is not ours")
async def test_a_killed_server_starts_again_with_what_was_committed() -> None:
    with running() as server:
        address = f"{server.address}/postgres"
        connection = await asyncpg.connect(address)
        await connection.execute("CREATE TABLE kept AS SELECT 7 AS n")

        server.kill()
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
            await connection.fetch("SELECT 1")
        server.start()

        again = await asyncpg.connect(address)
        assert await again.fetchval("SELECT n FROM kept") == 7
        await again.close()
