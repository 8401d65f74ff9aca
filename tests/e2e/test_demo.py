import json
import os
import subprocess
import sys

import pytest


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_two_stores_fill_hubspot_and_live_changes_arrive_exactly_as_they_must() -> None:
    command = [sys.executable, "-m", "services.cli", "demo", "--once", "--json"]

    ended = subprocess.run(
        command, capture_output=True, text=True, env=os.environ, timeout=230, check=False
    )

    assert ended.stdout, ended.stderr[-2000:]
    verdict = json.loads(ended.stdout)
    assert verdict["differences"] == 0, verdict["examples"]
    assert verdict["compared"]["orders"] >= 800
    assert ended.returncode == 0
