"""``python -m sandbox.expected``: compare two running simulators; exit 1 on any difference."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson

from sandbox.expected.comparison import compare
from sandbox.expected.rules import Shops
from sandbox.expected.verdict import Settings, Verdict

SHOWN = 50


def fetched_shops(client: httpx.Client, url: str) -> Shops:
    """The records of every store of a running Shopify simulator, by shop."""
    stores = client.get(f"{url}/_sandbox/stores").raise_for_status().json()
    listed = stores["stores"] if isinstance(stores, dict) else stores
    return {
        each["shop"]: client.get(f"{url}/_sandbox/records", params={"shop": each["shop"]})
        .raise_for_status()
        .json()
        for each in listed
    }


def fetched_hubspot(client: httpx.Client, url: str) -> Any:
    """The records and associations of a running HubSpot simulator."""
    return client.get(f"{url}/_sandbox/records").raise_for_status().json()


def as_json(verdict: Verdict) -> bytes:
    """The verdict for programs."""
    plain = {
        "counts": verdict.counts,
        "differences": [asdict(each) for each in verdict.differences],
    }
    return orjson.dumps(plain, default=_plain, option=orjson.OPT_INDENT_2)


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, frozenset) else str(value)


def as_text(verdict: Verdict) -> str:
    """The verdict for people: counts, and the first differences."""
    lines = [f"{number:>8} {name} compared" for name, number in sorted(verdict.counts.items())]
    lines.append(f"{len(verdict.differences):>8} differences")
    kinds = Counter(
        f"{each.kind} {each.problem} {each.property}".strip() for each in verdict.differences
    )
    lines += [f"{number:>12} {kind}" for kind, number in kinds.most_common()]
    for each in verdict.differences[:SHOWN]:
        what = f"{each.kind} {each.id} {each.property}".strip()
        lines.append(f"{each.problem}: {what}: expected {each.expected!r}, found {each.found!r}")
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Compare and print. Returns 0 when HubSpot shows what it must, else 1."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.expected", description=__doc__)
    parser.add_argument("--shopify", required=True, metavar="URL")
    parser.add_argument("--hubspot", required=True, metavar="URL")
    parser.add_argument("--abandoned-after", type=float, default=900, metavar="SECONDS")
    parser.add_argument("--currencies", help="codes the account has, with commas; any by default")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    currencies = frozenset(asked.currencies.split(",")) if asked.currencies else None
    with httpx.Client(timeout=60) as client:
        hubspot = fetched_hubspot(client, asked.hubspot)
        now = datetime.now(UTC)
        shops = fetched_shops(client, asked.shopify)
    settings = Settings(
        now=now,
        abandoned_after=timedelta(seconds=asked.abandoned_after),
        currencies=currencies,
    )
    verdict = compare(shops, hubspot, settings)
    sys.stdout.write(as_json(verdict).decode() if asked.json else as_text(verdict))
    sys.stdout.write("\n")
    return 1 if verdict.differences else 0


if __name__ == "__main__":
    raise SystemExit(main())
