"""Half a minute of syncers and a reconciler that come and go; ``make churn`` has ten minutes."""

from __future__ import annotations

import pytest

from services.shared.hubspot.pacing import JITTER_SECONDS
from tests.churn.churning import churned
from tests.support.kafka.shared import need_a_broker

_SECONDS = 30.0
# A small quota is used up by what little two busy cores get done.
_LIMIT = 30


@pytest.mark.slow
@pytest.mark.xdist_group("many processes")
@pytest.mark.timeout(1200)
@pytest.mark.usefixtures("postgres")
async def test_no_call_is_refused_whoever_joins_leaves_or_dies() -> None:
    need_a_broker()

    report = await churned(3, _SECONDS, _LIMIT, print)

    # Where the simulator itself stood still it counts calls for later than they were sent.
    assert report.refused == 0 or report.longest_pause > JITTER_SECONDS, report
    assert report.calls >= _LIMIT / 2, report
    assert sum(report.deeds.values()) >= 2, report
    assert not report.deaths
