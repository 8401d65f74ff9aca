"""``make churn MINUTES=``: three syncers and a reconciler on one quota, joining, leaving, dying.

Says how many calls HubSpot got, how many it refused (none may be), and how much of the window of
ten seconds was used. Exit code 1 if a call was refused.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
from dataclasses import asdict

from tests.churn.churning import churned
from tests.support.environment import forget_settings
from tests.support.kafka import starting
from tests.support.postgres import NoPostgresError


def main() -> int:
    """Run as asked."""
    parser = argparse.ArgumentParser(prog="python -m tests.churn", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1, help="of what happens, and of who goes when")
    parser.add_argument("--limit", type=int, default=100, help="calls in ten seconds")
    asked = parser.parse_args()
    forget_settings()
    if lacking := starting.lacking():
        sys.stderr.write(f"No broker can be started: {lacking} is missing.\n")
        return 1
    logging.getLogger().addHandler(logging.NullHandler())
    try:
        report = asyncio.run(churned(asked.seed, asked.minutes * 60, asked.limit, _say))
    except NoPostgresError as problem:
        sys.stderr.write(f"No PostgreSQL is to be had: {problem}\n")
        return 1
    _say(json.dumps(asdict(report), indent=1))
    return 1 if report.refused else 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
