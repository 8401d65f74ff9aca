"""Claim, write, settle: what two syncers make of one record, however their steps fall.

Explored exhaustively up to the bounds that stand beside each story: ``switches`` is how often one
is left standing while the other goes on, besides deaths and one long stall of everybody.
"""

from collections.abc import Callable

import pytest

from tests.models.claiming import Exploration
from tests.models.exploring import every_path
from tests.models.stepping import Bounds
from tests.models.stories import STORIES, Tale
from tests.models.syncing import beginning

# What two syncers can do to each other shows within these; `make explore` goes further.
BOUNDS = {
    "side by side": Bounds(switches=2),
    "one dies": Bounds(switches=0, deaths=1),
    "all stall": Bounds(switches=0, stalls=1),
}


@pytest.mark.parametrize("bounds", BOUNDS.values(), ids=BOUNDS)
@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_two_syncers_end_in_what_one_would_have_shown(
    story: Callable[[], Tale], bounds: Bounds
) -> None:
    explored = Exploration(beginning(), story(), bounds)

    assert sum(1 for _ in every_path(explored.run)) > 1
