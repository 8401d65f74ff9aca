"""Processes that benchmarks start: they tell one line of JSON, and end with us."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

_GRACE_SECONDS = 10
_NO_LIMIT = {"burst": 10**7, "day": 10**9, "lifted": True}


async def told_by(*command: str) -> Any:
    """What ``python -m COMMAND`` printed, as JSON, once it has ended well."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *command, stdout=asyncio.subprocess.PIPE
    )
    try:
        output, _ = await process.communicate()
    finally:
        await ended(process)
    if process.returncode:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}")
    return json.loads(output)


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """A process that serves, and the line of JSON it said when it was ready."""

    pid: int
    said: Any


@asynccontextmanager
async def serving(*command: str) -> AsyncIterator[Serving]:
    """``python -m COMMAND`` while it serves."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *command, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout
        yield Serving(pid=process.pid, said=json.loads(await process.stdout.readline()))
    finally:
        await ended(process)


@asynccontextmanager
async def serving_json(*command: str) -> AsyncIterator[Any]:
    """The line of JSON alone."""
    async with serving(*command) as process:
        yield process.said


async def lift_quota(hubspot_url: str) -> None:
    """Let HubSpot take any number of calls, and say so in its headers."""
    async with httpx.AsyncClient() as http:
        answer = await http.put(f"{hubspot_url}/_sandbox/faults", json={"quota": _NO_LIMIT})
        answer.raise_for_status()


async def ended(process: asyncio.subprocess.Process) -> None:
    """Ask a process to end; make it, where it does not."""
    if process.returncode is None:
        process.terminate()
    try:
        async with asyncio.timeout(_GRACE_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
