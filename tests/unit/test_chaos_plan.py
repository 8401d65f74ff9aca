from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.chaos.plan import DEEDS, Engines, plan_of

ENGINES = st.sampled_from(Engines)
SEEDS = st.integers(min_value=0, max_value=10**6)


@given(ENGINES, SEEDS)
def test_something_goes_wrong_at_least_every_ten_seconds(engines: Engines, seed: int) -> None:
    moments = [0.0, *(each.at for each in plan_of(engines, seed, 300).acts), 300.0]

    assert all(after - before <= 10 for before, after in pairwise(moments))


@given(ENGINES, SEEDS)
def test_no_kind_of_deed_is_much_rarer_than_another(engines: Engines, seed: int) -> None:
    counts = Counter(each.deed for each in plan_of(engines, seed, 600).acts)

    assert set(counts) == set(DEEDS[engines])
    assert max(counts.values()) - min(counts.values()) <= 1


@pytest.mark.parametrize("engines", Engines)
def test_a_seed_gives_the_same_plan_again_and_another_seed_another(engines: Engines) -> None:
    assert plan_of(engines, 5, 120) == plan_of(engines, 5, 120)
    assert plan_of(engines, 5, 120) != plan_of(engines, 6, 120)
