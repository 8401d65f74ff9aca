"""Random histories of two shops, with faults and crashes, end in what HubSpot must show.

Each one compares with a straight run: what the tables of ``sandbox/expected`` make of the shops as
they are in the end, whatever was doubled, overtaken, late, lost or deleted on the way there.
"""

import subprocess
import sys

import pytest

from sandbox.hubspot.faults import Fault
from tests.simulation.history import lived
from tests.simulation.weather import calm

_AT_ONCE = 10
_CHUNKS = 20


def _simulated(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A process of its own: sets of text come in another order in each, unless told."""
    command = [sys.executable, "-m", "tests.simulation", "--jobs", "1", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("first", range(0, _CHUNKS * _AT_ONCE, _AT_ONCE))
def test_whatever_happens_hubspot_shows_what_it_must_within_ten_minutes(first: int) -> None:
    ended = _simulated("--first", str(first), "--seeds", str(_AT_ONCE))

    assert f"{_AT_ONCE} passed, 0 failed" in ended.stdout, ended.stdout + ended.stderr[-2000:]


def test_one_seed_is_one_history_to_the_last_call() -> None:
    # A rough one: killed while it starts, then HubSpot fails in five ways.
    once, again = (_simulated("--first", "96", "--seeds", "1", "--trace").stdout for _ in "ab")

    assert "killed at step" in once
    assert _trace(once) == _trace(again)


def _trace(told: str) -> list[str]:
    return [line for line in told.splitlines() if line.startswith("  ")]


@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    [
        "*/contacts/batch/create",
        "*/contacts/batch/update",
        "*/orders/batch/upsert",
        "*/orders/batch/update",
        "*/orders/batch/archive",
        "*/carts/batch/upsert",
        "*/carts/batch/update",
        "*/products/batch/upsert",
        "*/products/batch/update",
        "*/line_items/batch/create",
        "*/line_items/batch/update",
        "*/line_items/batch/archive",
        "*/associations/*/batch/associate/default",
    ],
)
def test_a_reset_after_the_write_loses_and_doubles_nothing(path: str) -> None:
    reset = Fault(kind="reset", path=path, count=1)

    story = lived(_EVERY_CALL, calm(50), [reset])

    assert reset.count == 0, "the history makes no such call"
    assert story.wrong == []


# A seed in whose history every kind of call is made.
_EVERY_CALL = 4
