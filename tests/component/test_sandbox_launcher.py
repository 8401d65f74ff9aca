"""``python -m sandbox`` as a person starts it."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import orjson
import pytest

from sandbox.expected.__main__ import main as compared


@asynccontextmanager
async def launched(
    *arguments: str,
) -> AsyncIterator[tuple[dict[str, Any], asyncio.subprocess.Process]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox", *arguments, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        yield orjson.loads(await process.stdout.readline()), process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()


async def test_both_simulators_answer_and_end_in_order_when_told() -> None:
    async with launched() as (ready, process), httpx.AsyncClient() as client:
        stores = (await client.get(f"{ready['shopify_url']}/_sandbox/stores")).json()
        told = {each["shop"]: each["client_secret"] for each in ready["stores"]}
        assert {each["shop"]: each["client_secret"] for each in stores} == told
        answer = await client.get(
            f"{ready['hubspot_url']}/crm/v3/objects/contacts",
            headers={"Authorization": f"Bearer {ready['hubspot_token']}"},
        )
        assert answer.status_code == 200

        process.send_signal(signal.SIGINT)

        assert await asyncio.wait_for(process.wait(), 20) == 0


async def test_the_trickle_is_turned_on_and_off_by_a_call() -> None:
    async with launched("shopify", "--empty") as (ready, _), httpx.AsyncClient() as client:
        assert set(ready) == {"shopify_url", "stores"}
        trickle = f"{ready['shopify_url']}/_sandbox/trickle"
        assert (await client.get(trickle)).json() == {"rate": 0.0, "happened": 0}

        await client.post(trickle, json={"rate": 100})
        while not (await client.get(trickle)).json()["happened"]:
            continue
        await client.post(trickle, json={"rate": 0})

        assert (await client.get(trickle)).json()["rate"] == 0.0
        for refused in ({"rate": -1}, {"rate": "fast"}, {}, {"rate": 10**6}):
            assert (await client.post(trickle, json=refused)).status_code == 400


async def test_hubspot_starts_alone() -> None:
    async with launched("hubspot") as (ready, _):
        assert set(ready) == {"hubspot_url", "hubspot_token"}


async def test_the_comparison_says_by_its_exit_code_what_it_found(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with launched("--empty") as (ready, _), httpx.AsyncClient() as client:
        where = ["--shopify", ready["shopify_url"], "--hubspot", ready["hubspot_url"]]
        assert await asyncio.to_thread(compared, where) == 0

        shop = ready["stores"][0]["shop"]
        await client.post(
            f"{ready['shopify_url']}/_sandbox/stores/{shop}/actions/create_customer",
            json={"email": "new@example.com"},
        )

        assert await asyncio.to_thread(compared, [*where, "--json"]) == 1
        written = capsys.readouterr().out
        assert '"problem": "missing"' in written
        assert await asyncio.to_thread(compared, where) == 1
        assert "1 differences" in capsys.readouterr().out


async def test_the_simulators_end_with_a_parent_that_was_killed() -> None:
    parent = await started_by_another("subprocess.run(command)")
    assert parent.stdout is not None
    assert "hubspot_url" in orjson.loads(await parent.stdout.readline())

    parent.kill()

    # The simulators hold the other end of the pipe: it closes when they are gone.
    assert await asyncio.wait_for(parent.stdout.read(), 20) == b""
    await parent.wait()


async def test_the_simulators_end_though_their_parent_was_gone_before_they_looked() -> None:
    parent = await started_by_another("subprocess.Popen(command)")
    assert parent.stdout is not None

    assert "hubspot_url" in orjson.loads(await parent.stdout.readline())
    assert await asyncio.wait_for(parent.stdout.read(), 20) == b""
    assert await parent.wait() == 0


async def started_by_another(how: str) -> asyncio.subprocess.Process:
    """A process that starts the simulators to end with itself, and waits for them or does not."""
    starter = f"""
import os, subprocess, sys
command = [sys.executable, "-m", "sandbox", "hubspot", f"--with-parent={{os.getpid()}}"]
running = {how}
os._exit(0)
"""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", starter, stdout=asyncio.subprocess.PIPE
    )


async def test_a_taken_port_is_said_in_a_line() -> None:
    async with launched("hubspot") as (ready, _):
        port = ready["hubspot_url"].rpartition(":")[2]
        second = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "sandbox", "hubspot", "--hubspot-port", port),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        _, said = await second.communicate()

    assert second.returncode == 1
    (line,) = said.decode().splitlines()
    assert line.startswith("the simulators cannot start: Address already in use")
    assert port in line
