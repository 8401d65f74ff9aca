"""``shopsync sandbox``: the simulators, as a process beside the product."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from enum import StrEnum
from types import FrameType
from typing import Annotated

import typer


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
) -> None:
    """Simulate Shopify and HubSpot on this machine; one line of JSON says where they are."""
    options = {
        "--shopify-port": shopify_port,
        "--hubspot-port": hubspot_port,
        "--seed": seed,
        "--trickle": trickle,
    }
    given = [f"{name}={value}" for name, value in options.items()]
    raise typer.Exit(_run([which.value, *given, *(["--empty"] if empty else [])]))


def _run(arguments: Sequence[str]) -> int:
    """Run the simulators until they end; signals to us are theirs."""
    command = [sys.executable, "-m", "sandbox", f"--with-parent={os.getpid()}", *arguments]
    # A group of its own: a terminal's Ctrl-C then reaches it once, by us.
    with subprocess.Popen(command, start_new_session=True) as running:  # noqa: S603 - our own module

        def forward(number: int, _frame: FrameType | None) -> None:
            running.send_signal(number)

        before = {each: signal.signal(each, forward) for each in (signal.SIGINT, signal.SIGTERM)}
        try:
            return running.wait()
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)
