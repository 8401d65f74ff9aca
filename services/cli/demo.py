"""``shopsync demo``: two simulated stores fill a simulated HubSpot, by the product's own code.

Only Shopify and HubSpot are simulators here, in a process of their own; who judges the result is
``sandbox.expected``, which shares no code with us.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource
from rich.console import Console

from services.cli.engines import EVERY_PROCESS
from services.cli.processes import run_until
from services.cli.settings import Settings
from services.cli.showing import Shown, shown_on
from services.cli.watching import Snapshot, snapshot
from services.shared.contract.topics import ObjectType
from services.shared.runtime.lifecycle import stopping_on_signals
from services.shared.runtime.logging import configure_logging
from services.shared.runtime.serving import listening_socket

ABANDONED_AFTER = 5.0
_SCAN_EVERY = 5.0
_TRICKLE_SECONDS = 10.0
_TRICKLE_RATE = 5.0
# What real deliveries suffer too: some twice, some late, some overtaken.
_FAULTS = {"duplicate": 0.1, "reorder_seconds": 0.5, "retry_scale": 0.01}
_GIVEN_UP_AFTER = 180.0
_LOOK_EVERY = 0.5
_LINES_TOLD = 20
_INITIAL = "Two simulated Shopify stores fill a simulated HubSpot"
_LIVE = "Live changes: on purpose, deliveries come twice, late and out of order"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """The running simulators: where they are, and how the stores are reached."""

    shopify_url: str
    hubspot_url: str
    hubspot_token: str
    stores: list[dict[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the comparison said, and how long things took."""

    differences: int
    counts: dict[str, int]
    examples: list[Any]
    initial_sync_seconds: float
    changes: int


def run(*, once: bool, as_json: bool, **engines: str) -> int:
    """Run the demo; 0 if HubSpot shows what it must (or it was ended by hand), 1 if not.

    ``engines`` are settings of the log and the ledger, if they are not to be files.
    """
    with suppress(KeyboardInterrupt):
        return asyncio.run(_demo(once=once, as_json=as_json, engines=engines))
    return 0


async def _demo(*, once: bool, as_json: bool, engines: Mapping[str, str]) -> int:
    console = Console(stderr=as_json)
    with tempfile.TemporaryDirectory(prefix="shopsync-demo-") as folder:
        console.print("Starting the simulators of Shopify and HubSpot …")
        async with (
            _quiet_log(Path(folder)),
            stopping_on_signals() as stopping,
            _sandbox() as sandbox,
        ):
            settings = settings_for(Path(folder), sandbox, engines)
            product = asyncio.create_task(run_until(stopping, EVERY_PROCESS, settings))
            try:
                story = _story(sandbox, settings, console, once=once, stopping=stopping)
                told = asyncio.create_task(story)
                await asyncio.wait({product, told}, return_when=asyncio.FIRST_COMPLETED)
                if product.done():
                    told.cancel()
                    product.result()
                    return _reported(None, console, as_json=as_json)
                return _reported(told.result(), console, as_json=as_json)
            finally:
                stopping.set()
                await asyncio.wait({product})


async def _story(
    sandbox: Sandbox,
    settings: Settings,
    console: Console,
    *,
    once: bool,
    stopping: asyncio.Event,
) -> Verdict | None:
    loop = asyncio.get_running_loop()
    started = loop.time()
    with shown_on(console, _addresses(sandbox), once=once) as shown:
        first = await _quiet(settings, shown, _INITIAL, len(sandbox.stores) * len(ObjectType))
        took = loop.time() - started
        await _faults(sandbox, _FAULTS)
        await _trickle(sandbox, _TRICKLE_RATE if once else 1.0)
        until = loop.time() + _TRICKLE_SECONDS if once else float("inf")
        while loop.time() < until and not stopping.is_set():
            shown.show(await snapshot(settings), _LIVE)
            await asyncio.sleep(_LOOK_EVERY)
        if stopping.is_set():
            return None
        await _trickle(sandbox, 0)
        await _faults(sandbox, {"duplicate": 0, "reorder_seconds": 0})
        await asyncio.sleep(ABANDONED_AFTER)
        last = await _quiet(settings, shown, "Settling")
    return await _compared(sandbox, took, last.settled - first.settled)


async def _quiet(settings: Settings, shown: Shown, title: str, scans: int = 0) -> Snapshot:
    """Wait until nothing is left to do and ``scans`` have ended, showing how far it is."""
    deadline = asyncio.get_running_loop().time() + _GIVEN_UP_AFTER
    calm = 0
    while calm < 2:  # noqa: PLR2004 - twice in a row: between two steps it may look calm for once
        await asyncio.sleep(_LOOK_EVERY)
        seen = await snapshot(settings)
        shown.show(seen, title, scans)
        calm = calm + 1 if seen.is_calm and seen.windows >= scans else 0
        if asyncio.get_running_loop().time() > deadline:
            break
    return seen


