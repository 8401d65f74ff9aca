"""``make explore``: every path of two syncers within bounds of one's choosing."""

import argparse
import multiprocessing
import os
import sys
from time import perf_counter

from tests.models.claiming import Exploration
from tests.models.exploring import every_path
from tests.models.stepping import Bounds
from tests.models.stories import STORIES
from tests.models.syncing import beginning


def explored(name: str, bounds: Bounds) -> tuple[str, int, str]:
    """How many paths of a story were right, and the first that was not."""
    exploration = Exploration(beginning(), STORIES[name](), bounds)
    right = 0
    try:
        for _ in every_path(exploration.run):
            right += 1
    except AssertionError as wrong:
        return name, right, "\n".join([str(wrong), *getattr(wrong, "__notes__", ())])
    return name, right, ""


def main() -> int:
    """Explore, and say how many paths there were."""
    parser = argparse.ArgumentParser(prog="python -m tests.models", description=__doc__)
    parser.add_argument("--switches", type=int, default=2, help="times one is left standing")
    parser.add_argument("--deaths", type=int, default=1, help="processes that die")
    parser.add_argument("--stalls", type=int, default=0, help="times all stand still for a minute")
    parser.add_argument("--story", choices=STORIES, action="append", help="all of them otherwise")
    asked = parser.parse_args()
    bounds = Bounds(switches=asked.switches, deaths=asked.deaths, stalls=asked.stalls)
    began = perf_counter()
    work = [(name, bounds) for name in asked.story or STORIES]
    with multiprocessing.Pool(min(os.cpu_count() or 1, len(work))) as pool:
        told = pool.starmap(explored, work, chunksize=1)
    for name, right, wrong in told:
        print(f"{name}: {right} paths right" + (f", then {wrong}" if wrong else ""))
    print(f"{bounds} in {perf_counter() - began:.0f} s")
    failed = sum(bool(wrong) for _, _, wrong in told)
    print(f"{sum(right for _, right, _ in told)} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
