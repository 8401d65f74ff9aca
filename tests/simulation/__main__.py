"""``make simulate SEEDS=``: as many histories as one likes; a seed that fails can be had again."""

import argparse
import logging
import multiprocessing
import os
import sys
import traceback
from dataclasses import dataclass
from time import perf_counter, process_time

from tests.simulation.history import lived


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How one history ended."""

    seed: int
    wrong: list[str]
    trace: list[str]
    cpu_seconds: float
    took_seconds: float = 0.0


def told(seed: int) -> Ending:
    """Live a history; one that cannot be told to its end is wrong, too."""
    logging.disable(logging.CRITICAL)
    began = process_time()
    try:
        story = lived(seed)
    except Exception:  # noqa: BLE001 - whatever it is, it is this seed's
        wrong = traceback.format_exc().splitlines()[-12:]
        return Ending(seed=seed, wrong=wrong, trace=[], cpu_seconds=process_time() - began)
    return Ending(
        seed=seed,
        wrong=story.wrong,
        trace=[str(story.weather), *story.events],
        cpu_seconds=process_time() - began,
        took_seconds=story.took_seconds,
    )


def main() -> int:
    """Run the histories asked for; 1 if one of them is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="how many histories")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="side by side")
    parser.add_argument("--show", action="store_true", help="the trace of those that are wrong")
    parser.add_argument("--trace", action="store_true", help="the trace of every one")
    asked = parser.parse_args()
    began = perf_counter()
    seeds = range(asked.first, asked.first + asked.seeds)
    failed, cpu = 0, 0.0
    with multiprocessing.Pool(min(asked.jobs, asked.seeds)) as pool:
        for ending in pool.imap(told, seeds):
            failed += bool(ending.wrong)
            cpu += ending.cpu_seconds
            _print(ending, is_shown=asked.trace or (asked.show and bool(ending.wrong)))
    print(f"{asked.seeds} histories in {perf_counter() - began:.1f} s, {cpu:.1f} s of CPU")
    print(f"{asked.seeds - failed} passed, {failed} failed")
    return 1 if failed else 0


def _print(ending: Ending, *, is_shown: bool) -> None:
    if is_shown:
        print(f"seed {ending.seed}", *ending.trace, sep="\n  ")
    if ending.wrong:
        again = f"python -m tests.simulation --first {ending.seed} --seeds 1 --show"
        print(f"seed {ending.seed} failed: {len(ending.wrong)} things are wrong; again: {again}")
        print(*ending.wrong[:8], sep="\n  ", flush=True)


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":
        # Sets of text must come in one order, or a seed would not replay.
        os.execve(
            sys.executable,
            [sys.executable, "-m", "tests.simulation", *sys.argv[1:]],
            {**os.environ, "PYTHONHASHSEED": "0"},
        )
    sys.exit(main())
