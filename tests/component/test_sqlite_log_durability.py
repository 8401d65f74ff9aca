"""An acknowledged event is on the disk, whatever happens to the process or the machine."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from services.shared.log.sqlite import SqliteLog

ROOT = Path(__file__).parents[2]
CHILD = [sys.executable, "-m", "tests.support.log_process"]
SHADOW = ROOT / "tests/support/fsync_shadow.c"


def acknowledged(
    arguments: list[str], lines: int, environment: Mapping[str, str]
) -> dict[str, int]:
    """Runs a child, kills it after so many lines; the last number acknowledged to each owner."""
    last: dict[str, int] = {}
    with subprocess.Popen(
        [*CHILD, *arguments], cwd=ROOT, stdout=subprocess.PIPE, env={**os.environ, **environment}
    ) as child:
        assert child.stdout is not None
        for _ in range(lines):
            owner, number = child.stdout.readline().split()
            last[owner.decode()] = int(number)
        child.kill()
        for line in child.stdout.read().splitlines():
            owner, number = line.split()
            last[owner.decode()] = int(number)
    return last


async def kept(path: Path) -> dict[str, list[int]]:
    """The numbers on the log by owner, in order; the file is checked first."""
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    numbers: dict[str, list[int]] = defaultdict(list)
    async with SqliteLog.open(path, partitions=3) as log:
        lag = await log.lag("verifier")
        left = sum(each.events for each in lag.values())
        async with log.reader("verifier", ["shopify.orders"], "test") as reader:
            while left:
                for event in (await reader.poll(500, 1.0)).events:
                    numbers[event.headers["owner"]].append(int(event.value))
                    left -= 1
    return numbers


def assert_nothing_lost(last: Mapping[str, int], numbers: Mapping[str, list[int]]) -> None:
    for owner, number in last.items():
        assert numbers[owner] == list(range(len(numbers[owner])))
        assert len(numbers[owner]) > number


async def test_a_process_killed_at_any_moment_loses_nothing_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    last: dict[str, int] = {}
    for run in range(5):
        lines = random.Random(run).randrange(1, 1500)
        last |= acknowledged(["append", str(path), str(run)], lines, {})

    assert_nothing_lost(last, await kept(path))


@pytest.fixture(scope="session")
def shadow_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None or not sys.platform.startswith("linux"):
        missing = "NOT TESTED: lost writes after a power cut need Linux and a C compiler (gcc)"
        assert os.environ.get("CI") != "true", missing
        os.write(2, f"\n{missing}\n".encode())
        pytest.skip(missing)
    library = tmp_path_factory.mktemp("shadow") / "fsync_shadow.so"
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-O2", "-o", library, SHADOW, "-lpthread"], check=True
    )
    return library


@pytest.mark.parametrize("seed", range(4))
async def test_writes_that_were_never_synced_are_not_acknowledged(
    tmp_path: Path, shadow_library: Path, seed: int
) -> None:
    shadow = tmp_path / "shadow"
    shadow.mkdir()
    lines = random.Random(seed).randrange(1, 4000)

    last = acknowledged(
        ["append", str(tmp_path / "log.db"), str(seed)],
        lines,
        {"LD_PRELOAD": str(shadow_library), "SHADOW_DIR": str(shadow)},
    )

    assert_nothing_lost(last, await kept(shadow / "log.db"))


def test_the_shadow_lacks_what_was_committed_without_a_sync(
    tmp_path: Path, shadow_library: Path
) -> None:
    shadow = tmp_path / "shadow"
    shadow.mkdir()

    last = acknowledged(
        ["unsynced", str(tmp_path / "plain.db")],
        1_000,
        {"LD_PRELOAD": str(shadow_library), "SHADOW_DIR": str(shadow)},
    )

    assert last == {"plain": 999}
    kept_rows = 0
    if (shadow / "plain.db").exists():
        with closing(sqlite3.connect(shadow / "plain.db")) as file:
            if file.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                kept_rows = file.execute("SELECT count(*) FROM events").fetchone()[0]
    assert kept_rows < 1_000
