"""``make churn MINUTES=``: three syncers and a reconciler on one quota, joining, leaving, dying.

Says how many calls HubSpot got, how many it refused (none may be), and how much of the window of
ten seconds was used. Exit code 1 if a call was refused.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from dataclasses import asdict

from tests.churn.churning import churned
from tests.support.commands import on_both_servers


def main() -> int:
    """Run as asked."""
    parser = argparse.ArgumentParser(prog="python -m tests.churn", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1, help="of what happens, and of who goes when")
    parser.add_argument("--limit", type=int, default=100, help="calls in ten seconds")
    asked = parser.parse_args()
    return on_both_servers(lambda: _run(asked))


def _run(asked: argparse.Namespace) -> int:
    report = asyncio.run(churned(asked.seed, asked.minutes * 60, asked.limit, _say))
    _say(json.dumps(asdict(report), indent=1))
    return 1 if report.refused else 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
