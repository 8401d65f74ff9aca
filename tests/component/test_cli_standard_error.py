"""What stands on standard error is the product's own, whatever its libraries would say there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

NOBODY = "kafka://127.0.0.1:1"


@pytest.mark.timeout(60)
def test_a_broker_that_is_away_is_said_once_and_not_by_the_client_s_own_lines(
    tmp_path: Path,
) -> None:
    # A process of its own: logging is a process's, and pytest has taken this one's.
    ended = subprocess.run(
        [sys.executable, "-m", "services.cli", "topics"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "SHOPSYNC_LOG_URL": NOBODY},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert ended.returncode == 3
    assert "Unable connect" not in ended.stderr
    (said,) = ended.stderr.splitlines()
    assert "Kafka" in said
    assert "SHOPSYNC_LOG_URL" in said
