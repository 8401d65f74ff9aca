"""``shopsync sandbox``: the simulators, as a process beside the product."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from services.cli.answering import Exit, fail
from services.cli.places import PREFIX

# Where ingest listens by default: on the loopback an address need not be https.
_INGEST = "http://127.0.0.1:8000"


class Which(StrEnum):
    """Which simulators."""

    BOTH = "both"
    SHOPIFY = "shopify"
    HUBSPOT = "hubspot"


Port = Annotated[int, typer.Option(min=0, max=65535, help="0 is any free one.")]


def sandbox(  # noqa: PLR0913 - the options of a command line
    which: Annotated[Which, typer.Argument(help="Which simulators to start.")] = Which.BOTH,
    *,
    shopify_port: Port = 0,
    hubspot_port: Port = 0,
    seed: Annotated[int, typer.Option(help="Same seed, same data.")] = 1,
    empty: Annotated[bool, typer.Option("--empty", help="Stores with nothing in them.")] = False,
    trickle: Annotated[float, typer.Option(min=0, help="Changes a second.")] = 0.0,
    env: Annotated[
        Path | None, typer.Option(help="Write the product's settings for them to a new file.")
    ] = None,
) -> None:
    """Simulate Shopify and HubSpot on this machine; one line of JSON says where they are."""
    if env is not None and env.exists():
        fail(f"{env} is there already, and is not written over.", Exit.USAGE)
    if env is not None and which is not Which.BOTH:
        fail("--env needs both simulators.", Exit.USAGE)
    options = {
        "--shopify-port": shopify_port,
        "--hubspot-port": hubspot_port,
        "--seed": seed,
        "--trickle": trickle,
    }
    given = [f"{name}={value}" for name, value in options.items()]
    arguments = [which.value, *given, *(["--empty"] if empty else [])]
    raise typer.Exit(_run(arguments, env))


def settings_for(said: str) -> str:
    """The product's settings for simulators that ``said`` so of themselves, as a ``.env`` file."""
    there = json.loads(said)
    settings = {
        "SHOPIFY_URL": there["shopify_url"],
        "HUBSPOT_URL": there["hubspot_url"],
        "HUBSPOT_TOKEN": there["hubspot_token"],
        "STORES": json.dumps(there["stores"]),
        "ENCRYPTION_KEY": secrets.token_urlsafe(24),
        "PUBLIC_URL": _INGEST,
    }
    return "".join(f"{PREFIX}{name}={value}\n" for name, value in settings.items())


def _run(arguments: Sequence[str], env: Path | None) -> int:
    """Run the simulators until they end; signals to us are theirs."""
    command = [sys.executable, "-m", "sandbox", f"--with-parent={os.getpid()}", *arguments]
    # A group of its own: a terminal's Ctrl-C then reaches it once, by us.
    stdout = None if env is None else subprocess.PIPE
    with subprocess.Popen(command, start_new_session=True, stdout=stdout, text=True) as running:  # noqa: S603 - our own module

        def forward(number: int, _frame: FrameType | None) -> None:
            running.send_signal(number)

        before = {each: signal.signal(each, forward) for each in (signal.SIGINT, signal.SIGTERM)}
        try:
            if env is not None and running.stdout is not None:
                _write(env, running.stdout.readline())
            return running.wait()
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)


def _write(env: Path, said: str) -> None:
    """Pass on what the simulators say of themselves, and keep it as settings; they hold secrets."""
    sys.stdout.write(said)
    sys.stdout.flush()
    if said.strip():
        env.touch(mode=0o600, exist_ok=False)
        env.write_text(settings_for(said))
        sys.stderr.write(f"The product's settings for them are in {env.absolute()}.\n")
