"""What the independent judge says of two running simulators, asked as a process of its own."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from dataclasses import dataclass
from typing import Any

from tests.support.postgres import ROOT


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How many of each thing were compared, and every difference."""

    counts: dict[str, int]
    differences: list[Any]


async def judged(shopify_url: str, hubspot_url: str, *, abandoned_after: float) -> Verdict:
    """What HubSpot must show and does not, or shows and must not."""
    judge = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sandbox.expected", "--shopify", shopify_url),
        *("--hubspot", hubspot_url, "--abandoned-after", str(abandoned_after)),
        *("--currencies", "EUR,USD,GBP", "--json"),
        stdout=PIPE,
        cwd=ROOT,
    )
    said, _ = await judge.communicate()
    found = json.loads(said)
    return Verdict(counts=found["counts"], differences=found["differences"])