async def _compared(sandbox: Sandbox, took: float, changes: int) -> Verdict:
    """Ask the judge, who reads both simulators and the tables of what must be."""
    arguments = ["--shopify", sandbox.shopify_url, "--hubspot", sandbox.hubspot_url]
    judge = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sandbox.expected", *arguments),
        *("--abandoned-after", str(ABANDONED_AFTER), "--currencies", "EUR,USD,GBP", "--json"),
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await judge.communicate()
    found = json.loads(said)
    return Verdict(
        differences=len(found["differences"]),
        counts=found["counts"],
        examples=found["differences"][:10],
        initial_sync_seconds=round(took, 1),
        changes=changes,
    )


def _reported(verdict: Verdict | None, console: Console, *, as_json: bool) -> int:
    if verdict is None:
        console.print("Ended. Nothing of it is kept.")
        return 0
    if as_json:
        print(  # noqa: T201 - the answer itself
            json.dumps(
                {
                    "differences": verdict.differences,
                    "examples": verdict.examples,
                    "compared": verdict.counts,
                    "initial_sync_seconds": verdict.initial_sync_seconds,
                    "changes_settled": verdict.changes,
                }
            )
        )
    compared = ", ".join(f"{count} {name}" for name, count in sorted(verdict.counts.items()))
    console.print(f"Initial sync: {verdict.initial_sync_seconds} s. Compared {compared}.")
    if verdict.differences:
        console.print(f"[bold red]{verdict.differences} differences[/], the first:")
        for each in verdict.examples:
            console.print(each)
        return 1
    console.print("[bold green]HubSpot shows exactly what it must.[/]")
    return 0


@asynccontextmanager
async def _quiet_log(folder: Path) -> AsyncIterator[None]:
    """Keep the product's log off the screen; what it said last is told if the demo fails."""
    with (folder / "shopsync.log").open("w+") as kept:
        configure_logging("console", "WARNING", stream=kept)
        try:
            yield
        except BaseException:
            kept.seek(0)
            sys.stderr.writelines(kept.readlines()[-_LINES_TOLD:])
            raise


@asynccontextmanager
async def _sandbox() -> AsyncIterator[Sandbox]:
    """The simulators, started as a process of their own, and ended with us."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sandbox", f"--with-parent={os.getpid()}"),
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        if process.stdout is None:
            raise RuntimeError("the sandbox has no output")
        yield Sandbox(**json.loads(await process.stdout.readline()))
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


class _Given(Settings):
    """Settings that look at neither environment nor file: a real installation's must stay out."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic's signature
        init_settings: PydanticBaseSettingsSource,
        *_others: PydanticBaseSettingsSource,
        **_named: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


def settings_for(
    folder: Path, sandbox: Sandbox, engines: Mapping[str, str] = MappingProxyType({})
) -> Settings:
    """The product's own settings, made for the simulators. Ingest takes free ports."""
    with listening_socket("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    os.environ["SHOPSYNC_INGEST_HOST"] = os.environ["SHOPSYNC_INGEST_METRICS_HOST"] = "127.0.0.1"
    os.environ["SHOPSYNC_INGEST_PORT"] = str(port)
    os.environ["SHOPSYNC_INGEST_METRICS_PORT"] = "0"
    return _Given.model_validate(
        {
            "data_dir": folder,
            "encryption_key": secrets.token_urlsafe(24),
            "hubspot_token": sandbox.hubspot_token,
            "hubspot_url": sandbox.hubspot_url,
            "shopify_url": sandbox.shopify_url,
            "stores": sandbox.stores,
            "public_url": f"http://127.0.0.1:{port}",
            "abandoned_after": ABANDONED_AFTER,
            "scan_every": _SCAN_EVERY,
            "syncer_metrics_port": 0,
            "reconciler_metrics_port": 0,
            "log_level": "WARNING",
            **engines,
        }
    )


def _addresses(sandbox: Sandbox) -> dict[str, str]:
    return {
        "Storefront (place an order)": f"{sandbox.shopify_url}/_sandbox/",
        "HubSpot (see it arrive)": f"{sandbox.hubspot_url}/_sandbox/",
    }


async def _faults(sandbox: Sandbox, faults: dict[str, float]) -> None:
    async with httpx.AsyncClient() as http:
        body = {"delivery": faults}
        answer = await http.put(f"{sandbox.shopify_url}/_sandbox/faults", json=body)
        answer.raise_for_status()


async def _trickle(sandbox: Sandbox, rate: float) -> None:
    async with httpx.AsyncClient() as http:
        url = f"{sandbox.shopify_url}/_sandbox/trickle"
        (await http.post(url, json={"rate": rate})).raise_for_status()
