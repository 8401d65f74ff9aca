"""Half a minute of random faults on each pair of engines; ``make chaos`` does hours of it."""

from __future__ import annotations

import json

import pytest

from tests.chaos.plan import Engines, plan_of
from tests.chaos.running import lived
from tests.support.kafka.shared import need_a_broker

_SECONDS = 30.0
_SEED = 7


@pytest.mark.slow
@pytest.mark.xdist_group("many processes")
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("engines", [Engines.SQLITE, Engines.KAFKA])
async def test_nothing_is_lost_doubled_or_older_whatever_dies(
    engines: Engines, request: pytest.FixtureRequest
) -> None:
    if engines is Engines.KAFKA:
        need_a_broker()
        request.getfixturevalue("postgres")

    report = await lived(plan_of(engines, _SEED, _SECONDS), print)

    assert sum(report.acts.values()) >= _SECONDS / 10
    assert report.changes > 0
    assert report.calls > 0
    assert not report.violations, json.dumps(report.violations, indent=1, default=str)
