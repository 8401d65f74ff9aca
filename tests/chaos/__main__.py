"""``make chaos SEED= MINUTES= ENGINES=``: histories under fire until the time is up, each judged.

Runs of ``--each`` seconds, seed after seed; a run that fails is had again by its seed and length.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from time import monotonic

from tests.chaos.plan import Engines, plan_of
from tests.chaos.running import Report, lived
from tests.support.environment import forget_settings
from tests.support.kafka import starting


def main() -> int:
    """Run as asked; 1 if a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first run's; the next have more")
    parser.add_argument("--minutes", type=float, default=5.0, help="under fire, in all")
    parser.add_argument("--each", type=float, default=120.0, help="seconds under fire of a run")
    parser.add_argument("--engines", type=Engines, default=None, help=", ".join(Engines))
    parser.add_argument("--report", type=Path, default=Path("chaos.json"))
    parser.add_argument("--keep", type=Path, default=None, help="a folder for what processes say")
    asked = parser.parse_args()
    forget_settings()
    engines = [asked.engines] if asked.engines else [Engines.SQLITE, Engines.KAFKA]
    if any(each is not Engines.SQLITE for each in engines) and (lacking := starting.lacking()):
        sys.stderr.write(f"No broker can be started: {lacking} is missing.\n")
        return 1
    # What a killed server does to our own looking at it is no news.
    logging.getLogger().addHandler(logging.NullHandler())
    reports = _runs(asked, engines)
    return 1 if any(each.violations for each in reports) else 0


def _runs(asked: argparse.Namespace, engines: list[Engines]) -> list[Report]:
    reports: list[Report] = []
    under_fire, seed = 0.0, asked.seed
    while under_fire < asked.minutes * 60:
        each = min(asked.each, max(asked.minutes * 60 - under_fire, 1.0))
        plan = plan_of(engines[len(reports) % len(engines)], seed, each)
        _say(f"{plan.engines}, seed {seed}: {len(plan.acts)} acts in {each:g} s")
        keep = _folder(asked.keep, plan.engines, seed)
        reports.append(asyncio.run(lived(plan, _say, keep)))
        under_fire += each
        seed += len(reports) % len(engines) == 0
        _tell(reports[-1])
        asked.report.write_text(_written(reports))
    return reports


def _folder(keep: Path | None, engines: Engines, seed: int) -> Path | None:
    if keep is None:
        return None
    folder = (keep / f"{engines}-{seed}-{int(monotonic())}").absolute()
    folder.mkdir(parents=True)
    return folder


def _written(reports: list[Report]) -> str:
    acts = Counter[str]()
    for each in reports:
        acts.update(each.acts)
    whole = {
        "minutes": round(sum(each.seconds for each in reports) / 60, 2),
        "acts": dict(sorted(acts.items())),
        "violations": sum(len(each.violations) for each in reports),
        "runs": [asdict(each) for each in reports],
    }
    return json.dumps(whole, indent=1, default=str)


def _tell(report: Report) -> None:
    _say(
        f"  {report.changes} changes, {report.deliveries}, {report.calls} calls to HubSpot, "
        f"settled in {report.settled_seconds} s"
    )
    if report.deaths:
        died = Counter(each["name"] for each in report.deaths)
        _say(f"  died without being killed: {dict(died)}")
    for each in report.violations[:20]:
        _say(f"  BROKEN: {each['promise']}: {each['shop']}/{each['record']} {each['what']}")
    if report.violations:
        again = f"SEED={report.seed} MINUTES={report.seconds / 60:g} ENGINES={report.engines}"
        _say(f"  {len(report.violations)} violations; again: make chaos {again}")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
