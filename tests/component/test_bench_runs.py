"""That the benchmark measures at all; what it finds is no test's business."""

import json
import subprocess
import sys
from pathlib import Path


def test_one_small_pair_is_measured_beside_its_floor_and_published(tmp_path: Path) -> None:
    published = tmp_path / "bench.json"
    parts = ("simulator", "log", "ingest", "deciding")
    command = [sys.executable, "-m", "tests.bench", *parts, "--tiny", "--output", str(published)]

    said = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True).stdout

    report = json.loads(published.read_text())
    assert [len(report[name]["pairs"]) for name in ("log", "ingest")] == [1, 1]
    assert report["ingest"]["pairs"][0]["product"]["failed"] == 0
    assert report["ingest"]["generator"] in ("wrk", "python")
    assert {line["part"] for line in report["table"]} == set(parts)
    assert all(f" {name} " in said for name in parts)
    assert report["machine"]["cores"]
