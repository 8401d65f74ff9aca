"""The product on Kafka and PostgreSQL, its processes and the servers killed at random meanwhile."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.support.kafka.shared import need_a_broker


@pytest.mark.slow
@pytest.mark.xdist_group("many processes")
@pytest.mark.timeout(1200)
@pytest.mark.usefixtures("postgres")
def test_many_processes_killed_at_random_leave_hubspot_exactly_as_it_must_be() -> None:
    need_a_broker()
    command = [sys.executable, "-m", "tests.cluster", "--once", "--json", "--seconds", "20"]

    ended = subprocess.run(
        command, capture_output=True, text=True, env=os.environ, timeout=1190, check=False
    )

    assert ended.stdout, ended.stderr[-2000:]
    verdict = json.loads(ended.stdout)
    assert verdict["differences"] == 0, verdict["examples"]
    assert verdict["compared"]["orders"] >= 800
    assert sum(verdict["kills"].values()) >= 2
    assert ended.returncode == 0
